-- Events on their way to the realtime service. A row is written in the transaction of the change it speaks of, after
-- the changed row is locked, so that the ids of one record's events stand in the order of its changes. The relay later
-- numbers committed rows (org_seq), one organisation after the other without a gap, and sends them in that order.
create table outbox (
    -- Never handed out in advance to one connection (cache 1): a later change of a record must get a higher id.
    id              bigint generated always as identity (cache 1) primary key,
    -- The event's identity from here to the browser.
    event_id        uuid        not null,
    org_id          uuid        not null references organization (id),
    type            text        not null check (type ~ '^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$'),
    rooms           text[]      not null,
    -- Text, because jsonb would reorder the keys: what is sent is what was written, byte for byte.
    payload         text        not null,
    occurred_at     timestamptz not null default clock_timestamp(),
    traceparent     text,
    org_seq         bigint,
    sent_at         timestamptz,
    -- How often the receiver refused this very event.
    attempts        int         not null default 0,
    -- Set when the event could not be delivered: type, rooms, payload and event_id are then those of the tombstone that
    -- stands at its number, and these columns keep the original for whoever has to mend it.
    parked_at       timestamptz,
    parked_reason   text,
    parked_event_id uuid,
    parked_type     text,
    parked_rooms    text[],
    parked_payload  text,
    constraint outbox_event unique (event_id),
    constraint outbox_order unique (org_id, org_seq)
) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);
-- What the sequencer looks for; small, since a row leaves it within milliseconds.
create index outbox_unsequenced on outbox (id) where org_seq is null;
-- What the sender looks for, in its order.
create index outbox_unsent on outbox (org_id, org_seq) where sent_at is null and org_seq is not null;
-- What the clean-up looks for.
create index outbox_sent on outbox (sent_at) where sent_at is not null;
create index outbox_parked on outbox (parked_at) where parked_at is not null;

-- The last number given in each organisation. Updated with every batch: the free space keeps the updates on the page.
create table outbox_stream (
    org_id        uuid primary key references organization (id),
    last_seq      bigint not null,
    -- Which relay sends for this organisation at present, and until when others leave it alone. Saves double work only:
    -- two senders at once do no harm.
    claimed_by    uuid,
    claimed_until timestamptz not null default '-infinity'
) with (fillfactor = 50);
