package dev.bellhop.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.model.wire.Cursor;
import dev.bellhop.realtime.testing.TestSocket;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** While the realtime service is away writes go on; what was missed comes afterwards, in order and once. */
class RealtimeDownTest {
    @RegisterExtension
    static final RunningSystem system = new RunningSystem();

    private static final int WRITERS = 4;
    private static final int WRITES_EACH = 60;

    private ApiClient api;
    private UUID orgId;

    @BeforeEach
    void login() {
        system.awaitEmptyOutbox();
        api = system.as("hr@harbor.example");
        orgId = system.orgOf("hr@harbor.example");
    }

    @Test
    @DisplayName(
            "F26 down under load: every write succeeds, and clients that come back with their cursor get exactly what they missed")
    void downUnderLoad() throws Exception {
        TestSocket okHttp = system.connect("hr@harbor.example");
        JdkSocket jdk = system.dialWithJdk(system.webSocketUri(system.token("member@harbor.example")));
        jdk.next("connected");
        create("before");
        String cursor = cursor(okHttp.next("entity.created"));
        assertThat(cursor(jdk.next("entity.created"))).isEqualTo(cursor);

        ExecutorService pool = Executors.newFixedThreadPool(WRITERS);
        List<String> written = new ArrayList<>();
        List<Future<List<String>>> load = new ArrayList<>();
        system.stopRealtime();
        for (int i = 0; i < WRITERS; i++) {
            String writer = "writer " + i;
            load.add(pool.submit(() -> write(writer)));
        }
        for (Future<List<String>> writer : load) {
            written.addAll(writer.get());
        }
        pool.shutdown();
        assertThat(okHttp.next("disconnect").path("payload").path("reason").textValue())
                .isEqualTo("restarting");
        assertThat(okHttp.closed().code()).isEqualTo(1012);
        jdk.next("disconnect");
        assertThat(jdk.closed()).isEqualTo(new JdkSocket.Closed(1012, "restarting"));

        system.startRealtime();
        JdkSocket early = system.dialWithJdk(resume("hr@harbor.example", cursor));
        JsonNode connected = early.next("connected");
        assertThat(connected.path("payload").path("recovered").booleanValue()).isTrue();
        long replayed = connected.path("payload").path("replayed").longValue();
        create("fence");
        List<JsonNode> events = withoutCaughtUp(Frames.upTo(early::nextText, Frames.named("fence")), replayed);
        assertThat(names(events)).hasSize(written.size() + 1).doesNotHaveDuplicates();
        assertThat(new HashSet<>(names(events.subList(0, written.size())))).isEqualTo(new HashSet<>(written));
        Frames.assertContiguous(position(cursor), events);
        for (int i = 0; i < WRITERS; i++) {
            String writer = "writer " + i + " ";
            assertThat(names(events).stream()
                            .filter(name -> name.startsWith(writer))
                            .toList())
                    .as("what one writer wrote one after the other")
                    .isEqualTo(written.stream()
                            .filter(name -> name.startsWith(writer))
                            .toList());
        }
        assertThat(system.loggedIds(orgId, position(cursor))).isEqualTo(Frames.ids(events));

        TestSocket late = system.dial(resume("member@harbor.example", cursor));
        assertReplay(late::nextText, cursor, events);
        assertReplay(system.dialWithJdk(resume("downtown@harbor.example", cursor))::nextText, cursor, events);
    }

    @Test
    @DisplayName("S2-051 S2-064 a client whose line breaks resumes with its cursor and gets exactly what it missed")
    void lineBreaks() {
        JdkSocket jdk = system.dialWithJdk(system.webSocketUri(system.token("hr@harbor.example")));
        jdk.next("connected");
        create("seen");
        String cursor = cursor(jdk.next("entity.created"));
        jdk.cut();
        create("missed 1");
        create("missed 2");
        create("missed 3");
        TestSocket watch = system.connect("hr@harbor.example");
        create("missed 4");
        Frames.upTo(watch::nextText, Frames.named("missed 4"));

        TestSocket back = system.dial(resume("hr@harbor.example", cursor));
        JsonNode connected = back.next("connected");
        assertThat(cursor(connected)).as("goes on where the client stood").isEqualTo(cursor);
        assertThat(connected.path("payload").path("recovered").booleanValue()).isTrue();
        assertThat(connected.path("payload").path("replayed").longValue()).isEqualTo(4);
        List<JsonNode> missed = back.upTo("caught_up");
        assertThat(names(missed.subList(0, 4))).containsExactly("missed 1", "missed 2", "missed 3", "missed 4");
        Frames.assertContiguous(position(cursor), missed.subList(0, 4));
        JsonNode caughtUp = missed.get(4);
        assertThat(caughtUp.path("payload").path("replayed").longValue()).isEqualTo(4);
        assertThat(cursor(caughtUp)).isEqualTo(cursor(missed.get(3)));

        create("live");
        assertThat(names(List.of(back.next("entity.created")))).containsExactly("live");
        JsonNode nothingMissed = system.dialWithJdk(resume("member@harbor.example", cursor(caughtUp)))
                .next("connected");
        assertThat(nothingMissed.path("payload").path("replayed").longValue()).isEqualTo(1);
    }

    @Test
    @DisplayName("D11 D12 resume with nothing received and nothing missed; two sockets of one user stand apart")
    void idleAndTwice() {
        TestSocket idle = system.dial(system.webSocketUri(system.token("hr@harbor.example")));
        String start = cursor(idle.next("connected"));
        idle.cut();
        TestSocket again = system.dial(resume("hr@harbor.example", start));
        assertThat(again.next("connected").path("payload").path("recovered").booleanValue())
                .isTrue();
        assertThat(again.next("caught_up").path("payload").path("replayed").longValue())
                .isZero();
        create("after the idle time");
        again.next("entity.created");

        TestSocket stale = system.dial(resume("hr@harbor.example", start));
        assertThat(stale.next("connected").path("payload").path("replayed").longValue())
                .isEqualTo(1);
        assertThat(names(List.of(stale.next("entity.created")))).containsExactly("after the idle time");
        stale.next("caught_up");
        again.hearsNothingElse();
    }

    private void assertReplay(Supplier<String> client, String cursor, List<JsonNode> events) {
        JsonNode connected = Frames.parse(client.get());
        assertThat(cursor(connected)).isEqualTo(cursor);
        assertThat(connected.path("payload").path("recovered").booleanValue()).isTrue();
        assertThat(connected.path("payload").path("replayed").intValue()).isEqualTo(events.size());
        List<JsonNode> replay = Frames.upTo(client, Frames.ofType("caught_up"));
        assertThat(replay.subList(0, replay.size() - 1)).isEqualTo(events);
        assertThat(replay.get(replay.size() - 1)
                        .path("payload")
                        .path("replayed")
                        .intValue())
                .isEqualTo(events.size());
    }

    /** The replayed events, then {@code caught_up}, then what came live: the events alone. */
    private static List<JsonNode> withoutCaughtUp(List<JsonNode> frames, long replayed) {
        List<JsonNode> events = new ArrayList<>(frames);
        JsonNode caughtUp = events.remove((int) replayed);
        assertThat(Frames.type(caughtUp)).isEqualTo("caught_up");
        assertThat(events).allMatch(Frames.ofType("entity.created"));
        return events;
    }

    private List<String> write(String writer) {
        List<String> names = new ArrayList<>();
        for (int i = 0; i < WRITES_EACH; i++) {
            String name = writer + " " + i;
            create(name);
            names.add(name);
        }
        return names;
    }

    private void create(String name) {
        api.post("/api/v1/entities", Map.of("type", "lead", "name", name)).expect(201);
    }

    private static URI resume(String user, String cursor) {
        return URI.create(system.webSocketUri(system.token(user)) + "&cursor=" + cursor);
    }

    private static String cursor(JsonNode frame) {
        return frame.path("cursor").textValue();
    }

    private static long position(String cursor) {
        return Cursor.parse(cursor).orElseThrow().position();
    }

    private static List<String> names(List<JsonNode> frames) {
        return frames.stream()
                .map(frame -> frame.path("payload").path("name").textValue())
                .toList();
    }
}
