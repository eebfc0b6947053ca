-- Answers to POSTs that came with an Idempotency-Key. A row commits together with what the POST wrote, so that a key
-- stands here exactly when its work is done; while it is being done, the transaction holds an advisory lock.
create table idempotency_key (
    -- Who sent it: organisation and user, a machine, or for the public form the address; keys of others do not meet it.
    caller       text        not null,
    key          text        not null check (char_length(key) between 1 and 255),
    -- SHA-256 of method, path and body, in hexadecimal digits.
    request_hash text        not null check (request_hash ~ '^[0-9a-f]{64}$'),
    status       int         not null,
    location     text,
    etag         text,
    -- Text, because jsonb would reorder the keys: what is answered again is what was answered.
    body         text        not null,
    created_at   timestamptz not null default now(),
    primary key (caller, key)
);
-- For the clean-up.
create index idempotency_key_by_age on idempotency_key (created_at);
