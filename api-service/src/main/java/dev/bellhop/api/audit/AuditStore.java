package dev.bellhop.api.audit;

import dev.bellhop.api.http.Page.Position;
import dev.bellhop.api.store.Row;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;

/** The reading end of the audit trail; {@link dev.bellhop.api.outbox.Outbox} writes it. Thread-safe. */
public final class AuditStore {
    private static final UUID START = new UUID(-1, -1);

    private final Jdbi jdbi;

    public AuditStore(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    /** Newest first, by the time that is in the ids; one more than the limit where there are more. */
    List<AuditEntry> list(UUID orgId, Optional<Position> after, int limit) {
        return jdbi.withHandle(handle -> handle.createQuery("""
                        select id, at, actor_id, actor_name, action, resource_type, resource_id, request_id
                        from audit_entry where org_id = :orgId and id < :id order by id desc limit :rows""")
                .bind("orgId", orgId)
                .bind("id", after.map(Position::id).orElse(START))
                .bind("rows", limit + 1)
                .map((rs, ctx) -> {
                    Row row = new Row(rs);
                    return new AuditEntry(
                            row.id("id"),
                            row.time("at"),
                            row.text("actor_id"),
                            row.text("actor_name"),
                            row.text("action"),
                            row.text("resource_type"),
                            row.id("resource_id"),
                            row.text("request_id"));
                })
                .list());
    }
}
