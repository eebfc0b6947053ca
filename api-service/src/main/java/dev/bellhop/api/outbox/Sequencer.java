package dev.bellhop.api.outbox;

import dev.bellhop.api.store.Direct;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/**
 * Numbers committed events, organisation by organisation without a gap. Any number of processes may do so at once: the
 * lock is of the transaction that writes the numbers, so no process can believe that it holds it when it does not.
 */
final class Sequencer {
    /** Most events numbered in one transaction. */
    static final int LIMIT = 500;

    private static final long LOCK = 7301;

    /**
     * Two in one round trip. They are two because the second must take its snapshot after the lock is held, or it would not see
     * the rows that the holder before it has numbered.
     */
    static final String STATEMENTS = """
            select pg_advisory_xact_lock(%d);
            with b as materialized (
                     select id, org_id from outbox where org_seq is null order by id limit %d),
                 n as (select org_id, count(*) as c from b group by org_id),
                 s as (insert into outbox_stream (org_id, last_seq) select org_id, c from n
                       on conflict (org_id)
                       do update set last_seq = outbox_stream.last_seq + excluded.last_seq
                       returning org_id, last_seq),
                 r as (select b.id,
                              s.last_seq - n.c
                                  + row_number() over (partition by b.org_id order by b.id) as seq
                       from b join n using (org_id) join s using (org_id))
            update outbox o set org_seq = r.seq from r where o.id = r.id returning o.org_id""".formatted(LOCK, LIMIT);

    private final Jdbi jdbi;

    Sequencer(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    /** @param numbered how many events got their number, at most {@link #LIMIT} */
    record Run(int numbered, Set<UUID> organizations) {}

    Run run() {
        List<UUID> numbered = jdbi.inTransaction(Sequencer::number);
        return new Run(numbered.size(), new HashSet<>(numbered));
    }

    /** @return of each event that got its number the organisation */
    private static List<UUID> number(Handle tx) {
        return Direct.with(tx, connection -> number(connection, STATEMENTS));
    }

    static List<UUID> number(Connection connection, String sql) throws SQLException {
        try (PreparedStatement statements = connection.prepareStatement(sql)) {
            statements.execute();
            statements.getMoreResults();
            List<UUID> numbered = new ArrayList<>();
            try (ResultSet rows = statements.getResultSet()) {
                while (rows.next()) {
                    numbered.add(rows.getObject(1, UUID.class));
                }
            }
            return numbered;
        }
    }
}
