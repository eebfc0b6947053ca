package dev.bellhop.api.outbox;

import dev.bellhop.api.store.Direct;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/**
 * Numbers committed events, organisation by organisation without a gap, and claims the organisations for its relay where no
 * other one sends for them. Any number of processes may do so at once: who comes second to a row waits for the lock of who
 * came first, and finds that it has its number.
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
                     where org_seq is null order by id limit %2$d for update),
                 b as materialized (
                     select id, org_id, sum(bytes) over (order by id) <= %3$d as whole from waiting),
                 n as (select org_id, count(*) as c, bool_and(whole) as whole from b group by org_id),
                 s as (insert into outbox_stream as stream (org_id, last_seq, claimed_by, claimed_until)
                       select org_id, c, ?, now() + ? from n order by org_id
                       on conflict (org_id) do update set
                           last_seq = stream.last_seq + excluded.last_seq,
                           claimed_by = case when stream.claimed_until < now() then excluded.claimed_by
                                             else stream.claimed_by end,
                           claimed_until = case when stream.claimed_until < now() or stream.claimed_by = excluded.claimed_by
                                                then excluded.claimed_until else stream.claimed_until end
                       returning org_id, last_seq, claimed_by),
                 r as (select b.id, n.whole and s.claimed_by = ? as ready,
                              s.last_seq - n.c + row_number() over (partition by b.org_id order by b.id) as seq
                       from b join n using (org_id) join s using (org_id))
            update outbox o set org_seq = r.seq from r where o.id = r.id
            returning o.id, o.org_id, o.org_seq, o.event_id, o.type, o.rooms, case when r.ready then o.payload end as payload,
                      o.occurred_at, o.traceparent, false as tombstone, r.ready""".formatted(OutboxStore.ENVELOPE_BYTES, LIMIT, OutboxStore.MAX_BATCH_BYTES);

    private final Jdbi jdbi;
    private final UUID relay;

    /** @param relay for which organisations are claimed */
    Sequencer(Jdbi jdbi, UUID relay) {
        this.jdbi = jdbi;
        this.relay = relay;
    }

    /**
     * @param numbered how many events got their number, at most {@link #LIMIT}
     * @param ready of each organisation with one, the events in order; none where another relay sends for it, or where they
     *     are more than one batch holds
     */
    record Run(int numbered, Map<UUID, List<Batch.Row>> ready) {}

    Run run() {
        return jdbi.withHandle(handle -> number(handle, relay));
    }

    private static Run number(Handle handle, UUID relay) {
        return Direct.with(handle, connection -> number(connection, relay, STATEMENT));
    }

    static Run number(Connection connection, UUID relay, String sql) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setObject(1, relay);
            statement.setObject(2, OutboxStore.claimTime());
            statement.setObject(3, relay);
            int numbered = 0;
            Map<UUID, List<Batch.Row>> ready = new HashMap<>();
            try (ResultSet results = statement.executeQuery()) {
                while (results.next()) {
                    numbered++;
                    List<Batch.Row> rows =
                            ready.computeIfAbsent(results.getObject("org_id", UUID.class), none -> new ArrayList<>());
                    if (results.getBoolean("ready")) {
                        rows.add(OutboxStore.row(results));
                    }
                }
            }
            ready.values().forEach(rows -> rows.sort(Comparator.comparingLong(Batch.Row::seq)));
            return new Run(numbered, ready);
        }
    }
}
