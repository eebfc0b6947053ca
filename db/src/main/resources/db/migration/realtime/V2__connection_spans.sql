-- Which connection was in which rooms from which position of the log to which: what /ws/explain derives its answer from.
-- One row for each connection, and one more for each change of its rooms; nothing is written for a delivery.

create table span (
    id            uuid primary key,
    org_id        uuid        not null,
    connection_id uuid        not null,
    user_id       text        not null,
    transport     text        not null,
    -- Rights at that time, to tell "might not" from "did not want to".
    role          text        not null,
    properties    text[]      not null,
    departments   text[]      not null,
    rooms         text[]      not null,
    -- It was owed the events after from_position, up to to_position; null while it lasts.
    from_position bigint      not null,
    to_position   bigint,
    -- It came with a cursor and was given what it had missed.
    resumed       boolean     not null,
    started_at    timestamptz not null,
    ended_at      timestamptz,
    -- Reason of the close, peer, or rooms_changed; null while it lasts.
    ended_by      text
) with (fillfactor = 80); -- closed once

create index span_of_user on span (org_id, user_id, started_at);
create index span_by_age on span (started_at);
