package dev.bellhop.realtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.model.security.Role;
import dev.bellhop.model.wire.Json;
import dev.bellhop.realtime.testing.Person;
import dev.bellhop.realtime.testing.RawSocket;
import dev.bellhop.realtime.testing.RunningRealtime;
import dev.bellhop.realtime.testing.TestSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Many clients, of many kinds, at once. */
class ManyClientsTest {
    @RegisterExtension
    static final RunningRealtime realtime = new RunningRealtime();

    private final UUID org = UUID.randomUUID();

    private int connections(UUID of) {
        return realtime.get("/ws/stats", realtime.token(Person.admin(of)))
                .body()
                .path("connections")
                .asInt();
    }

    @Test
    @DisplayName("S1-064 S1-065 600 connections at once all hear an event, and leave nothing behind")
    void sixHundred() {
        List<TestSocket> sockets = IntStream.range(0, 600)
                .mapToObj(i -> realtime.dial("/ws?token=" + realtime.token(Person.member(org))))
                .toList();
        sockets.forEach(socket -> socket.next("connected"));
        assertThat(connections(org)).isEqualTo(600);
        JsonNode said =
                realtime.broadcast(org, "org", "custom.tick", Map.of("n", 1)).body();
        assertThat(said.path("recipients").asInt()).isEqualTo(600);
        for (TestSocket socket : sockets) {
            assertThat(socket.next("custom.tick").path("cursor")).isEqualTo(said.path("cursor"));
        }
        sockets.forEach(TestSocket::close);
        await().untilAsserted(() -> assertThat(connections(org)).isZero());
        assertThat(realtime.get("/ws/rooms", realtime.token(Person.admin(org)))
                        .body()
                        .path("items"))
                .isEmpty();
    }

    @Test
    @DisplayName("S2-007 a user's sockets are counted together, and organisations apart")
    void perUserAndOrganization() {
        Person maria = Person.member(org);
        Person ola = Person.member(org);
        UUID elsewhere = UUID.randomUUID();
        List<TestSocket> marias = List.of(realtime.connect(maria), realtime.connect(maria), realtime.connect(maria));
        TestSocket olas = realtime.connect(ola);
        realtime.connect(Person.member(elsewhere));
        JsonNode stats =
                realtime.get("/ws/stats", realtime.token(Person.hr(org))).body();
        assertThat(stats.path("connections").asInt()).isEqualTo(4);
        assertThat(stats.path("users").asInt()).isEqualTo(2);
        assertThat(connections(elsewhere)).isEqualTo(1);
        realtime.post(
                "/ws/notify-user",
                realtime.token(Person.admin(org)),
                Map.of("user_id", maria.userId(), "message", "Hello"));
        marias.forEach(socket -> socket.next("user.notification"));
        olas.hearsNothingElse();
    }

    @Test
    @DisplayName("S2-008 S2-046 while clients come, go and change rooms, a listener hears everything, in order, once")
    void churn() throws Exception {
        Person hr = Person.hr(org);
        TestSocket listener = realtime.connect(hr);
        ExecutorService others = Executors.newFixedThreadPool(6);
        List<Future<?>> work = new ArrayList<>();
        for (int t = 0; t < 4; t++) {
            work.add(others.submit(() -> {
                for (int i = 0; i < 20; i++) {
                    TestSocket socket = realtime.connect(Person.hr(org));
                    socket.send(Map.of("type", "subscribe", "room", "property-" + i));
                    socket.upTo("subscribed");
                    socket.send(Map.of("type", "unsubscribe", "room", "property-" + i));
                    if (i % 2 == 0) {
                        socket.cut();
                    } else {
                        socket.close();
                    }
                }
            }));
        }
        int[] next = {0};
        for (int t = 0; t < 2; t++) {
            work.add(others.submit(() -> {
                for (int i = 0; i < 100; i++) {
                    synchronized (next) {
                        realtime.publish(org, RunningRealtime.ticks(next[0]++, 1, "org"));
                    }
                }
            }));
        }
        for (Future<?> each : work) {
            each.get(60, TimeUnit.SECONDS);
        }
        others.shutdown();
        for (int n = 0; n < 200; n++) {
            assertThat(listener.next("custom.tick").at("/payload/n").asInt()).isEqualTo(n);
        }
        await().untilAsserted(() -> assertThat(connections(org)).isEqualTo(1));
        List<String> rooms = realtime.get("/ws/rooms", realtime.token(Person.hr(org)))
                .body()
                .path("items")
                .findValuesAsText("room");
        assertThat(rooms).containsExactlyInAnyOrder("org", "global", "role-HR", "user-" + hr.userId());
    }

    @Test
    @DisplayName("S2-042 S2-044 a line that breaks while events are sent is cleaned up by itself, and others hear on")
    void brokenLines() {
        TestSocket listener = realtime.connect(Person.member(org));
        List<RawSocket> broken = IntStream.range(0, 20)
                .mapToObj(i -> RawSocket.upgraded(realtime.port(), "/ws?token=" + realtime.token(Person.member(org))))
                .toList();
        broken.forEach(raw -> raw.readText("connected"));
        assertThat(connections(org)).isEqualTo(21);
        for (int n = 0; n < 20; n++) {
            broken.get(n).close(); // without a word
            realtime.publish(org, RunningRealtime.ticks(n, 1, "org"));
            assertThat(listener.next("custom.tick").at("/payload/n").asInt()).isEqualTo(n);
        }
        await().untilAsserted(() -> assertThat(connections(org)).isEqualTo(1));
    }

    /** Nothing but what the platform has: as a page in a browser would. */
    private static final class Native implements WebSocket.Listener {
        final BlockingQueue<String> heard = new LinkedBlockingQueue<>();
        final CompletableFuture<String> closed = new CompletableFuture<>();
        private final StringBuilder message = new StringBuilder();

        @Override
        public CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
            message.append(data);
            if (last) {
                heard.add(message.toString());
                message.setLength(0);
            }
            socket.request(1);
            return null;
        }

        @Override
        public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
            closed.complete(code + " " + reason);
            return null;
        }

        JsonNode next() throws Exception {
            String text = heard.poll(5, TimeUnit.SECONDS);
            assertThat(text).as("a message within 5 s").isNotNull();
            return Json.tree(text);
        }
    }

    @Test
    @DisplayName("S2-010 S2-009 a native client hears one JSON object a message, told apart by type, and why it ends")
    void nativeClient() throws Exception {
        Person maria = Person.member(org);
        Native listener = new Native();
        WebSocket socket = HttpClient.newHttpClient()
                .newWebSocketBuilder()
                .connectTimeout(Duration.ofSeconds(5))
                .buildAsync(
                        URI.create("ws://localhost:" + realtime.port() + "/ws?token=" + realtime.token(maria)),
                        listener)
                .get(5, TimeUnit.SECONDS);
        assertThat(listener.next().path("type").textValue()).isEqualTo("connected");
        List<String> types = List.of(
                "entity.created", "entity.updated", "entity.deleted", "chat.message", "share.created", "share.revoked");
        for (String type : types) {
            realtime.publish(
                    org,
                    List.of(RunningRealtime.event(type, List.of("user-" + maria.userId(), "org"), Map.of("id", 1))));
        }
        for (String type : types) {
            JsonNode event = listener.next();
            assertThat(event.path("type").textValue()).isEqualTo(type);
            assertThat(event.path("payload").isObject()).isTrue();
            assertThat(event.path("timestamp").textValue())
                    .matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}Z");
        }
        socket.sendText("{\"type\":\"heartbeat\"}", true).get(5, TimeUnit.SECONDS);
        assertThat(listener.next().path("type").textValue()).isEqualTo("heartbeat_ack");
        realtime.publish(
                org, List.of(RunningRealtime.event("session.revoked", List.of(), Map.of("user_id", maria.userId()))));
        assertThat(listener.next().path("type").textValue()).isEqualTo("disconnect");
        assertThat(listener.closed.get(5, TimeUnit.SECONDS)).isEqualTo("1008 token_revoked");
    }

    @Test
    @DisplayName("S1-001 S1-002 S1-003 S1-009 HR sees every property, a manager its own; the roles are HR and MANAGER")
    void roles() {
        assertThat(Arrays.stream(Role.values()).map(Role::name)).contains("HR", "MANAGER");
        Person hr = Person.hr(org);
        Person manager = Person.manager(org, "one");
        TestSocket office = realtime.connect(hr);
        TestSocket desk = realtime.connect(manager);
        for (String property : List.of("one", "two")) {
            realtime.publish(
                    org,
                    List.of(RunningRealtime.event(
                            "application.submitted",
                            List.of("property-" + property, "global"),
                            Map.of("property_id", property))));
        }
        assertThat(office.next("application.submitted")
                        .at("/payload/property_id")
                        .textValue())
                .isEqualTo("one");
        assertThat(office.next("application.submitted")
                        .at("/payload/property_id")
                        .textValue())
                .isEqualTo("two");
        assertThat(desk.next("application.submitted").at("/payload/property_id").textValue())
                .isEqualTo("one");
        desk.hearsNothingElse();
        desk.send(Map.of("type", "subscribe", "room", "property-two"));
        assertThat(desk.next("error").at("/payload/code").textValue()).isEqualTo("forbidden_room");
        desk.send(Map.of("type", "get_stats"));
        assertThat(desk.next("error").at("/payload/code").textValue()).isEqualTo("forbidden");
        office.send(Map.of("type", "get_stats"));
        office.next("stats");
    }

    @Test
    @DisplayName(
            "S1-032 S1-033 S1-034 S1-035 S2-061 the seeds' other events reach their rooms under their dotted names")
    void otherEvents() {
        TestSocket manager = realtime.connect(Person.manager(org, "one"));
        Map<String, String> byAlias = Map.of(
                "application_rejected", "application.rejected",
                "onboarding_started", "onboarding.started",
                "onboarding_form_submitted", "onboarding.form_submitted",
                "form_submitted", "onboarding.form_submitted",
                "onboarding_completed", "onboarding.completed",
                "call_created", "call.created",
                "call_updated", "call.updated");
        byAlias.forEach((alias, type) -> {
            realtime.broadcast(org, "property-one", alias, Map.of("property_id", "one", "id", alias));
            assertThat(manager.next(type).at("/payload/id").textValue()).isEqualTo(alias);
        });
    }
}
