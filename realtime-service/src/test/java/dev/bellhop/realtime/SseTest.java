package dev.bellhop.realtime;

import static dev.bellhop.realtime.testing.RunningRealtime.event;
import static dev.bellhop.realtime.testing.RunningRealtime.ticks;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.model.wire.Json;
import dev.bellhop.realtime.testing.Person;
import dev.bellhop.realtime.testing.RawSocket;
import dev.bellhop.realtime.testing.RunningRealtime;
import dev.bellhop.realtime.testing.RunningRealtime.Answer;
import dev.bellhop.realtime.testing.RunningRealtime.SseEvent;
import dev.bellhop.realtime.testing.RunningRealtime.TestStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import okhttp3.Request;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** {@code GET /events}, by OkHttp's reader and, line by line, as {@code curl -N} shows it. */
class SseTest {
    @RegisterExtension
    static final RunningRealtime realtime = new RunningRealtime()
            .with("BELLHOP_ALLOWED_ORIGINS", "https://app.example https://hr.example:8443")
            .with("BELLHOP_PING_INTERVAL_MS", "300");

    private final UUID org = UUID.randomUUID();

    /** A stream as its lines come in, by the JDK's client, which sends no Accept header, as curl sends a general one. */
    private static final class Lines implements AutoCloseable {
        final HttpResponse<Stream<String>> response;
        private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
        private final CompletableFuture<Void> reader;

        Lines(String path) throws Exception {
            response = HttpClient.newHttpClient()
                    .send(
                            HttpRequest.newBuilder(URI.create(realtime.url(path)))
                                    .build(),
                            HttpResponse.BodyHandlers.ofLines());
            reader = CompletableFuture.runAsync(() -> response.body().forEach(lines::add));
        }

        String next() throws InterruptedException {
            String line = lines.poll(5, TimeUnit.SECONDS);
            assertThat(line).as("a line within 5 s").isNotNull();
            return line;
        }

        /** The lines of the next event; comments before it are passed over. */
        List<String> nextEvent() throws InterruptedException {
            List<String> event = new ArrayList<>();
            for (String line = next(); !line.isEmpty() || event.isEmpty(); line = next()) {
                if (!line.isEmpty() && !line.startsWith(":")) {
                    event.add(line);
                }
            }
            return event;
        }

        List<String> nextEvent(String type) throws InterruptedException {
            List<String> event = nextEvent();
            while (!event.contains("event: " + type)) {
                assertThat(event).as("only pings in between").contains("event: ping");
                event = nextEvent();
            }
            return event;
        }

        @Override
        public void close() {
            reader.cancel(true);
            response.body().close();
        }
    }

    private String path(Person person) {
        return "/events?token=" + realtime.token(person);
    }

    private static SseEvent nextTick(TestStream stream) {
        return stream.next("custom.tick");
    }

    private Request.Builder request(Person person) {
        return new Request.Builder().url(realtime.url(path(person)));
    }

    @Test
    @DisplayName("the lines are as a plain curl -N shows them: field, colon, one space, value; data on one line")
    void lines() throws Exception {
        Person member = Person.member(org);
        try (Lines lines = new Lines(path(member))) {
            assertThat(lines.response.statusCode()).isEqualTo(200);
            assertThat(lines.response.headers().firstValue("Content-Type"))
                    .hasValueSatisfying(type -> assertThat(type).startsWith("text/event-stream"));
            assertThat(lines.response.headers().firstValue("Cache-Control")).contains("no-store");
            assertThat(lines.response.headers().map()).doesNotContainKey("set-cookie");
            assertThat(lines.next()).isEqualTo("retry: 2000");
            assertThat(lines.next()).isEmpty();
            List<String> hello = lines.nextEvent();
            assertThat(hello).hasSize(3);
            assertThat(hello.get(0)).matches("id: [A-Za-z0-9._~-]{1,200}");
            assertThat(hello.get(1)).isEqualTo("event: connected");
            assertThat(hello.get(2)).startsWith("data: {\"type\":\"connected\",\"payload\":{");

            String nasty = "a\r\nb\rc\ndata: injected\n\nid: 7\u2028\u0000";
            realtime.publish(org, List.of(event("custom.nasty", List.of("org"), Map.of("text", nasty, "data: ", 1))));
            List<String> event = lines.nextEvent("custom.nasty");
            assertThat(event).hasSize(3);
            JsonNode data = Json.tree(event.get(2).substring("data: ".length()));
            assertThat(data.path("payload").path("text").textValue()).isEqualTo(nasty);
            assertThat(event.get(0)).isEqualTo("id: " + data.path("cursor").textValue());
        }
    }

    @Test
    @DisplayName("S2-005 comments keep the line busy, and pings carry the cursor")
    void comments() throws Exception {
        try (Lines lines = new Lines(path(Person.member(org)))) {
            int comments = 0;
            while (comments < 3) {
                if (lines.next().equals(":")) {
                    comments++;
                }
            }
            assertThat(lines.nextEvent("ping")).anyMatch(line -> line.startsWith("id: "));
        }
    }

    @Test
    @DisplayName("the token may come in the Authorization header")
    void header() {
        Person hr = Person.hr(org);
        try (TestStream stream = realtime.stream(new Request.Builder()
                .url(realtime.url("/events?rooms=property-7,user-else,%2A"))
                .header("Authorization", "Bearer " + realtime.token(hr))
                .build())) {
            JsonNode hello = stream.next("connected").data().path("payload");
            assertThat(hello.path("rooms").toString()).contains("property-7", "global");
            SseEvent forbidden = stream.next("error");
            assertThat(forbidden.data().has("cursor")).isFalse();
            assertThat(forbidden.data().path("payload").path("code").textValue())
                    .isEqualTo("forbidden_room");
            assertThat(stream.next("error").data().path("payload").path("code").textValue())
                    .isEqualTo("unknown_room");
        }
    }

    @Test
    @DisplayName("S2-064 Last-Event-ID resumes, and wins over the cursor in the address")
    void resume() {
        Person member = Person.member(org);
        String start;
        String afterTwo;
        try (TestStream stream = realtime.stream(request(member).build())) {
            start = stream.next("connected").id();
            realtime.publish(org, ticks(0, 2, "org"));
            nextTick(stream);
            afterTwo = nextTick(stream).id();
        }
        realtime.publish(org, ticks(2, 3, "org"));
        realtime.publish(org, ticks(90, 1, "global"));
        try (TestStream stream = realtime.stream(new Request.Builder()
                .url(realtime.url(path(member) + "&cursor=" + start))
                .header("Last-Event-ID", afterTwo)
                .build())) {
            JsonNode hello = stream.next("connected").data().path("payload");
            assertThat(hello.path("recovered").asBoolean()).isTrue();
            assertThat(hello.path("replayed").asInt()).isEqualTo(3);
            for (int n = 2; n < 5; n++) {
                assertThat(nextTick(stream).data().path("payload").path("n").asInt())
                        .isEqualTo(n);
            }
            assertThat(stream.next("caught_up")
                            .data()
                            .path("payload")
                            .path("replayed")
                            .asInt())
                    .isEqualTo(3);
        }
        try (TestStream stream = realtime.stream(new Request.Builder()
                .url(realtime.url(path(member) + "&cursor=" + start))
                .build())) {
            assertThat(stream.next("connected")
                            .data()
                            .path("payload")
                            .path("replayed")
                            .asInt())
                    .isEqualTo(5);
        }
        for (String id : List.of("garbage", "1.e.1", "9".repeat(500))) {
            try (TestStream stream =
                    realtime.stream(request(member).header("Last-Event-ID", id).build())) {
                JsonNode hello = stream.next("connected").data().path("payload");
                assertThat(hello.path("recovered").asBoolean()).isFalse();
                assertThat(hello.path("reason").textValue()).isEqualTo("invalid_cursor");
            }
        }
    }

    @Test
    @DisplayName("S1-070 without a good token it is 401 with a problem and a challenge")
    void unauthorized() {
        Map<String, String> slugs = Map.of(
                "/events",
                "token-missing",
                "/events?token=",
                "token-missing",
                "/events?token=nonsense",
                "invalid-token",
                "/events?token=" + realtime.token(Person.service()),
                "invalid-token",
                "/events?token=" + realtime.token(Person.hr(org), Duration.ofMinutes(-1)),
                "token-expired");
        slugs.forEach((path, slug) -> {
            Answer answer = realtime.get(path, null);
            assertThat(answer.status()).isEqualTo(401);
            assertThat(answer.body().path("type").textValue()).isEqualTo("/problems/" + slug);
            assertThat(answer.headers().get("Content-Type")).startsWith("application/problem+json");
            assertThat(answer.headers().get("WWW-Authenticate")).startsWith("Bearer");
        });
    }

    @Test
    @DisplayName("A13 a token that was revoked is 401, so that the reader stops to come back")
    void revoked() {
        Person member = Person.member(org);
        String token = realtime.token(member);
        realtime.publish(
                org, List.of(event("member.removed", List.of("org"), Map.of("user_id", member.userId(), "ver", 2))));
        for (String query : List.of("", "&history=5", "&cursor=e.1.0")) {
            Answer answer = realtime.get("/events?token=" + token + query, null);
            assertThat(answer.status()).isEqualTo(401);
            assertThat(answer.body().path("type").textValue()).isEqualTo("/problems/token-revoked");
        }
    }

    @Test
    @DisplayName("A15 at the end of the token comes disconnect, then the end of the stream")
    void expiry() throws Exception {
        String token = realtime.token(Person.member(org), Duration.ofSeconds(2));
        try (TestStream stream = realtime.stream(new Request.Builder()
                .url(realtime.url("/events?token=" + token))
                .build())) {
            stream.next("connected");
            stream.next("token_expiring");
            JsonNode last = stream.next("disconnect").data().path("payload");
            assertThat(last.path("code").asInt()).isEqualTo(1008);
            assertThat(last.path("reason").textValue()).isEqualTo("token_expired");
            assertThat(last.path("reconnect").asBoolean()).isTrue();
            assertThat(stream.ended()).isEqualTo(200);
        }
    }

    @Test
    @DisplayName("C14 a reader that stalls blocks nobody and is ended")
    void slowReader() {
        Person member = Person.member(org);
        try (RawSocket stalled = new RawSocket(realtime.port(), 4096);
                TestStream quick = realtime.stream(member)) {
            stalled.send("GET " + path(member) + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
            assertThat(stalled.head()).startsWith("HTTP/1.1 200 ");
            quick.next("connected");
            String padding = "x".repeat(60_000);
            for (int n = 0; n < 150; n++) {
                realtime.publish(
                        org, List.of(event("custom.tick", List.of("org"), Map.of("n", n, "padding", padding))));
                assertThat(nextTick(quick).data().path("payload").path("n").asInt())
                        .isEqualTo(n);
            }
            String admin = realtime.token(Person.admin(org));
            await().atMost(Duration.ofSeconds(15))
                    .untilAsserted(() -> assertThat(realtime.get("/ws/stats", admin)
                                    .body()
                                    .path("connections")
                                    .asInt())
                            .isEqualTo(1));
        }
    }

    @Test
    @DisplayName("F18 pages of the configured origins may read it, others are told 403, and nothing allows credentials")
    void cors() {
        for (String origin : List.of("https://app.example", "https://hr.example:8443")) {
            Answer preflight = realtime.call(new Request.Builder()
                    .url(realtime.url("/events"))
                    .method("OPTIONS", null)
                    .header("Origin", origin)
                    .header("Access-Control-Request-Method", "GET")
                    .header("Access-Control-Request-Headers", "authorization"));
            assertThat(preflight.status()).isEqualTo(204);
            assertThat(preflight.headers()).containsEntry("Access-Control-Allow-Origin", origin);
            assertThat(preflight.headers().get("Access-Control-Allow-Headers")).contains("Authorization");
            Answer refused = realtime.call(
                    new Request.Builder().url(realtime.url("/events")).header("Origin", origin));
            assertThat(refused.status()).isEqualTo(401);
            assertThat(refused.headers())
                    .containsEntry("Access-Control-Allow-Origin", origin)
                    .containsEntry("Vary", "Origin")
                    .doesNotContainKey("Access-Control-Allow-Credentials");
        }
        for (String origin : List.of(
                "https://evil.example",
                "null",
                "http://app.example",
                "https://app.example:444",
                "https://APP.example",
                "https://app.example.evil.example",
                "*")) {
            Answer answer = realtime.call(request(Person.member(org)).header("Origin", origin));
            assertThat(answer.status()).as(origin).isEqualTo(403);
            assertThat(answer.headers()).doesNotContainKey("Access-Control-Allow-Origin");
        }
    }

    private TestStream streamOf(Person person) {
        return realtime.stream(request(person).build());
    }

    @Test
    @DisplayName("S2-040 S2-041 each stream hears its own organisation and its own rooms")
    void isolation() {
        Person maria = Person.manager(org, "a");
        Person stranger = Person.hr(UUID.randomUUID());
        try (TestStream ours = streamOf(maria);
                TestStream theirs = streamOf(stranger)) {
            ours.next("connected");
            theirs.next("connected");
            realtime.publish(org, ticks(0, 1, "property-b", "global"));
            realtime.publish(org, ticks(1, 1, "user-" + maria.userId()));
            realtime.publish(stranger.orgId(), ticks(2, 1, "org"));
            assertThat(nextTick(ours).data().path("payload").path("n").asInt()).isEqualTo(1);
            assertThat(nextTick(theirs).data().path("payload").path("n").asInt())
                    .isEqualTo(2);
        }
    }

    // ---- history ----

    private TestStream history(Person person, String query) {
        return realtime.stream(new Request.Builder()
                .url(realtime.url("/events?token=" + realtime.token(person) + query))
                .build());
    }

    private static List<Integer> numbers(TestStream stream, int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> stream.next("custom.tick")
                        .data()
                        .path("payload")
                        .path("n")
                        .asInt())
                .toList();
    }

    @Test
    @DisplayName("S2-064 history=N starts with the newest N events that this person may see, then goes on live")
    void newestFirst() {
        Person maria = Person.manager(org, "a");
        for (int n = 0; n < 20; n++) {
            realtime.publish(org, RunningRealtime.ticks(n, 1, n % 2 == 0 ? "property-a" : "property-b"));
        }
        try (TestStream stream = history(maria, "&history=3")) {
            JsonNode hello = stream.next("connected").data().path("payload");
            assertThat(hello.path("recovered").asBoolean()).isFalse();
            assertThat(hello.has("reason")).isFalse();
            assertThat(hello.path("replayed").asInt()).isEqualTo(3);
            assertThat(numbers(stream, 3)).containsExactly(14, 16, 18);
            assertThat(stream.next("caught_up").data().at("/payload/replayed").asInt())
                    .isEqualTo(3);
            realtime.publish(org, RunningRealtime.ticks(20, 1, "property-a"));
            assertThat(numbers(stream, 1)).containsExactly(20);
        }
        try (TestStream stream = history(Person.hr(org), "&history=2&rooms=property-b,property-a")) {
            stream.next("connected");
            assertThat(numbers(stream, 2)).containsExactly(19, 20);
        }
        try (TestStream stream = history(maria, "&history=1000")) {
            stream.next("connected");
            assertThat(numbers(stream, 11)).containsExactly(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20);
            stream.next("caught_up");
        }
        try (TestStream stream = history(Person.member(org), "&history=5")) {
            assertThat(stream.next("connected").data().at("/payload/replayed").asInt())
                    .isZero();
            stream.next("caught_up");
        }
        try (TestStream stream = history(Person.member(UUID.randomUUID()), "&history=5")) {
            stream.next("connected");
            stream.next("caught_up");
        }
    }

    @Test
    @DisplayName("S2-064 a cursor wins over history, and a history that is no count is 400")
    void cursorWins() {
        Person maria = Person.member(org);
        String third = "";
        for (int n = 0; n < 6; n++) {
            String cursor = realtime.broadcast(org, "org", "custom.tick", Map.of("n", n))
                    .body()
                    .path("cursor")
                    .textValue();
            third = n == 2 ? cursor : third;
        }
        try (TestStream stream = history(maria, "&history=1&cursor=" + third)) {
            assertThat(stream.next("connected").data().at("/payload/recovered").asBoolean())
                    .isTrue();
            assertThat(numbers(stream, 3)).containsExactly(3, 4, 5);
        }
        for (String bad : List.of("0", "1001", "-1", "ten", "1e2", "", "99999999999999999999")) {
            RunningRealtime.Answer answer = realtime.get("/events?history=" + bad, realtime.token(maria));
            assertThat(answer.status()).as(bad).isEqualTo(400);
            assertThat(answer.body().path("type").textValue()).isEqualTo("/problems/invalid-history");
        }
    }
}
