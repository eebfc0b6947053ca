package dev.bellhop.realtime.log;

import dev.bellhop.model.wire.Cursor;
import dev.bellhop.torture.agent.Plan;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import net.bytebuddy.asm.Advice;
import org.jdbi.v3.core.Jdbi;

final class ReuseInPostgres {
    /** How many positions are given out again. */
    static final long REUSED = 3;

    /** Logs that this process has appended to. */
    private static final Set<UUID> KNOWN = ConcurrentHashMap.newKeySet();

    private ReuseInPostgres() {}

    @Advice.OnMethodEnter
    static void enter(@Advice.FieldValue("jdbi") Jdbi jdbi, @Advice.Argument(0) UUID orgId) {
        if (isFirst(orgId)) {
            goBack(jdbi, orgId);
        }
    }

    /** Before the first append of this process to a log that has something in it. */
    static boolean isFirst(UUID orgId) {
        return KNOWN.add(orgId) && Plan.isDue("epoch-reused");
    }

    static void goBack(Jdbi jdbi, UUID orgId) {
        jdbi.useTransaction(tx -> {
            Optional<Long> head = tx.createQuery(
                            "select head from realtime.stream where org_id = :org and head - :reused > floor for update")
                    .bind("org", orgId)
                    .bind("reused", REUSED)
                    .mapTo(Long.class)
                    .findOne();
            if (head.isEmpty()) {
                return;
            }
            long last = head.get() - REUSED;
            UUID lastId = tx.createQuery("select event_id from realtime.event where org_id = :org and position = :last")
                    .bind("org", orgId)
                    .bind("last", last)
                    .mapTo(UUID.class)
                    .one();
            tx.execute("delete from realtime.event where org_id = ? and position > ?", orgId, last);
            tx.execute(
                    "update realtime.stream set head = ?, head_fingerprint = ? where org_id = ?",
                    last,
                    Cursor.fingerprint(lastId),
                    orgId);
        });
    }
}
