package dev.bellhop.realtime;

import static dev.bellhop.realtime.testing.RunningRealtime.ticks;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.model.wire.Cursor;
import dev.bellhop.realtime.testing.Person;
import dev.bellhop.realtime.testing.RawSocket;
import dev.bellhop.realtime.testing.RunningRealtime;
import dev.bellhop.realtime.testing.TestSocket;
import java.util.UUID;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Who is still there, with intervals that a test can wait for. */
class HeartbeatTest {
    @RegisterExtension
    static final RunningRealtime realtime =
            new RunningRealtime().with("BELLHOP_PING_INTERVAL_MS", "400").with("BELLHOP_HEARTBEAT_TIMEOUT_MS", "500");

    private final UUID org = UUID.randomUUID();

    @Test
    @DisplayName(
            "J5 C15 S1-063 a peer that answers no ping is told 4009; a newer socket of the same user is not touched")
    void halfOpen() {
        Person member = Person.member(org);
        try (RawSocket raw = RawSocket.upgraded(realtime.port(), "/ws?token=" + realtime.token(member))) {
            raw.readText("connected");
            TestSocket newer = realtime.connect(member);
            assertThat(raw.readText("disconnect"))
                    .contains("\"code\":4009", "\"reason\":\"no_pong\"", "\"reconnect\":true");
            assertThat(raw.closed()).isEqualTo(new TestSocket.Closed(4009, "no_pong"));
            assertThat(raw.ends()).isTrue();
            newer.hearsNothingElse();
        }
    }

    @Test
    @DisplayName("S1-060 S2-005 S2-027 a client that says nothing but answers pings stays, and its cursor stays fresh")
    void silentButAlive() {
        TestSocket socket = realtime.dial("/ws?token=" + realtime.token(Person.member(org)));
        JsonNode hello = socket.next("connected");
        assertThat(hello.path("payload").path("ping_interval_ms").asInt()).isEqualTo(400);
        assertThat(hello.path("payload").path("heartbeat_timeout_ms").asInt()).isEqualTo(500);
        long position = 0;
        for (int n = 1; n <= 4; n++) {
            realtime.publish(org, ticks(n, 1, "global")); // not for a member
            while (position < n) {
                JsonNode ping = socket.next("ping");
                assertThat(ping.path("payload").isEmpty()).isTrue();
                position = Cursor.parse(ping.path("cursor").textValue())
                        .orElseThrow()
                        .position();
            }
        }
        socket.hearsNothingElse();
    }

    @Test
    @DisplayName("a client that answers no ping but keeps talking is there")
    void talkingButNoPong() {
        try (RawSocket raw = RawSocket.upgraded(realtime.port(), "/ws?token=" + realtime.token(Person.member(org)))) {
            raw.readText("connected");
            for (int pings = 0; pings < 4; ) {
                RawSocket.Received frame = raw.read();
                assertThat(frame.opcode()).as(frame.text()).isNotEqualTo(RawSocket.CLOSE);
                if (frame.opcode() == RawSocket.PING) {
                    raw.frame(RawSocket.TEXT, "{\"type\":\"pong\"}");
                    pings++;
                }
            }
        }
    }
}
