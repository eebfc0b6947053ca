package dev.bellhop.realtime.log;

import dev.bellhop.model.wire.RoomName;
import dev.bellhop.model.wire.Timestamps;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/** Spans and leases in PostgreSQL, beside the log. */
final class PostgresSpans implements SpanStore {
    private static final int BATCH = 1000;

    private final Jdbi jdbi;

    PostgresSpans(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    @Override
    public List<Lease> renew(UUID node, long deliveries) {
        return jdbi.withHandle(handle -> handle.createQuery("""
                        with renewed as (
                            insert into realtime.node (id, alive_at, deliveries) values (:node, clock_timestamp(), :deliveries)
                            on conflict (id) do update set alive_at = excluded.alive_at, deliveries = excluded.deliveries)
                        select id, deliveries from realtime.node
                        where id <> :node and not stopped and alive_at > now() - make_interval(secs => :lease)""")
                .bind("node", node)
                .bind("deliveries", deliveries)
                .bind("lease", LEASE.toSeconds())
                .map((rs, ctx) -> new Lease(rs.getObject("id", UUID.class), rs.getLong("deliveries")))
                .list());
    }

    @Override
    public void giveUp(UUID node) {
        jdbi.useHandle(handle -> handle.createUpdate("update realtime.node set stopped = true where id = :node")
                .bind("node", node)
                .execute());
    }

    @Override
    public void write(UUID node, List<Span> begun, List<Span.End> ended) {
        jdbi.useTransaction(tx -> {
            batches(begun).forEach(batch -> insert(tx, node, batch));
            batches(ended).forEach(batch -> close(tx, batch));
        });
    }

    private static <T> List<List<T>> batches(List<T> rows) {
        List<List<T>> batches = new ArrayList<>();
        for (int from = 0; from < rows.size(); from += BATCH) {
            batches.add(rows.subList(from, Math.min(rows.size(), from + BATCH)));
        }
        return batches;
    }

    @Override
    public void endAllBut(UUID node, Set<UUID> open) {
        jdbi.useHandle(handle -> handle.createUpdate("""
                        update realtime.span set ended_at = clock_timestamp(), ended_by = 'unknown'
                        where node = :node and ended_at is null and not id = any(:open)""")
                .bind("node", node)
                .bindArray("open", UUID.class, open.toArray())
                .execute());
    }

    private static void insert(Handle tx, UUID node, List<Span> spans) {
        tx.createUpdate("""
                        insert into realtime.span
                            (id, org_id, connection_id, user_id, transport, role, properties, departments, rooms,
                             from_position, resumed, started_at, node, name, address, connected_at)
                        select id, org_id, connection_id, user_id, transport, role, string_to_array(properties, ' '),
                               string_to_array(departments, ' '), string_to_array(rooms, ' '), from_position, resumed,
                               cast(started_at as timestamptz), :node, name, address, cast(connected_at as timestamptz)
                        from unnest(:ids, :orgs, :connections, :users, :transports, :roles, :properties, :departments,
                                    :rooms, :positions, :resumed, :times, :names, :addresses, :connectedTimes)
                            as row (id, org_id, connection_id, user_id, transport, role, properties, departments, rooms,
                                    from_position, resumed, started_at, name, address, connected_at)""")
                .bind("node", node)
                .bindArray("ids", UUID.class, column(spans, Span::id))
                .bindArray("orgs", UUID.class, column(spans, Span::orgId))
                .bindArray("connections", UUID.class, column(spans, span -> UUID.fromString(span.connectionId())))
                .bindArray(
                        "users",
                        String.class,
                        column(spans, span -> span.principal().userId()))
                .bindArray("transports", String.class, column(spans, Span::transport))
                .bindArray(
                        "roles",
                        String.class,
                        column(spans, span -> span.principal().role().name()))
                .bindArray(
                        "properties",
                        String.class,
                        column(spans, span -> String.join(" ", span.principal().properties())))
                .bindArray(
                        "departments",
                        String.class,
                        column(spans, span -> String.join(" ", span.principal().departments())))
                .bindArray(
                        "rooms",
                        String.class,
                        column(
                                spans,
                                span -> String.join(
                                        " ",
                                        span.rooms().stream()
                                                .map(RoomName::toString)
                                                .toList())))
                .bindArray("positions", Long.class, column(spans, Span::fromPosition))
                .bindArray("resumed", Boolean.class, column(spans, Span::resumed))
                .bindArray("times", String.class, column(spans, span -> Timestamps.format(span.startedAt())))
                .bindArray("names", String.class, column(spans, Span::name))
                .bindArray("addresses", String.class, column(spans, Span::address))
                .bindArray("connectedTimes", String.class, column(spans, span -> Timestamps.format(span.connectedAt())))
                .execute();
    }

    private static void close(Handle tx, List<Span.End> ends) {
        tx.createUpdate("""
                        update realtime.span s
                        set to_position = row.to_position, ended_at = cast(row.ended_at as timestamptz), ended_by = row.ended_by
                        from unnest(:ids, :positions, :times, :reasons) as row (id, to_position, ended_at, ended_by)
                        where s.id = row.id""")
                .bindArray("ids", UUID.class, column(ends, Span.End::id))
                .bindArray("positions", Long.class, column(ends, Span.End::toPosition))
                .bindArray("times", String.class, column(ends, end -> Timestamps.format(end.endedAt())))
                .bindArray("reasons", String.class, column(ends, Span.End::endedBy))
                .execute();
    }

    private static <T> Object[] column(List<T> rows, Function<T, Object> value) {
        return rows.stream().map(value).toArray();
    }

    @Override
    public List<Open> open(UUID exceptOf, Optional<UUID> orgId) {
        return jdbi.withHandle(handle -> handle.createQuery("""
                        select s.org_id, s.connection_id, s.user_id, coalesce(s.name, s.user_id) as name, s.role, s.transport,
                               coalesce(s.address, '') as address, coalesce(s.connected_at, s.started_at) as connected_at,
                               s.rooms
                        from realtime.span s join realtime.node n on n.id = s.node
                        where s.ended_at is null and (cast(:org as uuid) is null or s.org_id = :org)
                          and n.id <> :except and not n.stopped and n.alive_at > now() - make_interval(secs => :lease)""")
                .bind("org", orgId.orElse(null))
                .bind("except", exceptOf)
                .bind("lease", LEASE.toSeconds())
                .map((rs, ctx) -> new Open(
                        rs.getObject("org_id", UUID.class),
                        rs.getString("connection_id"),
                        rs.getString("user_id"),
                        rs.getString("name"),
                        rs.getString("role"),
                        rs.getString("transport"),
                        rs.getString("address"),
                        rs.getObject("connected_at", OffsetDateTime.class).toInstant(),
                        Arrays.asList((String[]) rs.getArray("rooms").getArray())))
                .list());
    }

    @Override
    public List<Stored> of(UUID orgId, String userId) {
        return jdbi.withHandle(handle -> handle.createQuery("""
                        select s.connection_id, s.role, s.properties, s.departments, s.rooms, s.from_position, s.resumed,
                               s.started_at, s.to_position, coalesce(s.ended_at, lost.alive_at) as ended_at,
                               coalesce(s.ended_by, case when lost.id is not null then 'node_lost' end) as ended_by
                        from realtime.span s
                        left join realtime.node lost
                          on lost.id = s.node and lost.alive_at < now() - make_interval(secs => :lease)
                        where s.org_id = :org and s.user_id = :user order by s.started_at, s.from_position""")
                .bind("lease", LEASE.toSeconds())
                .bind("org", orgId)
                .bind("user", userId)
                .map((rs, ctx) -> new Stored(
                        rs.getObject("connection_id", UUID.class),
                        rs.getString("role"),
                        Arrays.asList((String[]) rs.getArray("properties").getArray()),
                        Arrays.asList((String[]) rs.getArray("departments").getArray()),
                        Arrays.asList((String[]) rs.getArray("rooms").getArray()),
                        rs.getLong("from_position"),
                        rs.getBoolean("resumed"),
                        rs.getObject("started_at", OffsetDateTime.class).toInstant(),
                        Optional.ofNullable(rs.getObject("to_position", Long.class)),
                        Optional.ofNullable(rs.getObject("ended_at", OffsetDateTime.class))
                                .map(OffsetDateTime::toInstant),
                        Optional.ofNullable(rs.getString("ended_by"))))
                .list());
    }

    @Override
    public int deleteOlderThan(Duration age) {
        jdbi.useHandle(handle -> handle.createUpdate(
                        "delete from realtime.node where alive_at < now() - make_interval(secs => :age)")
                .bind("age", age.toSeconds())
                .execute());
        return jdbi.withHandle(handle -> handle.createUpdate("""
                        delete from realtime.span where id in (
                            select id from realtime.span where started_at < now() - make_interval(secs => :age)
                              and coalesce(ended_at, started_at) < now() - make_interval(secs => :age)
                            order by started_at limit :batch)""")
                .bind("age", age.toSeconds())
                .bind("batch", BATCH)
                .execute());
    }
}
