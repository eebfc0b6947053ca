package dev.bellhop.realtime.ingest;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.model.events.EventType;
import dev.bellhop.model.problem.Problem;
import dev.bellhop.model.wire.EventBatch;
import dev.bellhop.model.wire.Json;
import dev.bellhop.model.wire.RoomName;
import dev.bellhop.model.wire.ServerMessage;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/**
 * What an event has to look like, whoever brings it. Refuses with 422 and the name of the field. What passes is stripped of
 * HTML, unless that is turned off, and of sensitive values.
 */
public final class EventRules {
    private static final Pattern TYPE = Pattern.compile("[a-z][a-z0-9_]*(\\.[a-z][a-z0-9_]*)+");
    private static final int MAX_TYPE = 64;
    private static final int MAX_ROOMS = 100;

    private final UnaryOperator<JsonNode> strip;
    private final Redactor redactor = new Redactor();

    /** @param stripHtml whether HTML elements are taken out of the texts of payloads, or stay as they came */
    public EventRules(boolean stripHtml) {
        strip = stripHtml ? Sanitizer.create()::apply : UnaryOperator.identity();
    }

    /** The dotted name; the first seed's spelling with underscores is taken for the same type. */
    static String type(JsonNode node, String field) {
        if (!node.isTextual()) {
            throw Problem.invalid(field, "required", "A type is needed, a string.");
        }
        String type = EventType.canonicalName(node.textValue());
        if (ServerMessage.TYPES.contains(type)) {
            throw Problem.invalid(field, "reserved", "Only the server itself says this.");
        }
        if (type.length() > MAX_TYPE || !TYPE.matcher(type).matches()) {
            throw Problem.invalid(field, "format", "A type is dotted lower-case words, at most 64 characters.");
        }
        return type;
    }

    static RoomName room(JsonNode node, String field) {
        return RoomName.parse(node.textValue())
                .orElseThrow(() -> Problem.invalid(field, "format", "This is not the name of a room."));
    }

    static List<RoomName> rooms(JsonNode node, String field) {
        if (!node.isArray() || node.size() > MAX_ROOMS) {
            throw Problem.invalid(field, "format", "Rooms are a list of at most 100 names.");
        }
        List<RoomName> rooms = new ArrayList<>(node.size());
        for (JsonNode name : node) {
            RoomName room = room(name, field);
            if (!rooms.contains(room)) {
                rooms.add(room);
            }
        }
        return rooms;
    }

    /**
     * The payload as it will go out, in our own spelling of JSON: the same value, but for what is stripped and redacted. The
     * limit on its size holds before and after.
     */
    @SuppressWarnings("ReferenceEquality") // the same instance says that nothing changed
    String payload(JsonNode node, String field) {
        if (!node.isObject()) {
            throw Problem.invalid(field, "format", "A payload is an object.");
        }
        String payload = text(node, field);
        // Stripping first: a cut can join the two halves of a number.
        JsonNode clean = redactor.apply(strip.apply(node));
        return clean == node ? payload : text(clean, field);
    }

    private static String text(JsonNode node, String field) {
        String payload = Json.text(node);
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(payload)) { // half of a surrogate pair
            throw Problem.invalid(field, "encoding", "The payload holds text that is not Unicode.");
        }
        if (payload.getBytes(StandardCharsets.UTF_8).length > EventBatch.MAX_PAYLOAD_BYTES) {
            throw Problem.invalid(field, "too_long", "A payload is at most 65536 bytes.");
        }
        return payload;
    }
}
