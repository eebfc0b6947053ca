-- Chats, calls and notifications, and the trail of who changed what.

-- A UUIDv7 as the service makes them, for rows that other programs write; PostgreSQL has its own only from 18 on.
create function new_id() returns uuid language sql volatile as $$
    select encode(
        set_bit(set_bit(
            overlay(uuid_send(gen_random_uuid())
                placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3)
                from 1 for 6),
            52, 1), 53, 1), 'hex')::uuid
$$;

-- Written in the transaction of the change, and never changed. The id is that of the change's event where it has one; it
-- is a UUIDv7, so that the key is also the order in time. No foreign key to the record or the actor: it outlives both.
create table audit_entry (
    org_id        uuid        not null references organization (id),
    id            uuid        not null,
    at            timestamptz not null default clock_timestamp(),
    -- Null for what the service does by itself and for the public application form.
    actor_id      text,
    actor_name    text,
    action        text        not null,
    resource_type text        not null,
    resource_id   uuid        not null,
    request_id    text,
    primary key (org_id, id)
);

create table chat (
    org_id     uuid        not null references organization (id),
    id         uuid        not null,
    title      text        not null check (char_length(title) between 1 and 200),
    entity_id  uuid,
    owner_id   uuid        not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    version    bigint      not null default 1,
    primary key (org_id, id),
    -- So that another program's message needs to name the chat only.
    constraint chat_id unique (id),
    foreign key (org_id, entity_id) references entity (org_id, id),
    foreign key (org_id, owner_id) references member (org_id, id)
);
create index chat_by_age on chat (org_id, created_at, id);
create index chat_by_entity on chat (org_id, entity_id) where entity_id is not null;

-- Any program may insert here; the trigger below fills in what it leaves out. Needed: chat_id, text, and either author_id
-- (a member) or author_name (a bot that is none).
create table chat_message (
    org_id      uuid        not null,
    id          uuid        not null,
    chat_id     uuid        not null,
    author_id   uuid,
    -- As the author was called when the message was written.
    author_name text        not null check (char_length(author_name) between 1 and 200),
    text        text        not null check (char_length(text) <= 8000 and text ~ '\S'),
    created_at  timestamptz not null,
    primary key (org_id, id),
    foreign key (org_id, chat_id) references chat (org_id, id),
    foreign key (org_id, author_id) references member (org_id, id),
    -- The service refuses the same characters.
    check (text !~ '[\u0001-\u0008\u000b\u000c\u000e-\u001f\u007f]'),
    check (author_name !~ '[\u0001-\u001f\u007f]')
);
create index chat_message_by_age on chat_message (org_id, chat_id, created_at, id);

create function complete_chat_message() returns trigger language plpgsql
    security definer set search_path = api, pg_temp as $$
begin
    new.id := coalesce(new.id, new_id());
    new.org_id := coalesce(new.org_id, (select org_id from chat where id = new.chat_id));
    new.author_name := coalesce(
        new.author_name, (select name from member where org_id = new.org_id and id = new.author_id));
    new.created_at := coalesce(new.created_at, clock_timestamp());
    return new;
end $$;

create trigger complete before insert on chat_message for each row execute function complete_chat_message();

-- A JSON string whose bytes are inert inside HTML, as the services write them (Json.text).
create function inert_json(value text) returns text language sql immutable as $$
    select replace(replace(replace(replace(replace(replace(to_json(value)::text,
        '<', '\u003C'), '>', '\u003E'), '&', '\u0026'), '''', '\u0027'), chr(8232), '\u2028'), chr(8233), '\u2029')
$$;

-- Whoever writes a message: its event commits with it. The writer needs no right on the outbox (security definer). The
-- settings are those that the service makes for the transaction of a request; others have none.
create function publish_chat_message() returns trigger language plpgsql
    security definer set search_path = api, pg_temp as $$
declare
    event_id uuid := new_id();
    trace    text := current_setting('bellhop.traceparent', true);
    request  text := nullif(current_setting('bellhop.request_id', true), '');
begin
    insert into outbox (event_id, org_id, type, rooms, payload, traceparent)
    values (
        event_id, new.org_id, 'chat.message', '{org}',
        -- The record ChatEvent.Message, byte for byte.
        '{"id":"' || new.id || '","chat_id":"' || new.chat_id
            || '","author_id":' || coalesce('"' || new.author_id || '"', 'null')
            || ',"author_name":' || inert_json(new.author_name)
            || ',"text":' || inert_json(new.text)
            || ',"created_at":"' || to_char(new.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"}',
        case when trace ~ '^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$' then trace end);
    insert into audit_entry (org_id, id, actor_id, actor_name, action, resource_type, resource_id, request_id)
    values (new.org_id, event_id, new.author_id, new.author_name, 'chat.message', 'chat_message', new.id, request);
    return null;
end $$;

create trigger publish after insert on chat_message for each row execute function publish_chat_message();

create table call (
    org_id        uuid        not null references organization (id),
    id            uuid        not null,
    -- Null once the entity is deleted.
    entity_id     uuid,
    owner_id      uuid        not null,
    status        text        not null default 'processing' check (status in ('processing', 'ready', 'failed')),
    started_at    timestamptz not null,
    duration_s    int check (duration_s >= 0),
    recording_url text check (char_length(recording_url) <= 2000),
    summary       text check (char_length(summary) <= 4000),
    created_at    timestamptz not null,
    updated_at    timestamptz not null,
    version       bigint      not null default 1,
    primary key (org_id, id),
    foreign key (org_id, entity_id) references entity (org_id, id),
    foreign key (org_id, owner_id) references member (org_id, id)
);
create index call_by_age on call (org_id, created_at, id);
create index call_by_entity on call (org_id, entity_id) where entity_id is not null;

-- To one user, to a role, or to everybody; kept for those who were away.
create table notification (
    org_id      uuid        not null references organization (id),
    id          uuid        not null,
    user_id     uuid,
    target_role text check (target_role in ('ADMIN', 'HR', 'MANAGER', 'MEMBER')),
    title       text check (char_length(title) <= 200),
    message     text        not null check (char_length(message) between 1 and 4000),
    severity    text        not null check (severity in ('info', 'warning', 'critical')),
    kind        text check (kind in ('maintenance', 'alert')),
    sender_id   uuid        not null,
    created_at  timestamptz not null,
    primary key (org_id, id),
    foreign key (org_id, user_id) references member (org_id, id),
    foreign key (org_id, sender_id) references member (org_id, id),
    check (user_id is null or (target_role is null and kind is null))
);
create index notification_by_age on notification (org_id, created_at, id);
-- For the clean-up.
create index notification_by_expiry on notification (created_at);

create table notification_read (
    org_id          uuid        not null,
    notification_id uuid        not null,
    user_id         uuid        not null,
    read_at         timestamptz not null,
    primary key (org_id, notification_id, user_id),
    foreign key (org_id, notification_id) references notification (org_id, id) on delete cascade,
    foreign key (org_id, user_id) references member (org_id, id)
);
