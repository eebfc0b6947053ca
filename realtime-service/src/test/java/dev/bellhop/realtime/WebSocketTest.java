package dev.bellhop.realtime;

import static dev.bellhop.realtime.testing.RawSocket.upgrade;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.realtime.testing.Person;
import dev.bellhop.realtime.testing.RawSocket;
import dev.bellhop.realtime.testing.RunningRealtime;
import dev.bellhop.realtime.testing.TestSocket;
import dev.bellhop.realtime.testing.TestSocket.Closed;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import okhttp3.Request;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a client may say on a WebSocket, down to the bytes, and what it is answered. */
class WebSocketTest {
    private static final String KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
    private static final String VERSION = "Sec-WebSocket-Version: 13";

    @RegisterExtension
    static final RunningRealtime realtime = new RunningRealtime();

    private final UUID org = UUID.randomUUID();

    private String path(Person person) {
        return "/ws?token=" + realtime.token(person);
    }

    private RawSocket connected() {
        RawSocket raw = RawSocket.upgraded(realtime.port(), path(Person.member(org)));
        raw.readText("connected");
        return raw;
    }

    // ---- messages ----

    @Test
    @DisplayName("S1-020 S1-061 a heartbeat is answered at once, with the time and the ref")
    void heartbeat() {
        TestSocket socket = realtime.connect(Person.member(org));
        socket.send(Map.of("type", "heartbeat", "ref", "h-1"));
        JsonNode answer = socket.next("heartbeat_ack");
        assertThat(answer.path("ref").textValue()).isEqualTo("h-1");
        assertThat(answer.path("payload").path("server_time").textValue()).endsWith("Z");
        assertThat(answer.has("cursor")).isFalse();
        socket.send(Map.of("type", "pong"));
        socket.hearsNothingElse();
    }

    @Test
    @DisplayName("S1-021 S1-022 S1-071 rooms are joined and left by role, and what is refused says why")
    void rooms() {
        TestSocket manager = realtime.connect(Person.manager(org, "12"));
        for (String room : List.of("property-13", "global", "user-somebody", "role-HR", "department-1")) {
            manager.send(Map.of("type", "subscribe", "room", room, "ref", room));
            JsonNode error = manager.next("error");
            assertThat(error.path("ref").textValue()).isEqualTo(room);
            assertThat(error.path("payload").path("code").textValue()).isEqualTo("forbidden_room");
        }
        for (String room : List.of("property-12,property-13", "PROPERTY-12", "../", "")) {
            manager.send(Map.of("type", "subscribe", "room", room));
            assertThat(manager.next("error").path("payload").path("code").textValue())
                    .isEqualTo("unknown_room");
        }
        manager.send(Map.of("type", "unsubscribe", "room", "property-12", "ref", "u"));
        JsonNode left = manager.next("unsubscribed");
        assertThat(left.path("payload").path("room").textValue()).isEqualTo("property-12");
        assertThat(left.path("payload").path("reason").textValue()).isEqualTo("client");
        realtime.broadcast(org, "property-12", "custom.unheard", Map.of());
        manager.send(Map.of("type", "subscribe", "payload", Map.of("room", "property-12")));
        manager.next("subscribed");
        realtime.broadcast(org, "property-12", "custom.heard", Map.of());
        manager.next("custom.heard");

        TestSocket hr = realtime.connect(Person.hr(org));
        for (String room : List.of("property-12", "property-anything", "department-d")) {
            hr.send(Map.of("type", "subscribe", "room", room));
            hr.next("subscribed");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"hello", "", "[]", "null", "{\"type\":1}", "{}", "{\"type\":\"heartbeat\",\"type\":\"x\"}"})
    @DisplayName("C11 S1-024 what is not a message is an error and does not end the socket")
    void notMessages(String text) {
        TestSocket socket = realtime.connect(Person.member(org));
        socket.send(text);
        JsonNode error = socket.next("error");
        assertThat(error.path("payload").path("code").textValue()).isEqualTo("invalid_message");
        assertThat(error.toString()).doesNotContain("Exception", "com.", "java.");
        socket.hearsNothingElse();
    }

    @Test
    @DisplayName("C11 S1-025 an unknown type, too deep a nesting and a long ref are errors")
    void otherFaults() {
        TestSocket socket = realtime.connect(Person.member(org));
        socket.send(Map.of("type", "shout", "ref", "<r>"));
        JsonNode unknown = socket.next("error");
        assertThat(unknown.path("payload").path("code").textValue()).isEqualTo("unknown_type");
        assertThat(unknown.path("ref").textValue()).isEqualTo("<r>");
        socket.send("{\"type\":\"heartbeat\",\"x\":" + "[".repeat(20) + "]".repeat(20) + "}");
        assertThat(socket.next("error").path("payload").path("code").textValue())
                .isEqualTo("invalid_message");
        socket.send("[".repeat(60_000));
        assertThat(socket.next("error").path("payload").path("code").textValue())
                .isEqualTo("invalid_message");
        socket.hearsNothingElse();
    }

    @Test
    @DisplayName(
            "C12 a burst of 40 is taken; beyond it messages are dropped, which is said and does not end the socket")
    void rateLimit() {
        TestSocket socket = realtime.connect(Person.member(org));
        for (int i = 0; i < 80; i++) {
            socket.send(Map.of("type", "unsubscribe", "room", "department-x", "ref", Integer.toString(i)));
        }
        int answered = 0;
        int dropped = 0;
        Set<String> refs = new HashSet<>();
        for (int i = 0; i < 80; i++) {
            JsonNode answer = socket.next();
            refs.add(answer.path("ref").textValue());
            if (answer.path("type").textValue().equals("unsubscribed")) {
                answered++;
            } else {
                assertThat(answer.path("payload").path("code").textValue()).isEqualTo("rate_limited");
                dropped++;
            }
        }
        assertThat(answered).isGreaterThanOrEqualTo(40);
        assertThat(dropped).isPositive();
        assertThat(refs)
                .as("every message is answered under its own ref")
                .containsExactlyInAnyOrderElementsOf(
                        IntStream.range(0, 80).mapToObj(Integer::toString).toList());
        realtime.broadcast(org, "org", "custom.still", Map.of());
        socket.next("custom.still");
    }

    @Test
    @DisplayName("D4 a hundred rooms are the most that one connection is in")
    void tooManyRooms() {
        StringBuilder rooms = new StringBuilder();
        for (int i = 0; i < 120; i++) {
            rooms.append(i == 0 ? "" : ",").append("property-").append(i);
        }
        TestSocket socket = realtime.dial(path(Person.hr(org)) + "&rooms=" + rooms);
        assertThat(socket.next("connected").path("payload").path("rooms").size())
                .isEqualTo(100);
        for (int i = 0; i < 24; i++) {
            assertThat(socket.next("error").path("payload").path("code").textValue())
                    .isEqualTo("too_many_rooms");
        }
        socket.send(Map.of("type", "subscribe", "room", "property-x"));
        assertThat(socket.next("error").path("payload").path("code").textValue())
                .isEqualTo("too_many_rooms");
        socket.send(Map.of("type", "unsubscribe", "room", "property-0"));
        socket.next("unsubscribed");
        socket.send(Map.of("type", "subscribe", "room", "property-x"));
        socket.next("subscribed");
    }

    @Test
    @DisplayName("A16 refresh with another user's token, or a bad one, ends the socket; with one's own it goes on")
    void refresh() {
        Person member = Person.member(org);
        TestSocket socket = realtime.connect(member);
        socket.send(Map.of("type", "refresh", "token", realtime.token(member), "ref", "r"));
        JsonNode refreshed = socket.next("refreshed");
        assertThat(refreshed.path("ref").textValue()).isEqualTo("r");
        assertThat(refreshed.path("payload").path("token_expires_at").textValue())
                .endsWith("Z");
        for (String token : List.of(realtime.token(Person.member(org)), "nonsense")) {
            TestSocket other = realtime.connect(member);
            other.send(Map.of("type", "refresh", "token", token));
            other.next("disconnect");
            assertThat(other.closed()).isEqualTo(new Closed(1008, "token_invalid"));
        }
    }

    // ---- frames ----

    private static final class Bytes {
        private final String name;
        private final int code;
        private final byte[] sent;

        Bytes(String name, int code, byte[] sent) {
            this.name = name;
            this.code = code;
            this.sent = sent;
        }

        @Override
        public String toString() {
            return name;
        }
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] bytes(int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }

    private static byte[] joined(byte[]... parts) {
        ByteBuffer all = ByteBuffer.allocate(
                Stream.of(parts).mapToInt(part -> part.length).sum());
        Stream.of(parts).forEach(all::put);
        return all.array();
    }

    private static byte[] close(int code) {
        return RawSocket.masked(RawSocket.CLOSE, bytes(code >> 8, code & 0xFF));
    }

    static Stream<Bytes> violations() {
        byte[] half = bytes(0xF0, 0x9F);
        return Stream.of(
                new Bytes("C1 an unmasked frame", 1002, joined(bytes(0x81, 5), utf8("hello"))),
                new Bytes("C2 not UTF-8", 1007, RawSocket.masked(0x81, bytes(0xC0, 0xAF))),
                new Bytes("C2 a surrogate", 1007, RawSocket.masked(0x81, bytes(0xED, 0xA0, 0x80))),
                new Bytes("C2 a character cut off at the end", 1007, RawSocket.masked(0x81, half)),
                new Bytes(
                        "C2 not UTF-8, over two fragments",
                        1007,
                        joined(RawSocket.masked(0x01, half), RawSocket.masked(0x80, bytes(0x41)))),
                new Bytes("C3 reserved opcode 3", 1002, RawSocket.masked(0x83, utf8("x"))),
                new Bytes("C3 reserved opcode 11", 1002, RawSocket.masked(0x8B, bytes())),
                new Bytes("C3 RSV1", 1002, RawSocket.masked(0xC1, utf8("x"))),
                new Bytes("C3 RSV2", 1002, RawSocket.masked(0xA1, utf8("x"))),
                new Bytes("C3 RSV3", 1002, RawSocket.masked(0x91, utf8("x"))),
                new Bytes("C4 a ping of 126 bytes", 1002, RawSocket.masked(0x89, new byte[126])),
                new Bytes("C4 a ping in fragments", 1002, RawSocket.masked(0x09, utf8("x"))),
                new Bytes("C4 a close of one byte", 1002, RawSocket.masked(0x88, bytes(3))),
                new Bytes("C4 close 999", 1002, close(999)),
                new Bytes("C4 close 1005", 1002, close(1005)),
                new Bytes("C4 close 1006", 1002, close(1006)),
                new Bytes("C4 close 5000", 1002, close(5000)),
                new Bytes(
                        "C4 a close reason that is not UTF-8",
                        1007,
                        RawSocket.masked(0x88, bytes(3, 0xE8, 0xC0, 0xAF))),
                new Bytes("a continuation of nothing", 1002, RawSocket.masked(0x80, utf8("x"))),
                new Bytes(
                        "a new message inside another",
                        1002,
                        joined(RawSocket.masked(0x01, utf8("x")), RawSocket.masked(0x81, utf8("y")))),
                new Bytes("C5 65,537 bytes", 1009, RawSocket.masked(0x81, new byte[65_537])),
                new Bytes("C6 2^62 bytes announced", 1009, bytes(0x81, 0xFF, 0x40, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5)),
                new Bytes("C10 a binary frame", 1003, RawSocket.masked(RawSocket.BINARY, utf8("{}"))));
    }

    @ParameterizedTest
    @MethodSource("violations")
    @DisplayName("C1 C2 C3 C4 C5 C6 C10 bytes that break the protocol end the socket with their code")
    void violation(Bytes bytes) {
        TestSocket neighbour = realtime.connect(Person.member(org));
        try (RawSocket raw = connected()) {
            raw.sendAsFarAsItGoes(bytes.sent);
            Closed closed = raw.closed();
            assertThat(closed.code()).as(closed.toString()).isEqualTo(bytes.code);
            assertThat(closed.reason()).doesNotContain("Exception", "java", "org.eclipse");
            raw.frame(RawSocket.CLOSE, "");
            assertThat(raw.ends()).isTrue();
        }
        neighbour.hearsNothingElse();
    }

    @Test
    @DisplayName("C7 fragments that never end are 1009 at the limit")
    void endlessFragments() {
        try (RawSocket raw = connected()) {
            byte[] first = RawSocket.masked(0x01, utf8("a".repeat(1000)));
            byte[] next = RawSocket.masked(0x00, utf8("a".repeat(1000)));
            raw.send(first);
            for (int i = 0; i < 70; i++) {
                raw.sendAsFarAsItGoes(next);
            }
            assertThat(raw.closed().code()).isEqualTo(1009);
        }
    }

    @Test
    @DisplayName("C5 65,536 bytes in one frame or in many are one message")
    void largestMessage() {
        String padded = "{\"type\":\"heartbeat\",\"padding\":\"" + "é".repeat(32_740) + "\"}";
        padded = padded + " ".repeat(65_536 - utf8(padded).length);
        byte[] message = utf8(padded);
        assertThat(message).hasSize(65_536);
        try (RawSocket raw = connected()) {
            raw.frame(RawSocket.TEXT, message);
            raw.readText("heartbeat_ack");
            raw.frame(0x01, Arrays.copyOfRange(message, 0, 30_002)); // within a character
            raw.frame(0x00, new byte[0]);
            raw.frame(RawSocket.PING, "between");
            assertThat(raw.read()).isEqualTo(new RawSocket.Received(RawSocket.PONG, ByteBuffer.wrap(utf8("between"))));
            raw.frame(0x80, Arrays.copyOfRange(message, 30_002, 65_536));
            raw.readText("heartbeat_ack");
        }
    }

    @Test
    @DisplayName("S2-070 a ping is answered with its own payload, an unasked pong with nothing")
    void pings() {
        try (RawSocket raw = connected()) {
            for (String payload : List.of("", "abc", "p".repeat(125))) {
                raw.frame(RawSocket.PONG, payload);
                raw.frame(RawSocket.PING, payload);
                assertThat(raw.read())
                        .isEqualTo(new RawSocket.Received(RawSocket.PONG, ByteBuffer.wrap(utf8(payload))));
            }
        }
    }

    @Test
    @DisplayName("S2-006 a close is answered with the same code, and the room is empty afterwards")
    void clientCloses() {
        for (int code : List.of(1000, 1001, 3000, 4999)) {
            try (RawSocket raw = connected()) {
                raw.send(close(code));
                assertThat(raw.closed().code()).isEqualTo(code);
                assertThat(raw.ends()).isTrue();
            }
        }
        assertThat(realtime.get("/ws/rooms", realtime.token(Person.admin(org)))
                        .body()
                        .path("items"))
                .isEmpty();
    }

    @Test
    @DisplayName("a refused client that never answers the close is cut off all the same")
    void refusedAndSilent() {
        try (RawSocket raw = RawSocket.upgraded(realtime.port(), "/ws")) {
            raw.readText("disconnect");
            assertThat(raw.closed()).isEqualTo(new Closed(1008, "token_missing"));
            assertThat(raw.ends()).isTrue();
        }
    }

    // ---- handshakes ----

    private String refusal(String request) {
        try (RawSocket raw = new RawSocket(realtime.port())) {
            String answer = raw.send(request).answer();
            assertThat(answer).doesNotContain("Set-Cookie", "Server:", "Exception", "<html");
            return answer;
        }
    }

    @Test
    @DisplayName("B1 B2 an origin that is not this host's own is 403 before the upgrade")
    void origins() {
        String good = "http://127.0.0.1";
        String path = path(Person.member(org));
        for (String origin : List.of(
                "https://evil.example",
                "null",
                good + ".evil.example",
                "HTTP://127.0.0.1",
                good + ":1",
                good + "/",
                "http://evil.example/?http://127.0.0.1",
                "ws://127.0.0.1",
                "")) {
            assertThat(refusal(upgrade(path, KEY, VERSION, "Origin: " + origin)))
                    .as(origin)
                    .startsWith("HTTP/1.1 403 ")
                    .contains("application/problem+json", "/problems/origin");
        }
        assertThat(refusal(upgrade(path, KEY, VERSION, "Origin: " + good, "Origin: https://evil.example")))
                .startsWith("HTTP/1.1 403 ");
        assertThat(refusal(upgrade(path, KEY, VERSION, "Origin: " + good))).startsWith("HTTP/1.1 101 ");
        assertThat(refusal(upgrade(path, KEY, VERSION))).startsWith("HTTP/1.1 101 ");
    }

    @Test
    @DisplayName("B4 B5 a handshake that is not one is 400 or 426, never 500")
    void malformedHandshakes() {
        String path = path(Person.member(org));
        assertThat(refusal(upgrade(path, VERSION))).startsWith("HTTP/1.1 400 ").contains("application/problem+json");
        assertThat(refusal(upgrade(path, VERSION, "Sec-WebSocket-Key: c2hvcnQ=")))
                .startsWith("HTTP/1.1 400 ");
        assertThat(refusal(upgrade(path, VERSION, "Sec-WebSocket-Key: not base64!")))
                .startsWith("HTTP/1.1 400 ");
        assertThat(refusal(upgrade(path, VERSION, KEY, KEY))).startsWith("HTTP/1.1 400 ");
        for (String version : List.of("8", "12", "14", "x", "")) {
            assertThat(refusal(upgrade(path, KEY, "Sec-WebSocket-Version: " + version)))
                    .startsWith("HTTP/1.1 426 ")
                    .containsIgnoringCase("Sec-WebSocket-Version: 13");
        }
        assertThat(refusal(upgrade(path, KEY))).startsWith("HTTP/1.1 426 ");
        assertThat(refusal("GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"))
                .startsWith("HTTP/1.1 426 ")
                .containsIgnoringCase("Upgrade: websocket");
        assertThat(refusal(upgrade(path, KEY, VERSION).replace("GET ", "POST ")))
                .matches("(?s)HTTP/1.1 40[45] .*");
        assertThat(refusal(upgrade(path, KEY, VERSION).replace("HTTP/1.1", "HTTP/1.0")))
                .contains(" 426 ");
    }

    @Test
    @DisplayName("B7 C13 only bellhop.v1 is echoed, and no extension is agreed on")
    void negotiation() {
        String path = path(Person.member(org));
        String deflate = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits";
        String both = refusal(upgrade(path, KEY, VERSION, deflate, "Sec-WebSocket-Protocol: other, bellhop.v1"));
        assertThat(both).startsWith("HTTP/1.1 101 ").contains("Sec-WebSocket-Protocol: bellhop.v1");
        assertThat(both).doesNotContainIgnoringCase("Sec-WebSocket-Extensions").doesNotContain("other");
        String none = refusal(upgrade(path, KEY, VERSION, "Sec-WebSocket-Protocol: other"));
        assertThat(none).startsWith("HTTP/1.1 101 ").doesNotContain("Sec-WebSocket-Protocol");
        assertThat(none).contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    @Test
    @DisplayName("a token in the Authorization header wins over the one in the address")
    void headerWins() {
        Person member = Person.member(org);
        TestSocket socket = realtime.dial(new Request.Builder()
                .url(realtime.url("/ws?token=nonsense"))
                .header("Authorization", "bearer " + realtime.token(member))
                .build());
        assertThat(socket.next("connected").path("payload").path("user_id").textValue())
                .isEqualTo(member.userId());
    }
}
