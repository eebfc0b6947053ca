-- Several nodes: the spans that have not ended, of nodes that live, are who is connected.

-- What the other nodes tell of a connection; null in the rows of nodes of an older version.
alter table span add column name text;
alter table span add column address text;
alter table span add column connected_at timestamptz;

create index span_open on span (org_id, node) where ended_at is null;

-- It ended in an orderly way: nobody waits for its lease to run out.
alter table node add column stopped boolean not null default false;
-- Events handed to connections since its start.
alter table node add column deliveries bigint not null default 0;
