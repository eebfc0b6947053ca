-- A session is one login: the family of the refresh tokens that followed from it. Its id is the claim "sid".
create table session (
    org_id      uuid        not null,
    id          uuid        not null,
    member_id   uuid        not null,
    created_at  timestamptz not null default now(),
    expires_at  timestamptz not null,
    revoked_at  timestamptz,
    primary key (org_id, id),
    foreign key (org_id, member_id) references member (org_id, id) on delete cascade
);
create index session_by_member on session (org_id, member_id) where revoked_at is null;
-- For the clean-up.
create index session_by_expiry on session (expires_at);

-- Only the SHA-256 of a token is kept: who reads this table can use none. Used tokens stay as long as their session,
-- so that a stolen one that is used a second time gives itself away.
create table refresh_token (
    hash       bytea primary key check (octet_length(hash) = 32),
    org_id     uuid        not null,
    session_id uuid        not null,
    created_at timestamptz not null default now(),
    used_at    timestamptz,
    foreign key (org_id, session_id) references session (org_id, id) on delete cascade
);
create index refresh_token_by_session on refresh_token (org_id, session_id);
