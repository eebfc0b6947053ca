-- When a node was last known to live. One that is killed cannot end its spans: they end when it did.

create table node (
    id       uuid primary key,
    alive_at timestamptz not null
) with (fillfactor = 50); -- renewed every second

-- Who recorded the span; null for those from before.
alter table span add column node uuid;
