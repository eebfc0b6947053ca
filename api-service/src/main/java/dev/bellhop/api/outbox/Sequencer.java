package dev.bellhop.api.outbox;

import dev.bellhop.api.store.Direct;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/**
 * Numbers committed events, organisation by organisation without a gap, and claims the organisations for its relay where no
 * other one sends for them and this one is free to. Any number of processes may do so at once: who comes second to a row waits
 * for the lock of who came first, and finds that it has its number. For one thread.
 */
final class Sequencer {
    /** Most events numbered at once. */
    static final int LIMIT = 500;

    /**
     * One round trip and one commit, since every event waits for it. A row is looked at again once its lock is held, so no
     * number of another relay is overwritten; and every relay locks rows, then streams, each in one order.
     */
    static final String STATEMENT = """
            with waiting as (
                     select id, org_id, octet_length(payload) + %1$d as bytes from outbox
                     where org_seq is null and id > ? order by id limit %2$d for update),
                 b as materialized (
                     select id, org_id, sum(bytes) over (order by id) <= %3$d as whole from waiting),
                 n as (select org_id, count(*) as c, bool_and(whole) as whole, org_id = any (?) as engaged from b group by org_id),
                 s as (insert into outbox_stream as stream (org_id, last_seq, claimed_by, claimed_until)
                       select org_id, c, case when not engaged then ?::uuid end, now() + ? from n order by org_id
                       on conflict (org_id) do update set
                           last_seq = stream.last_seq + excluded.last_seq,
                           claimed_by = case when excluded.claimed_by is not null and stream.claimed_until < now()
                                             then excluded.claimed_by else stream.claimed_by end,
                           claimed_until = case when excluded.claimed_by is not null and (
                                                    stream.claimed_until < now() or stream.claimed_by = excluded.claimed_by)
                                                then excluded.claimed_until else stream.claimed_until end
                       returning org_id, last_seq, claimed_by),
                 r as (select b.id, n.whole and not n.engaged and s.claimed_by = ? as ready,
                              s.last_seq - n.c + row_number() over (partition by b.org_id order by b.id) as seq
                       from b join n using (org_id) join s using (org_id))
            update outbox o set org_seq = r.seq from r where o.id = r.id
            returning o.id, o.org_id, o.org_seq, o.event_id, o.type, o.rooms, case when r.ready then o.payload end as payload,
                      o.occurred_at, o.traceparent, false as tombstone, r.ready,
                      (select pg_current_xact_id()::text::bigint) as transaction,
                      (select pg_snapshot_xmin(pg_current_snapshot())::text::bigint) as oldest_under_way""".formatted(OutboxStore.ENVELOPE_BYTES, LIMIT, OutboxStore.MAX_BATCH_BYTES);

    /** How often all is looked through. */
    private static final Duration WHOLE_LOOK = Duration.ofSeconds(5);

    private final Jdbi jdbi;
    private final UUID relay;
    private final Set<UUID> engaged;

    /**
     * Up to this id every event has its number. What has left the index of those without stands in it until the next vacuum:
     * after a minute of many writes, a look from the beginning takes milliseconds.
     */
    private long floor;
    /** What the floor rises to next; null while there is nothing. */
    private Settling settling;

    private long nextWholeLook = System.nanoTime();

    /**
     * Ids that were handed out. A transaction that was given one of them had begun to write before, for it holds the lock of the
     * row of which the event speaks: when the oldest under way is younger than {@code transaction}, none of them is in doubt.
     */
    private record Settling(long highestId, long transaction) {}

    /**
     * @param relay for which organisations are claimed
     * @param engaged those for which the relay sends already, or waits until it tries again; they are not claimed. Thread-safe
     */
    Sequencer(Jdbi jdbi, UUID relay, Set<UUID> engaged) {
        this.jdbi = jdbi;
        this.relay = relay;
        this.engaged = engaged;
    }

    /**
     * For whom organisations are claimed.
     *
     * @param engaged the organisations that are not
     */
    record Claimant(UUID relay, List<UUID> engaged) {}

    /**
     * @param numbered how many events got their number, at most {@link #LIMIT}
     * @param ready of each organisation with one, the events in order; none where it was not claimed, or where they are more
     *     than one batch holds
     * @param highestId of those with new numbers; this and what follows says nothing when there are none
     * @param transaction that numbered them
     * @param oldestUnderWay transaction that had not ended when it began to look
     */
    record Run(int numbered, Map<UUID, List<Batch.Row>> ready, long highestId, long transaction, long oldestUnderWay) {}

    Run run() {
        if (System.nanoTime() - nextWholeLook >= 0) {
            // For programs that take an id before they write anything: nothing says when theirs is settled.
            forget();
            nextWholeLook = System.nanoTime() + WHOLE_LOOK.toNanos();
        }
        Run run = jdbi.withHandle(handle -> number(handle, new Claimant(relay, List.copyOf(engaged)), floor));
        if (run.numbered > 0) {
            raiseFloor(run);
        }
        return run;
    }

    /** Looks through all next: the database may be another one by now, restored from an older copy. */
    void forget() {
        floor = 0;
        settling = null;
    }

    private void raiseFloor(Run run) {
        if (settling != null && run.oldestUnderWay >= settling.transaction && run.numbered < LIMIT) {
            floor = settling.highestId;
            settling = null;
        }
        if (settling == null) {
            settling = new Settling(run.highestId, run.transaction);
        }
    }

    private static Run number(Handle handle, Claimant claimant, long after) {
        return Direct.with(handle, connection -> number(connection, claimant, after, STATEMENT));
    }

    static Run number(Connection connection, Claimant claimant, long after, String sql) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setLong(1, after);
            statement.setArray(
                    2, connection.createArrayOf("uuid", claimant.engaged().toArray()));
            statement.setObject(3, claimant.relay());
            statement.setObject(4, OutboxStore.claimTime());
            statement.setObject(5, claimant.relay());
            int numbered = 0;
            long highestId = 0;
            long transaction = 0;
            long oldestUnderWay = 0;
            Map<UUID, List<Batch.Row>> ready = new HashMap<>();
            try (ResultSet results = statement.executeQuery()) {
                while (results.next()) {
                    numbered++;
                    highestId = Math.max(highestId, results.getLong("id"));
                    transaction = results.getLong("transaction");
                    oldestUnderWay = results.getLong("oldest_under_way");
                    List<Batch.Row> rows =
                            ready.computeIfAbsent(results.getObject("org_id", UUID.class), none -> new ArrayList<>());
                    if (results.getBoolean("ready")) {
                        rows.add(OutboxStore.row(results));
                    }
                }
            }
            ready.values().forEach(rows -> rows.sort(Comparator.comparingLong(Batch.Row::seq)));
            return new Run(numbered, ready, highestId, transaction, oldestUnderWay);
        }
    }
}
