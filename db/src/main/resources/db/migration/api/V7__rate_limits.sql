-- What was used of a limit, for all instances together. Unlogged: it costs no write-ahead log and no wait for the disk, and
-- after a crash or on a promoted standby counting begins anew, which harms nobody.
create unlogged table rate_limit (
    policy  text        not null,
    -- SHA-256 of whom it is about: an account with an address, an address, an organisation.
    key     bytea       not null,
    -- May be more than the limit: what was refused is counted too.
    used    bigint      not null,
    ends_at timestamptz not null,
    primary key (policy, key)
) with (fillfactor = 50); -- updated in place

alter table rate_limit set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);
