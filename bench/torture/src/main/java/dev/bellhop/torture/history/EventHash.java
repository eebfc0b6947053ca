package dev.bellhop.torture.history;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/**
 * What an event or a record says, in 52 bits (so that tools which hold JSON numbers as doubles read them too), never 0. Equal for
 * equal text: the nodes have to come from {@link dev.bellhop.model.wire.Json}, which keeps every digit.
 */
public final class EventHash {
    private EventHash() {}

    /** @param frame an envelope; its type, rooms and payload count */
    public static long ofFrame(JsonNode frame) {
        return finish(add(
                add(add(0, frame.path("type").asText()), frame.path("rooms").toString()),
                frame.path("payload").toString()));
    }

    /** The same of a row of the log. */
    public static long ofEvent(String type, List<String> rooms, JsonNode payload) {
        String list = rooms.isEmpty() ? "[]" : "[\"" + String.join("\",\"", rooms) + "\"]";
        return finish(add(add(add(0, type), list), payload.toString()));
    }

    /** @param record the answer of the REST API, or the payload of an event that has the same shape */
    public static long ofRecord(JsonNode record) {
        return finish(add(0, record.toString()));
    }

    private static long add(long hash, String text) {
        long mixed = hash ^ text.length();
        for (int index = 0; index < text.length(); index++) {
            mixed = (mixed ^ text.charAt(index)) * 0x9E3779B97F4A7C15L;
            mixed ^= mixed >>> 29;
        }
        return mixed;
    }

    private static long finish(long hash) {
        long mixed = (hash ^ hash >>> 33) * 0xff51afd7ed558ccdL;
        return Math.max(1, (mixed ^ mixed >>> 33) >>> 12);
    }
}
