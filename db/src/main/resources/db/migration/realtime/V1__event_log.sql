-- The log of each organisation, as protocol.md section 1 has it: positions 1, 2, 3 … without a hole, an epoch, and rooms as
-- filters over it. The realtime service owns this schema; nothing else writes to it.

-- One row an organisation: where its log stands. Appending locks this row, so positions are given out in commit order.
create table stream (
    org_id            uuid primary key,
    epoch             text   not null,
    head              bigint not null default 0,
    -- Of the event id at head and at floor (0 where there is none), to tell this log from a refilled one.
    head_fingerprint  int    not null default 0,
    -- Position of the newest event that retention took away; events floor+1 … head are here.
    floor             bigint not null default 0,
    floor_fingerprint int    not null default 0,
    check (floor between 0 and head)
) with (fillfactor = 50); -- updated with every append: leave room for in-page (HOT) updates

create table event (
    org_id      uuid        not null references stream,
    position    bigint      not null check (position > 0),
    event_id    uuid        not null,
    type        text        not null,
    rooms       text[]      not null,
    -- Exactly the bytes that go out; jsonb would reorder keys.
    payload     text        not null,
    occurred_at timestamptz not null,
    appended_at timestamptz not null default clock_timestamp(),
    traceparent text,
    -- Which producer said it, under which number of its own; both null for a producer that does not number.
    source      text,
    source_seq  bigint,
    primary key (org_id, position),
    constraint event_once unique (org_id, event_id)
);

-- A producer's number stands for one event; also how a repeated batch is compared with what was taken before.
create unique index event_number on event (org_id, source, source_seq) where source is not null;

-- Control events say whose tokens no longer count; every node reads the recent ones when it opens an organisation's stream.
create index event_control on event (org_id, position) where type ~ '^(member|session|organization)[.]';

-- Rows come and go at the rate of the events: keep the statistics and the visibility map fresh.
alter table event set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05);

-- The fence: the last number taken from each producer that numbers its events.
create table producer (
    org_id   uuid   not null references stream,
    source   text   not null,
    last_seq bigint not null,
    primary key (org_id, source)
) with (fillfactor = 50);
