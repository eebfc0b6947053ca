package dev.bellhop.realtime.admin;

import dev.bellhop.model.problem.Problem;
import dev.bellhop.model.security.Principal;
import dev.bellhop.model.security.Role;
import dev.bellhop.realtime.connections.ConnectionInfo;
import dev.bellhop.realtime.connections.Connections;
import dev.bellhop.realtime.http.Authentication;
import io.javalin.http.Context;
import java.util.List;

/** {@code /ws/connections}: who is connected, and the door for those who have to leave. */
public final class ConnectionsResource {
    private static final int MAX_ITEMS = 1000;

    /** @param total all that there are; the list holds the oldest thousand */
    public record ConnectionList(List<ConnectionInfo> items, long total) {}

    /** How many were sent away. */
    public record Kicked(int closed) {}

    private final Authentication authentication;
    private final Connections connections;

    public ConnectionsResource(Authentication authentication, Connections connections) {
        this.authentication = authentication;
        this.connections = connections;
    }

    public void list(Context ctx) {
        Principal caller = authentication.require(ctx, Role.ADMIN, Role.SERVICE);
        ctx.json(new ConnectionList(connections.list(caller.orgId(), MAX_ITEMS), connections.count(caller.orgId())));
    }

    public void kick(Context ctx) {
        Principal caller = authentication.require(ctx, Role.ADMIN, Role.SERVICE);
        if (!connections.kick(caller.orgId(), ctx.pathParam("id"))) {
            throw Problem.notFound();
        }
        ctx.status(204);
    }

    public void kickUser(Context ctx) {
        Principal caller = authentication.require(ctx, Role.ADMIN, Role.SERVICE);
        ctx.json(new Kicked(connections.kickUser(caller.orgId(), ctx.pathParam("id"))));
    }
}
