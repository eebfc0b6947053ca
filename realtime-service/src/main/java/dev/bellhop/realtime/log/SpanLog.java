package dev.bellhop.realtime.log;

import dev.bellhop.model.wire.RoomName;
import dev.bellhop.model.wire.Timestamps;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Spans in PostgreSQL, written behind in batches: they answer questions and promise nothing, so nobody waits for them, and
 * while the database is away only a bounded number is kept. The spans of a node that was killed end when it
 * last renewed its lease, which it does every second. Thread-safe.
 */
public final class SpanLog {
    private static final int MAX_WAITING = 100_000;
    private static final int BATCH = 1000;
    private static final Duration RENEW_EVERY = Duration.ofSeconds(1);
    /** A node that was not heard of for so long is gone. */
    private static final Duration LEASE = Duration.ofSeconds(5);

    private static final Logger log = LoggerFactory.getLogger(SpanLog.class);

    private final Jdbi jdbi;
    private final Counter dropped;
    private final ConcurrentLinkedQueue<Span> begun = new ConcurrentLinkedQueue<>();
    private final ConcurrentLinkedQueue<Span.End> ended = new ConcurrentLinkedQueue<>();
    private final AtomicInteger waiting = new AtomicInteger();
    private final UUID node = UUID.randomUUID();
    /** {@link System#nanoTime} of the last renewal. Guarded by this. */
    private long renewedAt = System.nanoTime() - RENEW_EVERY.toNanos();

    public SpanLog(Jdbi jdbi, MeterRegistry meters) {
        this.jdbi = jdbi;
        this.dropped = Counter.builder("bellhop.spans.dropped")
                .description("Spans that could not be written; /ws/explain does not know of them")
                .register(meters);
    }

    public void begin(Span span) {
        if (isRoom()) {
            begun.add(span);
        }
    }

    public void end(Span.End end) {
        if (isRoom()) {
            ended.add(end);
        }
    }

    private boolean isRoom() {
        if (waiting.incrementAndGet() <= MAX_WAITING) {
            return true;
        }
        waiting.decrementAndGet();
        dropped.increment();
        return false;
    }

    /** Writes what waits. Blocks on the database; one call at a time. */
    public synchronized void flush() {
        renewLease();
        // Ends first: the beginning of each was queued before it, so it is written by now or is in the list taken next.
        List<Span.End> ends = take(ended);
        List<Span> spans = take(begun);
        if (ends.isEmpty() && spans.isEmpty()) {
            return;
        }
        waiting.addAndGet(-ends.size() - spans.size());
        try {
            jdbi.useTransaction(tx -> {
                batches(spans).forEach(batch -> insert(tx, node, batch));
                batches(ends).forEach(batch -> close(tx, batch));
            });
        } catch (RuntimeException failure) {
            dropped.increment(ends.size() + (double) spans.size());
            log.warn("spans were not written count={} cause={}", ends.size() + spans.size(), failure.toString());
        }
    }

    private void renewLease() {
        long now = System.nanoTime();
        if (now - renewedAt < RENEW_EVERY.toNanos()) {
            return;
        }
        try {
            jdbi.useHandle(handle -> handle.createUpdate("""
                            insert into realtime.node (id, alive_at) values (:node, clock_timestamp())
                            on conflict (id) do update set alive_at = excluded.alive_at""").bind("node", node).execute());
            renewedAt = now;
        } catch (RuntimeException failure) {
            log.warn("the lease of this node was not renewed cause={}", failure.toString());
        }
    }

    private static <T> List<T> take(ConcurrentLinkedQueue<T> queue) {
        List<T> all = new ArrayList<>();
        for (T next = queue.poll(); next != null; next = queue.poll()) {
            all.add(next);
        }
        return all;
    }

    private static <T> List<List<T>> batches(List<T> rows) {
        List<List<T>> batches = new ArrayList<>();
        for (int from = 0; from < rows.size(); from += BATCH) {
            batches.add(rows.subList(from, Math.min(rows.size(), from + BATCH)));
        }
        return batches;
    }

    private static void insert(Handle tx, UUID node, List<Span> spans) {
        tx.createUpdate("""
                        insert into realtime.span
                            (id, org_id, connection_id, user_id, transport, role, properties, departments, rooms,
                             from_position, resumed, started_at, node)
                        select id, org_id, connection_id, user_id, transport, role, string_to_array(properties, ' '),
                               string_to_array(departments, ' '), string_to_array(rooms, ' '), from_position, resumed,
                               cast(started_at as timestamptz), :node
                        from unnest(:ids, :orgs, :connections, :users, :transports, :roles, :properties, :departments,
                                    :rooms, :positions, :resumed, :times)
                            as row (id, org_id, connection_id, user_id, transport, role, properties, departments, rooms,
                                    from_position, resumed, started_at)""")
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

    /**
     * A span as it was stored; the last three are empty while it lasts. Of one whose node was killed it is known when the
     * node was last alive, and not up to which position it came.
     */
    public record Stored(
            UUID connectionId,
            String role,
            List<String> properties,
            List<String> departments,
            List<String> rooms,
            long fromPosition,
            boolean resumed,
            Instant startedAt,
            Optional<Long> toPosition,
            Optional<Instant> endedAt,
            Optional<String> endedBy) {}

    /** The spans of a user in the time that is kept, oldest first. */
    public List<Stored> of(UUID orgId, String userId) {
        flush();
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

    /** Removes at most a batch of spans that began longer ago and have ended. @return how many */
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
