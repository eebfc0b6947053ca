package dev.bellhop.model.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class EnvelopeTest {
    private static final Instant TIME = Instant.parse("2026-01-01T12:00:00.000001Z");
    private static final UUID ID = UUID.fromString("0197a3c2-7b1e-7c44-9a51-2f6f0c9d1e01");
    private static final Cursor CURSOR = new Cursor("e", 7, 0x0a0b0c0d);

    private static String text(byte[] json) {
        return new String(json, StandardCharsets.UTF_8);
    }

    private static byte[] event(String payload, String traceparent) {
        List<RoomName> rooms = List.of(RoomName.property("7"), RoomName.GLOBAL);
        return Envelope.event("custom.thing", payload, TIME, ID, rooms, traceparent, CURSOR);
    }

    @Test
    @DisplayName("S2-020 an event is type, payload, timestamp first, then id, rooms and, last, the cursor")
    void anEvent() {
        assertThat(text(event("{\"a\":1.10}", null)))
                .isEqualTo("{\"type\":\"custom.thing\",\"payload\":{\"a\":1.10},"
                        + "\"timestamp\":\"2026-01-01T12:00:00.000001Z\",\"id\":\"0197a3c2-7b1e-7c44-9a51-2f6f0c9d1e01\","
                        + "\"rooms\":[\"property-7\",\"global\"],\"cursor\":\"1.e.7.0a0b0c0d\"}");
    }

    @Test
    @DisplayName("an event carries the trace of the request that caused it")
    void aTrace() throws Exception {
        String trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        JsonNode frame = Json.tree(text(event("{}", trace)));
        assertThat(frame.path("traceparent").textValue()).isEqualTo(trace);
        assertThat(frame.path("cursor").textValue()).isEqualTo(CURSOR.toString());
    }

    @Test
    @DisplayName("a replay is the same event with a mark and without a cursor")
    void aReplay() throws Exception {
        for (String payload : List.of("{}", "{\"cursor\":\"1.e.7.0a0b0c0d\"}", "{\"name\":\"Zoë 🏨\"}")) {
            byte[] event = event(payload, null);
            JsonNode live = Json.tree(text(event));
            JsonNode replay = Json.tree(text(Envelope.replayed(event, CURSOR)));
            assertThat(replay.has("cursor")).isFalse();
            assertThat(replay.path("replay").booleanValue()).isTrue();
            for (String field : List.of("type", "payload", "timestamp", "id", "rooms")) {
                assertThat(replay.path(field)).isEqualTo(live.path(field));
            }
        }
    }

    @Test
    @DisplayName("a message of the server has the envelope, and cursor and ref only where it has them")
    void messages() {
        assertThat(text(Envelope.message(ServerMessage.ping(CURSOR), TIME)))
                .isEqualTo("{\"type\":\"ping\",\"payload\":{},\"timestamp\":\"2026-01-01T12:00:00.000001Z\","
                        + "\"cursor\":\"1.e.7.0a0b0c0d\"}");
        assertThat(text(Envelope.message(ServerMessage.error(ErrorCode.UNKNOWN_TYPE, "x", "<r>"), TIME)))
                .isEqualTo("{\"type\":\"error\",\"payload\":{\"code\":\"unknown_type\",\"message\":\"x\"},"
                        + "\"timestamp\":\"2026-01-01T12:00:00.000001Z\",\"ref\":\"\\u003Cr\\u003E\"}");
    }
}
