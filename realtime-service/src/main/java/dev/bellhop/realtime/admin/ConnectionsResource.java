package dev.bellhop.realtime.admin;

import dev.bellhop.model.problem.Problem;
import dev.bellhop.model.security.Principal;
import dev.bellhop.model.security.Role;
import dev.bellhop.model.wire.RoomName;
import dev.bellhop.realtime.connections.ConnectionInfo;
import dev.bellhop.realtime.connections.Connections;
import dev.bellhop.realtime.delivery.Cluster;
import dev.bellhop.realtime.http.Authentication;
import dev.bellhop.realtime.log.SpanStore;
import io.javalin.http.Context;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** {@code /ws/connections}: who is connected to any node, and the door for those who have to leave. */
public final class ConnectionsResource {
    private static final int MAX_ITEMS = 1000;

    /** @param total all that there are; the list holds the oldest thousand */
    public record ConnectionList(List<ConnectionInfo> items, long total) {}

    /** How many were sent away. */
    public record Kicked(int closed) {}

    private final Authentication authentication;
    private final Connections connections;
    private final Cluster cluster;

    public ConnectionsResource(Authentication authentication, Connections connections, Cluster cluster) {
        this.authentication = authentication;
        this.connections = connections;
        this.cluster = cluster;
    }

    public void list(Context ctx) {
        Principal caller = authentication.require(ctx, Role.ADMIN, Role.SERVICE);
        ctx.future(() -> cluster.elsewhere(caller.orgId()).thenAccept(elsewhere -> {
            List<ConnectionInfo> all = new ArrayList<>(connections.list(caller.orgId(), MAX_ITEMS));
            elsewhere.forEach(open -> all.add(info(open)));
            all.sort(Comparator.comparing(ConnectionInfo::connectedAt));
            ctx.json(new ConnectionList(
                    all.subList(0, Math.min(MAX_ITEMS, all.size())),
                    connections.count(caller.orgId()) + elsewhere.size()));
        }));
    }

    private static ConnectionInfo info(SpanStore.Open open) {
        return new ConnectionInfo(
                open.connectionId(),
                open.orgId(),
                open.userId(),
                open.name(),
                Role.parse(open.role()).orElseThrow(),
                open.transport(),
                open.address(),
                open.connectedAt(),
                null);
    }

    public void kick(Context ctx) {
        Principal caller = authentication.require(ctx, Role.ADMIN, Role.SERVICE);
        String id = connectionId(ctx.pathParam("id"));
        if (connections.kick(caller.orgId(), id)) {
            ctx.status(204);
            return;
        }
        ctx.future(() -> cluster.kickElsewhere(new Cluster.Kick(caller.orgId(), false, id))
                .thenAccept(done -> {
                    if (done.closed() > 0) {
                        ctx.status(204);
                    } else {
                        throw done.complete() ? Problem.notFound() : notAnswered();
                    }
                }));
    }

    private static String connectionId(String text) {
        try {
            return UUID.fromString(text).toString();
        } catch (IllegalArgumentException e) {
            throw Problem.notFound();
        }
    }

    private static Problem notAnswered() {
        return Problem.unavailable("Not every node of the service answered.", Duration.ofSeconds(5));
    }

    public void kickUser(Context ctx) {
        Principal caller = authentication.require(ctx, Role.ADMIN, Role.SERVICE);
        String userId = Optional.of(ctx.pathParam("id")).filter(RoomName::isId).orElseThrow(Problem::notFound);
        int here = connections.kickUser(caller.orgId(), userId);
        ctx.future(() -> cluster.kickElsewhere(new Cluster.Kick(caller.orgId(), true, userId))
                .thenAccept(done -> {
                    if (!done.complete()) {
                        throw notAnswered();
                    }
                    ctx.json(new Kicked(here + done.closed()));
                }));
    }
}
