package dev.bellhop.model.wire;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import org.jspecify.annotations.Nullable;

/** What a client may say, parsed. {@code ref} is null where the client gave none. */
public sealed interface ClientMessage {
    String ref();

    record Heartbeat(@Nullable String ref) implements ClientMessage {}

    /** @param since a cursor as the client gave it, unparsed, or null */
    record Subscribe(
            String room, @Nullable String since, @Nullable String ref) implements ClientMessage {}

    record Unsubscribe(String room, @Nullable String ref) implements ClientMessage {}

    /** @param everyMs repeat interval in milliseconds; 0 stops a repetition; null asks once */
    record GetStats(@Nullable Long everyMs, @Nullable String ref) implements ClientMessage {}

    record Presence(String room, @Nullable String ref) implements ClientMessage {}

    record Refresh(String token, @Nullable String ref) implements ClientMessage {}

    record Pong(@Nullable String ref) implements ClientMessage {}

    /** Not a message of this protocol; to be answered with an error frame. */
    record Faulty(ErrorCode code, String message, @Nullable String ref) implements ClientMessage {}

    /** Never fails: what is not understood is {@link Faulty}. */
    static ClientMessage parse(String text) {
        JsonNode message;
        try {
            message = Json.shallowTree(text);
        } catch (JsonProcessingException e) {
            return invalid("not JSON", null);
        }
        if (message == null || !message.isObject()) {
            return invalid("not a JSON object", null);
        }
        JsonNode ref = message.path("ref");
        if (!ref.isMissingNode()
                && !ref.isNull()
                && !(ref.isTextual() && ref.textValue().length() <= 64)) {
            return invalid("ref is a string of at most 64 characters", null);
        }
        return of(message, ref.textValue());
    }

    private static ClientMessage of(JsonNode message, String ref) {
        JsonNode type = message.path("type");
        if (!type.isTextual()) {
            return invalid("type is missing or not a string", ref);
        }
        return switch (type.textValue()) {
            case "heartbeat" -> new Heartbeat(ref);
            case "pong" -> new Pong(ref);
            case "subscribe" -> {
                String room = text(message, "room");
                String since = text(message, "since");
                if (room == null) {
                    yield invalid("subscribe needs a room", ref);
                }
                yield since == null && isPresent(message, "since")
                        ? invalid("since is a cursor", ref)
                        : new Subscribe(room, since, ref);
            }
            case "unsubscribe" -> {
                String room = text(message, "room");
                yield room == null ? invalid("unsubscribe needs a room", ref) : new Unsubscribe(room, ref);
            }
            case "presence" -> {
                String room = text(message, "room");
                yield room == null ? invalid("presence needs a room", ref) : new Presence(room, ref);
            }
            case "refresh" -> {
                String token = text(message, "token");
                yield token == null ? invalid("refresh needs a token", ref) : new Refresh(token, ref);
            }
            case "get_stats" -> stats(message, ref);
            default -> new Faulty(ErrorCode.UNKNOWN_TYPE, "no such message type", ref);
        };
    }

    private static ClientMessage stats(JsonNode message, String ref) {
        JsonNode everyMs = field(message, "every_ms");
        if (everyMs.isMissingNode() || everyMs.isNull()) {
            return new GetStats(null, ref);
        }
        if (everyMs.isIntegralNumber() && everyMs.canConvertToLong()) {
            long value = everyMs.longValue();
            if (value == 0 || (value >= 1000 && value <= 3_600_000)) {
                return new GetStats(value, ref);
            }
        }
        return invalid("every_ms is 0, or 1000 to 3600000", ref);
    }

    /** A field of the message itself or, failing that, of its payload. */
    private static JsonNode field(JsonNode message, String name) {
        JsonNode own = message.path(name);
        return own.isMissingNode() ? message.path("payload").path(name) : own;
    }

    private static boolean isPresent(JsonNode message, String name) {
        JsonNode field = field(message, name);
        return !field.isMissingNode() && !field.isNull();
    }

    private static String text(JsonNode message, String name) {
        return field(message, name).textValue();
    }

    private static Faulty invalid(String why, String ref) {
        return new Faulty(ErrorCode.INVALID_MESSAGE, why, ref);
    }
}
