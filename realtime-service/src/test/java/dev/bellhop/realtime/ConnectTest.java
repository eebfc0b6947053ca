package dev.bellhop.realtime;

import static dev.bellhop.realtime.testing.RunningRealtime.batch;
import static dev.bellhop.realtime.testing.RunningRealtime.event;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.realtime.testing.Person;
import dev.bellhop.realtime.testing.RawSocket;
import dev.bellhop.realtime.testing.RunningRealtime;
import dev.bellhop.realtime.testing.TestSocket;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.StreamSupport;
import okhttp3.Request;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class ConnectTest {
    @RegisterExtension
    static final RunningRealtime realtime = new RunningRealtime();

    private final UUID org = UUID.randomUUID();

    @Test
    @DisplayName("S1-010 S2-001 a valid token connects at both addresses and hears who it is")
    void aValidTokenConnects() {
        Person hr = Person.hr(org);
        for (String path : List.of("/ws", "/ws/dashboard")) {
            JsonNode hello =
                    realtime.dial(path + "?token=" + realtime.token(hr)).next("connected");
            JsonNode payload = hello.path("payload");
            assertThat(payload.path("user_id").asText()).isEqualTo(hr.userId());
            assertThat(payload.path("org_id").asText()).isEqualTo(org.toString());
            assertThat(payload.path("role").asText()).isEqualTo("HR");
            assertThat(payload.path("recovered").asBoolean(true)).isFalse();
            assertThat(payload.path("replayed").asInt(-1)).isZero();
            assertThat(payload.has("reason")).isFalse();
            assertThat(payload.path("ping_interval_ms").asInt()).isEqualTo(30_000);
            assertThat(payload.path("heartbeat_timeout_ms").asInt()).isEqualTo(5_000);
            assertThat(hello.path("cursor").asText()).matches("[A-Za-z0-9._~-]{1,200}");
            assertThat(hello.path("timestamp").asText()).matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}Z");
        }
    }

    @Test
    @DisplayName("S1-005 S1-007 rooms are joined by role: HR global, a manager its properties, a member neither")
    void roomsAreJoinedByRole() {
        assertThat(roomsOf(Person.hr(org))).contains("org", "global", "role-HR");
        Person manager = Person.manager(org, "prop-456", "prop-789");
        assertThat(roomsOf(manager))
                .containsExactlyInAnyOrder(
                        "org", "user-" + manager.userId(), "role-MANAGER", "property-prop-456", "property-prop-789");
        Person member = Person.member(org);
        assertThat(roomsOf(member)).containsExactlyInAnyOrder("org", "user-" + member.userId(), "role-MEMBER");
    }

    @Test
    @DisplayName(
            "the address may be escaped or not, the first of a name counts, and a broken escape is answered with 400")
    void addressesAreDecoded() {
        String token = realtime.token(Person.hr(org));
        for (String query : List.of(
                "token=" + token + "&rooms=property-a,property-b",
                "rooms=property-a%2Cproperty-b&token=" + token,
                "&flag&=&rooms=property-a,property-b&token=" + token + "&token=nonsense&",
                "r%6foms=property%2Da%2Cproperty-b&token=" + token.replace(".", "%2E"))) {
            JsonNode hello = realtime.dial("/ws?" + query).next("connected");
            assertThat(strings(hello.path("payload").path("rooms"))).as(query).contains("property-a", "property-b");
        }
        try (RawSocket raw = new RawSocket(realtime.port())) {
            assertThat(raw.askToUpgrade("/ws?token=" + token + "&rooms=%zz").head())
                    .startsWith("HTTP/1.1 400 ");
        }
    }

    private List<String> roomsOf(Person person) {
        JsonNode hello = realtime.dial("/ws?token=" + realtime.token(person)).next("connected");
        return strings(hello.path("payload").path("rooms"));
    }

    private static List<String> strings(JsonNode list) {
        return StreamSupport.stream(list.spliterator(), false)
                .map(JsonNode::asText)
                .toList();
    }

    @Test
    @DisplayName("S2-004 S1-070 without a token, or with a bad one, the socket closes with 1008 and says why")
    void badTokensAreClosedWith1008() {
        Map<String, String> reasons = Map.of(
                "/ws",
                "token_missing",
                "/ws?token=",
                "token_missing",
                "/ws?token=nonsense",
                "token_invalid",
                "/ws?token=" + realtime.token(Person.service()),
                "token_invalid",
                "/ws?token=" + realtime.token(Person.hr(org), Duration.ofMinutes(-1)),
                "token_expired");
        reasons.forEach((path, reason) -> {
            TestSocket socket = realtime.dial(path);
            JsonNode last = socket.next("disconnect").path("payload");
            assertThat(last.path("code").asInt()).isEqualTo(1008);
            assertThat(last.path("reason").asText()).isEqualTo(reason);
            assertThat(last.path("reconnect").asBoolean()).isEqualTo(reason.equals("token_expired"));
            assertThat(socket.closed()).isEqualTo(new TestSocket.Closed(1008, reason));
        });
    }

    @Test
    @DisplayName("a token may come in the Authorization header or as the second sub-protocol, and is never echoed")
    void tokensComeInThreeWays() {
        String token = realtime.token(Person.member(org));
        TestSocket byHeader = realtime.dial(new Request.Builder()
                .url(realtime.url("/ws"))
                .header("Authorization", "Bearer " + token)
                .build());
        byHeader.next("connected");
        for (String offered : List.of("bellhop.v1, bearer." + token, "bearer." + token + ", bellhop.v1")) {
            TestSocket byProtocol = realtime.dial(new Request.Builder()
                    .url(realtime.url("/ws"))
                    .header("Sec-WebSocket-Protocol", offered)
                    .build());
            byProtocol.next("connected");
            assertThat(byProtocol.handshake().header("Sec-WebSocket-Protocol")).isEqualTo("bellhop.v1");
        }
    }

    @Test
    @DisplayName("S2-020 S2-021 an event arrives in the envelope, with id, rooms and cursor")
    void anEventArrivesInItsEnvelope() {
        TestSocket socket = realtime.connect(Person.member(org));
        Map<String, Object> event =
                event("entity.created", List.of("org"), Map.of("id", "e-1", "name", "O'Brien & <Sons>"));
        assertThat(realtime.ingest(batch(org, List.of(event))).status()).isEqualTo(200);

        String text = socket.nextText();
        assertThat(text).doesNotContain("<", ">", "&", "'");
        assertThat(text).startsWith("{\"type\":\"entity.created\",\"payload\":{");
        TestSocket again = realtime.connect(Person.member(org));
        realtime.broadcast(org, "org", "custom.thing", Map.of("a", 1));
        JsonNode frame = again.next("custom.thing");
        assertThat(frame.path("rooms").get(0).asText()).isEqualTo("org");
        assertThat(frame.path("payload").path("a").asInt()).isEqualTo(1);
        assertThat(frame.path("id").asText()).hasSize(36);
        assertThat(frame.path("cursor").asText()).isNotEmpty();
    }

    @Test
    @DisplayName("S2-040 two organisations with the same rooms never hear each other")
    void organisationsAreSeparate() {
        UUID other = UUID.randomUUID();
        TestSocket ours = realtime.connect(Person.hr(org));
        TestSocket theirs = realtime.connect(Person.hr(other));
        realtime.broadcast(other, "global", "custom.secret", Map.of("n", 1));
        realtime.broadcast(org, "global", "custom.ours", Map.of("n", 2));
        ours.next("custom.ours");
        ours.hearsNothingElse();
        theirs.next("custom.secret");
        theirs.hearsNothingElse();
    }

    @Test
    @DisplayName("S2-003 a token that expires on an open socket is announced and then ends it with 1008")
    void expiryEndsTheSocket() {
        TestSocket socket = realtime.dial("/ws?token=" + realtime.token(Person.member(org), Duration.ofSeconds(2)));
        socket.next("connected");
        socket.next("token_expiring");
        socket.next("disconnect");
        assertThat(socket.closed()).isEqualTo(new TestSocket.Closed(1008, "token_expired"));
    }
}
