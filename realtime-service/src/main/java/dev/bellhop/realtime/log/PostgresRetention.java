package dev.bellhop.realtime.log;

import dev.bellhop.model.wire.Cursor;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Retention in the PostgreSQL log. A step is a short
 * transaction over at most {@value #STEP} events, so that appends wait milliseconds at most. Several nodes may run it.
 */
final class PostgresRetention implements Retention {
    private static final int STEP = 1000;
    private static final Logger log = LoggerFactory.getLogger(PostgresRetention.class);

    private final Jdbi jdbi;
    private final Duration keepAge;
    private final int keepEvents;
    private final Duration keepControls;

    PostgresRetention(Jdbi jdbi, Kept kept) {
        this.jdbi = jdbi;
        this.keepAge = kept.age();
        this.keepEvents = kept.events();
        this.keepControls = kept.controls();
    }

    @Override
    public long run() {
        List<UUID> candidates = jdbi.withHandle(
                handle -> handle.createQuery("select org_id from realtime.stream where head - floor > :keep")
                        .bind("keep", keepEvents)
                        .mapTo(UUID.class)
                        .list());
        long removed = candidates.stream().mapToLong(this::trim).sum();
        if (removed > 0) {
            log.info("retention removed events={} organisations={}", removed, candidates.size());
        }
        return removed;
    }

    private long trim(UUID orgId) {
        long removed = 0;
        long step;
        do {
            step = jdbi.inTransaction(tx -> trimStep(tx, orgId));
            removed += step;
        } while (step > 0);
        return removed;
    }

    private record Last(long position, UUID eventId) {}

    /** @return by how much the floor moved */
    private long trimStep(Handle tx, UUID orgId) {
        return tx.createQuery("""
                        select e.position, e.event_id from realtime.stream s
                        join realtime.event e on e.org_id = s.org_id
                         and e.position > s.floor and e.position <= least(s.floor + :step, s.head - :keep)
                        where s.org_id = :org and e.appended_at < now() - make_interval(secs => :age)
                        order by e.position desc limit 1""")
                .bind("org", orgId)
                .bind("step", STEP)
                .bind("keep", keepEvents)
                .bind("age", keepAge.toSeconds())
                .map((rs, ctx) -> new Last(rs.getLong("position"), rs.getObject("event_id", UUID.class)))
                .findOne()
                .map(last -> moveFloor(tx, orgId, last))
                .orElse(0L);
    }

    private long moveFloor(Handle tx, UUID orgId, Last last) {
        // The row lock makes a second node that runs this at the same time see the new floor and do nothing.
        long from = tx.createQuery("select floor from realtime.stream where org_id = :org for update")
                .bind("org", orgId)
                .mapTo(Long.class)
                .one();
        if (from >= last.position()) {
            return 0;
        }
        tx.createUpdate("""
                        update realtime.stream set floor = :floor, floor_fingerprint = :fingerprint
                        where org_id = :org""")
                .bind("org", orgId)
                .bind("floor", last.position())
                .bind("fingerprint", Cursor.fingerprint(last.eventId()))
                .execute();
        tx.createUpdate("""
                        delete from realtime.event
                        where org_id = :org and position <= :floor
                          and not (type ~ '^(member|session|organization)[.]'
                                   and appended_at > now() - make_interval(secs => :controls))""")
                .bind("org", orgId)
                .bind("floor", last.position())
                .bind("controls", keepControls.toSeconds())
                .execute();
        return last.position() - from;
    }
}
