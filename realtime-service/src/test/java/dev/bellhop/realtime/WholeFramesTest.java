package dev.bellhop.realtime;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.model.wire.Json;
import dev.bellhop.realtime.testing.Person;
import dev.bellhop.realtime.testing.RawSocket;
import dev.bellhop.realtime.testing.RunningRealtime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Two write to one socket in turns, Jetty and the send queue: byte by byte, what a reader that stalls gets of it. */
class WholeFramesTest {
    private static final byte[] CLOSE_NORMALLY = {3, (byte) 0xE8};

    @RegisterExtension
    static final RunningRealtime realtime = new RunningRealtime();

    private final UUID org = UUID.randomUUID();
    private RawSocket raw;

    @BeforeEach
    void connectWithLittleRoom() {
        raw = RawSocket.upgraded(
                new RawSocket(realtime.port(), 4096), "/ws?token=" + realtime.token(Person.member(org)));
        raw.readText("connected");
    }

    @Test
    @DisplayName(
            "frames stay whole and in order while the reader stalls and pongs and acknowledgements come between them")
    void pingsBetweenEvents() throws Exception {
        for (int i = 0; i < 50; i++) {
            publish(i);
            raw.frame(RawSocket.PING, "ping " + i);
            if (i % 10 == 0) {
                raw.frame(RawSocket.TEXT, "{\"type\":\"heartbeat\",\"ref\":\"" + i + "\"}");
            }
        }
        List<Integer> events = new ArrayList<>();
        List<String> pongs = new ArrayList<>();
        List<String> refs = new ArrayList<>();
        int eventsBeforeLastPong = 0;
        while (events.size() < 50 || pongs.size() < 50 || refs.size() < 5) {
            RawSocket.Received frame = raw.read();
            if (frame.opcode() == RawSocket.PONG) {
                pongs.add(frame.text());
                eventsBeforeLastPong = events.size();
                continue;
            }
            assertThat(frame.opcode()).isEqualTo(RawSocket.TEXT);
            JsonNode message = Json.tree(frame.text());
            if (message.path("type").textValue().equals("heartbeat_ack")) {
                refs.add(message.path("ref").textValue());
            } else {
                events.add(message.path("payload").path("n").intValue());
            }
        }
        assertThat(events).isEqualTo(IntStream.range(0, 50).boxed().toList());
        assertThat(pongs)
                .isEqualTo(IntStream.range(0, 50).mapToObj(i -> "ping " + i).toList());
        assertThat(refs).containsExactly("0", "10", "20", "30", "40");
        assertThat(eventsBeforeLastPong).isPositive();
    }

    @Test
    @DisplayName("a close of the peer is answered behind whole frames, and nothing follows it")
    void closeBetweenEvents() throws Exception {
        for (int i = 0; i < 40; i++) {
            publish(i);
            if (i == 20) {
                raw.frame(RawSocket.CLOSE, CLOSE_NORMALLY);
            }
        }
        int next = 0;
        RawSocket.Received frame = raw.read();
        while (frame.opcode() == RawSocket.TEXT) {
            assertThat(Json.tree(frame.text()).path("payload").path("n").intValue())
                    .isEqualTo(next++);
            frame = raw.read();
        }
        assertThat(frame.opcode()).isEqualTo(RawSocket.CLOSE);
        assertThat(frame.payload().getShort()).isEqualTo((short) 1000);
        assertThat(raw.ends()).isTrue();
    }

    private RawSocket asked(UUID organisation) {
        return new RawSocket(realtime.port()).askToUpgrade("/ws?token=" + realtime.token(Person.member(organisation)));
    }

    @Test
    @DisplayName("the answer to the upgrade and the connected frame leave together")
    void answerWithFirstFrame() {
        try (RawSocket socket = asked(org)) {
            assertThat(socket.arrived()).startsWith("HTTP/1.1 101 ").contains("{\"type\":\"connected\"");
        }
    }

    @Test
    @DisplayName("while the log cannot be read the answer to the upgrade leaves alone, and connected follows")
    void answerAlone() {
        realtime.postgres().jdbi().useTransaction(log -> {
            log.execute("lock table realtime.stream in access exclusive mode");
            raw = asked(UUID.randomUUID());
            assertThat(raw.head()).startsWith("HTTP/1.1 101 ");
        });
        raw.readText("connected");
    }

    /** 16 KB, so that a few of them are more than the kernel takes. */
    private void publish(int n) {
        String padding = "x".repeat(16_000);
        realtime.publish(
                org, List.of(RunningRealtime.event("load.tick", List.of("org"), Map.of("n", n, "padding", padding))));
    }
}
