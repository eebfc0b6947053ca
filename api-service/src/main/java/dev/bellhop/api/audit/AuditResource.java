package dev.bellhop.api.audit;

import dev.bellhop.api.auth.Authentication;
import dev.bellhop.api.http.Cursors;
import dev.bellhop.api.http.ListQuery;
import dev.bellhop.api.http.Page.Position;
import dev.bellhop.model.security.Principal;
import io.javalin.http.Context;
import java.util.Set;

/** HTTP for {@code /api/v1/audit}, which is the ADMIN's alone. */
public final class AuditResource {
    private final AuditStore entries;
    private final Cursors cursors;

    public AuditResource(AuditStore entries, Cursors cursors) {
        this.entries = entries;
        this.cursors = cursors;
    }

    public void list(Context ctx) {
        Principal caller = Authentication.caller(ctx);
        ListQuery query = new ListQuery(ctx, cursors, caller, Set.of());
        query.answer(
                entries.list(caller.org(), query.position(), query.limit()), entry -> new Position("", entry.id()));
    }
}
