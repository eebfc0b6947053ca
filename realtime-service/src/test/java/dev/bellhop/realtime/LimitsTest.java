package dev.bellhop.realtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.realtime.testing.Person;
import dev.bellhop.realtime.testing.RawSocket;
import dev.bellhop.realtime.testing.RunningRealtime;
import dev.bellhop.realtime.testing.TestSocket;
import dev.bellhop.realtime.testing.TestSocket.Closed;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import okhttp3.Request;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** How many may come, and how long somebody may go on who does not stop. */
class LimitsTest {
    @RegisterExtension
    static final RunningRealtime realtime = new RunningRealtime()
            .with("BELLHOP_MAX_CONNECTIONS_PER_USER", "2")
            .with("BELLHOP_MAX_CONNECTIONS", "6")
            .with("BELLHOP_MAX_MESSAGES_PER_SECOND", "2")
            .with("BELLHOP_MESSAGE_BURST", "2")
            .with("BELLHOP_PING_INTERVAL_MS", "600000");

    private final UUID org = UUID.randomUUID();

    private static void overloaded(TestSocket socket) {
        JsonNode last = socket.next("disconnect").path("payload");
        assertThat(last.path("code").asInt()).isEqualTo(1013);
        assertThat(last.path("reconnect").asBoolean()).isTrue();
        assertThat(last.path("retry_after_ms").asInt()).isPositive();
        assertThat(socket.closed()).isEqualTo(new Closed(1013, "overloaded"));
    }

    @Test
    @DisplayName(
            "B10 one connection too many, of a user or of all, is 1013, and there is room again when another leaves")
    void connections() {
        Person maria = Person.member(org);
        List<TestSocket> open = new ArrayList<>(List.of(realtime.connect(maria), realtime.connect(maria)));
        overloaded(realtime.dial("/ws?token=" + realtime.token(maria)));
        assertThat(realtime.call(new Request.Builder().url(realtime.url("/events?token=" + realtime.token(maria))))
                        .status())
                .isEqualTo(503);
        open.remove(0).close();
        await().untilAsserted(() -> {
            TestSocket again = realtime.dial("/ws?token=" + realtime.token(maria));
            String type = again.next().path("type").textValue();
            if (type.equals("connected")) {
                open.add(again);
            }
            assertThat(type).isEqualTo("connected");
        });
        for (int i = 0; i < 4; i++) {
            open.add(realtime.connect(Person.member(org)));
        }
        overloaded(realtime.dial("/ws?token=" + realtime.token(Person.hr(UUID.randomUUID()))));
        open.forEach(TestSocket::cut);
        await().untilAsserted(() -> assertThat(realtime.get("/ws/stats", realtime.token(Person.service()))
                        .body()
                        .path("connections")
                        .asInt())
                .isZero());
    }

    @Test
    @DisplayName("C8 C12 who talks too much for ten seconds is sent away, and so is a message that is never complete")
    void goingOn() {
        CompletableFuture<Closed> endless = CompletableFuture.supplyAsync(() -> {
            try (RawSocket raw =
                    RawSocket.upgraded(realtime.port(), "/ws?token=" + realtime.token(Person.member(org)))) {
                raw.readText("connected");
                raw.frame(0x01, "");
                for (int i = 0; i < 2000; i++) {
                    raw.frame(0x00, "");
                }
                long started = System.nanoTime();
                Closed closed = raw.closed();
                assertThat(Duration.ofNanos(System.nanoTime() - started)).isGreaterThan(Duration.ofSeconds(9));
                return closed;
            }
        });
        TestSocket talker = realtime.connect(Person.member(org));
        int[] rateLimited = {0};
        await().pollInterval(Duration.ofMillis(100))
                .atMost(Duration.ofSeconds(20))
                .until(() -> {
                    talker.send("{\"type\":\"unsubscribe\",\"room\":\"department-x\"}");
                    JsonNode answer = talker.next();
                    if (answer.path("type").textValue().equals("error")) {
                        rateLimited[0]++;
                    }
                    return answer.path("type").textValue().equals("disconnect");
                });
        assertThat(rateLimited[0]).isGreaterThan(50);
        assertThat(talker.closed()).isEqualTo(new Closed(1013, "overloaded"));
        assertThat(endless.join()).isEqualTo(new Closed(1008, "protocol_violation"));
    }
}
