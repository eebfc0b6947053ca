package dev.bellhop.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.model.wire.Cursor;
import dev.bellhop.model.wire.Json;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.Supplier;

/** What is said of frames in every one of these tests. */
final class Frames {
    private Frames() {}

    static JsonNode parse(String text) {
        try {
            return Json.tree(text);
        } catch (JsonProcessingException e) {
            throw new AssertionError("not JSON: " + text, e);
        }
    }

    /** Reads a client's frames up to and with the first that fits; that one is the last of the list. Pings are left out. */
    static List<JsonNode> upTo(Supplier<String> client, Predicate<JsonNode> fits) {
        List<JsonNode> frames = new ArrayList<>();
        JsonNode frame;
        do {
            frame = parse(client.get());
            if (!type(frame).equals("ping")) {
                frames.add(frame);
            }
        } while (!fits.test(frame));
        return frames;
    }

    /** An event of the record with that name. */
    static Predicate<JsonNode> named(String name) {
        return frame -> name.equals(frame.path("payload").path("name").textValue());
    }

    static Predicate<JsonNode> ofType(String type) {
        return frame -> type.equals(frame.path("type").textValue());
    }

    static String type(JsonNode frame) {
        return frame.path("type").textValue();
    }

    static String id(JsonNode frame) {
        return frame.path("id").textValue();
    }

    static List<String> ids(List<JsonNode> frames) {
        return frames.stream().map(Frames::id).toList();
    }

    static List<String> types(List<JsonNode> frames) {
        return frames.stream().map(Frames::type).toList();
    }

    static long position(JsonNode frame) {
        return Cursor.parse(frame.path("cursor").textValue()).orElseThrow().position();
    }

    /** No event is missing, twice or early: each stands at the place after the one before. */
    static void assertContiguous(long before, List<JsonNode> frames) {
        long expected = before;
        for (JsonNode frame : frames) {
            expected++;
            assertThat(position(frame)).as("%s", frame).isEqualTo(expected);
        }
    }

    /** The versions of every record ascend by one: none is missing, twice or early. */
    static void assertVersionsAscendByOne(List<JsonNode> entityFrames) {
        Map<String, Long> versions = new HashMap<>();
        for (JsonNode frame : entityFrames) {
            JsonNode payload = frame.path("payload");
            long version = payload.path("version").longValue();
            Long before = versions.put(payload.path("id").textValue(), version);
            if (before == null) {
                assertThat(type(frame)).as("%s", frame).isEqualTo("entity.created");
                assertThat(version).as("%s", frame).isEqualTo(1);
            } else {
                assertThat(version).as("%s", frame).isEqualTo(before + 1);
            }
        }
    }
}
