package dev.bellhop.realtime;

import dev.bellhop.realtime.admin.ConnectionsResource;
import dev.bellhop.realtime.admin.ExplainResource;
import dev.bellhop.realtime.admin.HistoryResource;
import dev.bellhop.realtime.admin.StatsResource;
import dev.bellhop.realtime.contract.ContractResource;
import dev.bellhop.realtime.health.HealthResource;
import dev.bellhop.realtime.http.Problems;
import dev.bellhop.realtime.ingest.BroadcastResource;
import dev.bellhop.realtime.ingest.IngestResource;
import io.javalin.config.RoutesConfig;

/**
 * The map of the service. {@code GET /ws}, {@code GET /ws/dashboard} and {@code GET /events} are not here: they do not end
 * with an answer and are served in front of Javalin by {@link dev.bellhop.realtime.connections.RealtimeHandler}.
 */
record Routes(
        IngestResource ingest,
        BroadcastResource broadcast,
        StatsResource stats,
        ConnectionsResource connections,
        HistoryResource history,
        ExplainResource explain,
        HealthResource health,
        ContractResource contract) {

    void register(RoutesConfig routes) {
        routes.post("/events", ingest::post);

        routes.post("/ws/broadcast", broadcast::broadcast);
        routes.post("/ws/notify-user", broadcast::notifyUser);
        routes.get("/ws/stats", stats::stats);
        routes.get("/ws/rooms", stats::rooms);
        routes.get("/ws/rooms/{room}", stats::room);
        routes.get("/ws/connections", connections::list);
        routes.delete("/ws/connections/{id}", connections::kick);
        routes.delete("/ws/users/{id}/connections", connections::kickUser);
        routes.get("/ws/history", history::history);
        routes.get("/ws/explain", explain::explain);

        routes.get("/health/live", health::live);
        routes.get("/health/ready", health::ready);
        routes.get("/metrics", health::metrics);
        routes.get("/openapi.json", contract::openApi);
        routes.get("/asyncapi.json", contract::asyncApi);

        Problems.register(routes);
    }
}
