package dev.bellhop.realtime.contract;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.bellhop.model.events.ControlEvent;
import dev.bellhop.model.events.EventType;
import dev.bellhop.model.wire.ClientMessage;
import dev.bellhop.model.wire.Json;
import dev.bellhop.model.wire.ServerMessage;
import dev.bellhop.realtime.admin.StatsResource;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * What goes over a WebSocket or a stream of server-sent events, as an AsyncAPI 3.0 document. Channels and operations are
 * written by hand; messages and schemas are those of shared-model.
 */
final class AsyncApi {
    /** Frames of the server whose envelope has a cursor; all others have none. */
    private static final Set<String> WITH_CURSOR = Set.of("connected", "caught_up", "ping");

    /** Frames of the server that answer, and so may carry the {@code ref} of what they answer. */
    private static final Set<String> ANSWERS = Set.of(
            "caught_up", "subscribed", "unsubscribed", "heartbeat_ack", "stats", "presence", "refreshed", "error");

    /** Answers to what only the client of a WebSocket can ask. */
    private static final Set<String> SOCKET_ONLY =
            Set.of("heartbeat_ack", "stats", "presence", "presence.joined", "presence.left", "refreshed");

    /** What a client has to give with a message that has such a field. */
    private static final Set<String> NEEDED = Set.of("room", "token");

    /** Said by clients; the same word may be a frame of the server. */
    private static final String CLIENT = "client.";

    private final Schemas schemas = new Schemas();
    private final ObjectNode document = Skeleton.read("asyncapi.json");
    private final ObjectNode messages = document.withObject("/components/messages");

    /** Where a message may be said: its channel's messages, and those of the operation. */
    private record Place(String channel, ObjectNode messages, ArrayNode operation) {}

    private final Place toSocket = place("socket", "tell");
    private final Place fromSocket = place("socket", "hear");
    private final Place toStream = place("events", "stream");

    private AsyncApi() {}

    static byte[] document() {
        return Json.bytes(new AsyncApi().build());
    }

    private Place place(String channel, String operation) {
        return new Place(
                channel,
                document.withObject("/channels/" + channel + "/messages"),
                document.withArray("/operations/" + operation + "/messages"));
    }

    private ObjectNode build() {
        for (EventType type : EventType.values()) {
            add(type.wireName(), type.wireName(), event(word(type.wireName()), schemas.of(type.payload())));
            if (type.payload().getEnclosingClass() != ControlEvent.class) { // those are shown to nobody
                say(type.wireName(), toSocket, toStream);
            }
        }
        ObjectNode ownType = Json.mapper()
                .createObjectNode()
                .put("type", "string")
                .put("maxLength", 64)
                .put("pattern", "^[a-z][a-z0-9_]*(\\.[a-z][a-z0-9_]*)+$");
        add("custom", "an event of a type of your own", event(ownType, object()));
        say("custom", toSocket, toStream);

        Map<String, Class<?>> frames = new TreeMap<>(ServerMessage.PAYLOADS);
        frames.put("stats", StatsResource.Stats.class);
        frames.forEach((type, payload) -> {
            add(type, type, frame(type, schemas.of(payload)));
            say(type, toSocket);
            if (!SOCKET_ONLY.contains(type)) {
                say(type, toStream);
            }
        });

        for (Class<?> message : ClientMessage.class.getPermittedSubclasses()) {
            if (message != ClientMessage.Faulty.class) {
                String type = Schemas.snakeCase(message.getSimpleName());
                add(CLIENT + type, type, clientMessage(type, message.getRecordComponents()));
                say(CLIENT + type, fromSocket);
            }
        }
        document.withObject("/components").set("schemas", schemas.components());
        return document;
    }

    private void add(String key, String name, ObjectNode payload) {
        messages.putObject(key).put("name", name).put("title", name).set("payload", payload);
    }

    private static void say(String key, Place... places) {
        for (Place place : places) {
            place.messages().putObject(key).put("$ref", "#/components/messages/" + key);
            place.operation().addObject().put("$ref", "#/channels/" + place.channel() + "/messages/" + key);
        }
    }

    private static ObjectNode word(String value) {
        return Json.mapper().createObjectNode().put("const", value);
    }

    private static ObjectNode object() {
        return Json.mapper().createObjectNode().put("type", "object");
    }

    private static ObjectNode envelope(ObjectNode type, ObjectNode payload, String... alsoRequired) {
        ObjectNode envelope = object();
        ObjectNode properties = envelope.putObject("properties");
        properties.set("type", type);
        properties.set("payload", payload);
        properties.set("timestamp", Schemas.reference("Timestamp"));
        ArrayNode required =
                envelope.putArray("required").add("type").add("payload").add("timestamp");
        Arrays.stream(alsoRequired).forEach(required::add);
        return envelope;
    }

    private ObjectNode event(ObjectNode type, ObjectNode payload) {
        ObjectNode envelope = envelope(type, payload, "id", "rooms");
        ObjectNode properties = envelope.withObject("/properties");
        properties.putObject("id").put("type", "string").put("format", "uuid");
        properties.putObject("rooms").put("type", "array").set("items", Schemas.reference("RoomName"));
        properties
                .putObject("traceparent")
                .put("type", "string")
                .put("pattern", "^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$");
        properties.set("cursor", Schemas.reference("Cursor"));
        properties.putObject("replay").put("const", true);
        // What a room brought before it was joined comes without a cursor: the client's own is further.
        ArrayNode either = envelope.putArray("oneOf");
        either.addObject().putArray("required").add("cursor");
        either.addObject().putArray("required").add("replay");
        return envelope;
    }

    private static ObjectNode frame(String type, ObjectNode payload) {
        boolean hasCursor = WITH_CURSOR.contains(type);
        ObjectNode envelope = hasCursor ? envelope(word(type), payload, "cursor") : envelope(word(type), payload);
        ObjectNode properties = envelope.withObject("/properties");
        if (hasCursor) {
            properties.set("cursor", Schemas.reference("Cursor"));
        }
        if (ANSWERS.contains(type)) {
            properties.putObject("ref").put("type", "string").put("maxLength", 64);
        }
        return envelope;
    }

    /** The fields of a message may stand beside its type or in a payload. */
    private static ObjectNode clientMessage(String type, RecordComponent[] components) {
        ObjectNode fields = Json.mapper().createObjectNode();
        for (RecordComponent component : components) {
            if (!component.getName().equals("ref")) {
                fields.set(Schemas.snakeCase(component.getName()), clientField(component.getName()));
            }
        }
        ObjectNode message = object();
        ObjectNode properties = message.putObject("properties");
        properties.set("type", word(type));
        properties.putObject("ref").put("type", "string").put("maxLength", 64);
        properties.setAll(fields);
        if (!fields.isEmpty()) {
            properties.putObject("payload").put("type", "object").set("properties", fields.deepCopy());
        }
        message.putArray("required").add("type");
        fields.fieldNames().forEachRemaining(field -> {
            if (NEEDED.contains(field)) {
                ArrayNode either = message.putArray("anyOf");
                either.addObject().putArray("required").add(field);
                ObjectNode inPayload = either.addObject();
                inPayload.putArray("required").add("payload");
                inPayload.withObject("/properties/payload").putArray("required").add(field);
            }
        });
        return message;
    }

    private static ObjectNode clientField(String name) {
        return switch (name) {
            case "room" -> Schemas.reference("RoomName");
            case "since" -> Schemas.reference("Cursor");
            case "token" -> Json.mapper().createObjectNode().put("type", "string");
            case "everyMs" -> {
                ObjectNode interval = Json.mapper()
                        .createObjectNode()
                        .put("type", "integer")
                        .put("description", "Milliseconds; 0 stops the repetition");
                ArrayNode either = interval.putArray("anyOf");
                either.addObject().put("const", 0);
                either.addObject().put("minimum", 1000).put("maximum", 3_600_000);
                yield interval;
            }
            default -> throw new IllegalArgumentException("no schema is known for the field " + name);
        };
    }
}
