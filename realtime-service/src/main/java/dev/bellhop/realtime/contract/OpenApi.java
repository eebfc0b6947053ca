package dev.bellhop.realtime.contract;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.bellhop.model.problem.Problem;
import dev.bellhop.model.wire.EventBatch;
import dev.bellhop.model.wire.Json;
import dev.bellhop.realtime.admin.ConnectionsResource;
import dev.bellhop.realtime.admin.ExplainResource;
import dev.bellhop.realtime.admin.StatsResource;
import dev.bellhop.realtime.ingest.BroadcastResource;
import java.util.List;

/**
 * The HTTP calls of the service as an OpenAPI 3.1 document. Paths and request bodies are written by hand; the schemas of the
 * answers are those of the records that are answered.
 */
final class OpenApi {
    /** The records that are answered; what they refer to comes with them. */
    private static final List<Class<?>> ANSWERS = List.of(
            EventBatch.Receipt.class,
            BroadcastResource.Accepted.class,
            StatsResource.Stats.class,
            StatsResource.RoomList.class,
            StatsResource.RoomMembers.class,
            ConnectionsResource.ConnectionList.class,
            ConnectionsResource.Kicked.class,
            ExplainResource.Explanation.class);

    private OpenApi() {}

    static byte[] document() {
        Schemas schemas = new Schemas();
        ObjectNode document = Skeleton.read("openapi.json");
        ObjectNode components = document.withObject("/components/schemas");
        components.set("Problem", schemas.of(Problem.Body.class));
        ANSWERS.forEach(schemas::of);
        components.setAll(schemas.components());
        return Json.bytes(document);
    }
}
