package dev.bellhop.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.api.RunningApi.Answer;
import dev.bellhop.api.RunningApi.User;
import dev.bellhop.model.config.Env;
import dev.bellhop.model.security.Role;
import dev.bellhop.model.wire.Json;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Input that is meant to do harm, beyond what the tests of single resources send. */
class HostileInputTest {
    @RegisterExtension
    static final RunningApi api = new RunningApi();

    private static final HttpClient parallel =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private static User hr;
    private static User colleague;
    private static User stranger;

    @BeforeAll
    static void organizations() {
        UUID orgId = api.organization("Harbor Hotels");
        hr = api.user(orgId, Role.HR);
        colleague = api.user(orgId, Role.HR);
        stranger = api.user(api.organization("Summit Stays"), Role.HR);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "'; drop table entity; --",
                "' or '1'='1",
                "\\'; select pg_sleep(9); --",
                "$$; delete from outbox; $$",
                "%' union select password_hash from member --",
                ":orgId <name> ?",
                "{\"$ne\":null}"
            })
    @DisplayName("F4 SQL in a text is text: stored and found as it is, in every field, filter and sort")
    void sqlIsText(String text) {
        UUID orgId = api.organization("SQL");
        User user = api.user(orgId, Role.HR);
        String body = Json.text(Map.of("type", "lead", "name", text, "notes", text));
        Answer created = api.post(user, "/api/v1/entities", body);
        assertThat(created.status()).isEqualTo(201);
        assertThat(created.json().path("name").textValue()).isEqualTo(text);
        assertThat(created.json().path("notes").textValue()).isEqualTo(text);
        String encoded = URLEncoder.encode(text, StandardCharsets.UTF_8);
        JsonNode found = api.get(user, "/api/v1/entities?q=" + encoded).json().path("items");
        assertThat(found).hasSize(1);
        for (String parameter : List.of("sort", "status", "type", "owner_id", "department_id", "cursor")) {
            assertThat(api.get(user, "/api/v1/entities?" + parameter + "=" + encoded)
                            .status())
                    .as(parameter)
                    .isEqualTo(400);
        }
        assertThat(api.get(stranger, "/api/v1/entities?q=" + encoded).json().path("items"))
                .isEmpty();
    }

    @Test
    @DisplayName("F5 a cursor is good for the caller who got it, not for a colleague and not for a stranger")
    void cursors() {
        for (int i = 0; i < 3; i++) {
            api.post(hr, "/api/v1/departments", "{\"name\":\"page " + i + "\"}");
        }
        String next = api.get(hr, "/api/v1/departments?limit=1")
                .json()
                .path("next_cursor")
                .textValue();
        String path = "/api/v1/departments?limit=1&cursor=" + next;
        assertThat(api.get(hr, path).status()).isEqualTo(200);
        for (User other : List.of(colleague, stranger)) {
            Answer refused = api.get(other, path);
            assertThat(refused.status()).isEqualTo(400);
            assertThat(refused.json().path("type").textValue()).isEqualTo("/problems/invalid_cursor");
        }
    }

    @Test
    @DisplayName("F8 nesting, digits, exponents, names and counts beyond all reason are 400, and cost next to nothing")
    void bombs() {
        String entity = "{\"type\":\"lead\",\"name\":\"a\",\"notes\":%s}";
        List<String> bombs = List.of(
                entity.formatted("[".repeat(100_000)),
                entity.formatted("9".repeat(2_000)),
                entity.formatted("1e999999"),
                entity.formatted("-1E+999999999"),
                entity.formatted("1e-999999"),
                "{\"" + "n".repeat(300) + "\":1}",
                entity.formatted("[" + "0,".repeat(20_000) + "0]"));
        for (String bomb : bombs) {
            api.post(hr, "/api/v1/entities", bomb);
            long start = System.nanoTime();
            Answer answer = api.post(hr, "/api/v1/entities", bomb);
            Duration time = Duration.ofNanos(System.nanoTime() - start);
            assertThat(answer.status()).as(bomb.substring(0, 40)).isEqualTo(400);
            assertThat(answer.json().path("type").textValue()).isEqualTo("/problems/malformed-json");
            assertThat(time).isLessThan(Duration.ofSeconds(1));
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"started_at\":\"2026-01-01T12:00:00Z\",\"duration_s\":\"1\"}",
                "{\"started_at\":\"2026-01-01T12:00:00Z\",\"duration_s\":1.5}",
                "{\"started_at\":\"2026-01-01T12:00:00Z\",\"duration_s\":true}",
                "{\"started_at\":\"2026-01-01T12:00:00Z\",\"duration_s\":9999999999}",
                "{\"started_at\":1767268800}"
            })
    @DisplayName("F9 F11 nothing is coerced: a number in quotes, half a second or a flag is no whole number")
    void coercion(String fields) {
        UUID entity = api.post(hr, "/api/v1/entities", "{\"type\":\"lead\",\"name\":\"a\"}")
                .id();
        Answer answer = api.post(hr, "/api/v1/calls", "{\"entity_id\":\"" + entity + "\"," + fields.substring(1));
        assertThat(answer.status()).isEqualTo(422);
        assertThat(answer.json().path("errors")).hasSize(1);
    }

    @Test
    @DisplayName("F12 a body of no named type is 415")
    void noMediaType() {
        HttpRequest.Builder request =
                api.request(hr, "/api/v1/entities").POST(BodyPublishers.ofString("{\"type\":\"lead\",\"name\":\"a\"}"));
        assertThat(api.send(request).status()).isEqualTo(415);
    }

    @Test
    @DisplayName("F14 a body without a length is 413 beyond 1 MiB; a compressed one is 415 and never inflated")
    void bodies() throws IOException {
        byte[] large = ("{\"name\":\"" + "x".repeat(2 << 20) + "\"}").getBytes(StandardCharsets.UTF_8);
        HttpRequest.Builder chunked = api.request(hr, "/api/v1/entities", "Content-Type", "application/json")
                .POST(BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(large)));
        assertThat(api.send(chunked).status()).isEqualTo(413);

        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
            for (int i = 0; i < 64; i++) {
                gzip.write(new byte[1 << 20]);
            }
        }
        HttpRequest.Builder bomb = api.request(
                        hr, "/api/v1/entities", "Content-Type", "application/json", "Content-Encoding", "gzip")
                .POST(BodyPublishers.ofByteArray(packed.toByteArray()));
        Answer refused = api.send(bomb);
        assertThat(refused.status()).isEqualTo(415);
        assertThat(refused.header("Content-Type")).startsWith("application/problem+json");
    }

    @Test
    @DisplayName("S1-073 F15 markup is kept as it was written and leaves as bytes that no browser takes for markup")
    void markup() {
        String text = "<script>alert('x & y')</script>\u2028<img src=x onerror=alert(1)>\u2029\u00e9\ud83c\udfe8";
        Answer created =
                api.post(hr, "/api/v1/entities", Json.text(Map.of("type", "lead", "name", "a", "notes", text)));
        Answer read = api.get(hr, created.header("Location"));
        assertThat(read.json().path("notes").textValue()).isEqualTo(text);
        assertThat(read.text()).doesNotContain("<", ">", "&", "'", "\u2028", "\u2029");
        assertThat(read.header("X-Content-Type-Options")).isEqualTo("nosniff");
        assertThat(read.header("Content-Type")).startsWith("application/json");
        assertThat(api.jdbi()
                        .<String, RuntimeException>withHandle(
                                h -> h.createQuery("select notes from entity where id = :id")
                                        .bind("id", created.id())
                                        .mapTo(String.class)
                                        .one()))
                .isEqualTo(text);
        Answer fault = api.post(hr, "/api/v1/entities", "{\"<script>alert(1)</script>\":1}");
        assertThat(fault.status()).isEqualTo(422);
        assertThat(fault.text()).doesNotContain("<", ">");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "file:///etc/passwd",
                "gopher://127.0.0.1:70/",
                "http://user:password@127.0.0.1:8081",
                "http://127.0.0.1:8081/?to=x",
                "//127.0.0.1:8081",
                "http://",
                "127.0.0.1:8081"
            })
    @DisplayName("F20 the one address that the service calls comes from its settings, and is a plain http address")
    void realtimeUrl(String url) {
        Map<String, String> settings = api.settings();
        settings.put("BELLHOP_REALTIME_URL", url);
        assertThatThrownBy(() -> Config.from(settings))
                .isInstanceOf(Env.Faults.class)
                .hasMessageContaining("BELLHOP_REALTIME_URL")
                .hasMessageNotContaining("password");
    }

    @Test
    @DisplayName(
            "F22 of twenty writers who saw the same version one goes through, the others get 412, and there is one event")
    void staleWriters() {
        Answer created = api.post(hr, "/api/v1/entities", "{\"type\":\"lead\",\"name\":\"a\"}");
        List<CompletableFuture<HttpResponse<String>>> writers = IntStream.range(0, 20)
                .mapToObj(n -> send(api.request(
                                hr,
                                created.header("Location"),
                                "Content-Type",
                                "application/json",
                                "If-Match",
                                created.header("ETag"))
                        .method("PATCH", BodyPublishers.ofString("{\"name\":\"writer " + n + "\"}"))))
                .toList();
        List<Integer> statuses =
                writers.stream().map(writer -> writer.join().statusCode()).toList();
        assertThat(statuses).containsOnly(200, 412);
        assertThat(statuses.stream().filter(status -> status == 200)).hasSize(1);
        api.delete(hr, created.header("Location"));
        assertThat(api.eventsOf(hr.orgId(), "id", created.id(), 3))
                .extracting(Receiver.Logged::type)
                .containsExactly("entity.created", "entity.updated", "entity.deleted");
    }

    private static CompletableFuture<HttpResponse<String>> send(HttpRequest.Builder request) {
        return parallel.sendAsync(request.build(), BodyHandlers.ofString());
    }

    @Test
    @DisplayName("F23 an organisation that floods the service uses up its own requests and nobody else's")
    void noisyNeighbour() {
        Map<String, String> settings = api.settings();
        settings.put("BELLHOP_REQUESTS_PER_MINUTE", "100");
        UUID noisy = api.organization("Noisy");
        List<User> users = List.of(api.user(noisy, Role.HR), api.user(noisy, Role.MEMBER));
        try (ApiService limited = ApiService.start(Config.from(settings))) {
            URI entities = URI.create("http://127.0.0.1:" + limited.port() + "/api/v1/entities");
            List<CompletableFuture<HttpResponse<String>>> flood = new ArrayList<>();
            for (int i = 0; i < 400; i++) {
                flood.add(send(post(entities, users.get(i % 2))));
            }
            for (int i = 0; i < 20; i++) {
                assertThat(send(post(entities, stranger)).join().statusCode()).isEqualTo(201);
            }
            int admitted = 0;
            for (CompletableFuture<HttpResponse<String>> call : flood) {
                HttpResponse<String> answer = call.join();
                assertThat(answer.statusCode()).isIn(201, 429);
                assertThat(answer.headers().firstValue("RateLimit-Policy")).contains("\"requests\";q=100;w=60");
                if (answer.statusCode() == 429) {
                    assertThat(answer.headers().firstValueAsLong("Retry-After").orElse(0))
                            .isBetween(1L, 61L);
                } else {
                    admitted++;
                }
            }
            assertThat(admitted).isEqualTo(100);
        }
        // Off unless it is set.
        assertThat(api.get(users.get(0), "/api/v1/entities")
                        .response()
                        .headers()
                        .firstValue("RateLimit-Policy"))
                .isEmpty();
    }

    @Test
    @DisplayName("F23 calls of somebody who has left take nothing of the organisation's requests")
    void gone() {
        Map<String, String> settings = api.settings();
        settings.put("BELLHOP_REQUESTS_PER_MINUTE", "100");
        UUID left = api.organization("Left");
        User gone = api.user(left, Role.HR);
        User active = api.user(left, Role.HR);
        api.jdbi().useHandle(h -> h.execute("update member set status = 'disabled' where id = ?", gone.id()));
        try (ApiService limited = ApiService.start(Config.from(settings))) {
            URI entities = URI.create("http://127.0.0.1:" + limited.port() + "/api/v1/entities");
            for (int i = 0; i < 120; i++) {
                assertThat(send(post(entities, gone)).join().statusCode()).isEqualTo(401);
            }
            assertThat(send(post(entities, active)).join().statusCode()).isEqualTo(201);
        }
    }

    private static HttpRequest.Builder post(URI address, User user) {
        return HttpRequest.newBuilder(address)
                .header("Authorization", "Bearer " + user.token())
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString("{\"type\":\"lead\",\"name\":\"a\"}"));
    }

    @Test
    @DisplayName("A17 an unknown user costs the same hash as a wrong password")
    void loginTime() {
        List<Long> known = new ArrayList<>();
        List<Long> unknown = new ArrayList<>();
        for (int account = 0; account < 5; account++) {
            User user = api.user(hr.orgId(), Role.MEMBER);
            for (int attempt = 0; attempt < 5; attempt++) {
                known.add(timeOfLogin(user.email()));
                unknown.add(timeOfLogin(UUID.randomUUID() + "@test.example"));
            }
        }
        long ofKnown = median(known);
        long ofUnknown = median(unknown);
        // Without the hash it would be a hundredth.
        assertThat(ofUnknown).isBetween(ofKnown * 3 / 4, ofKnown * 4 / 3);
    }

    private static long timeOfLogin(String email) {
        long start = System.nanoTime();
        assertThat(api.login(email, "wrong").status()).isEqualTo(401);
        return System.nanoTime() - start;
    }

    private static long median(List<Long> times) {
        times.sort(null);
        return times.get(times.size() / 2);
    }

    @Test
    @DisplayName(
            "A18 a thousand logins at once: five or so are checked, the rest get 429 or 503, and others are served")
    void loginFlood() {
        User victim = api.user(hr.orgId(), Role.MEMBER);
        List<CompletableFuture<HttpResponse<String>>> flood = new ArrayList<>();
        for (int i = 0; i < 1_000; i++) {
            flood.add(send(api.request(null, "/api/v1/auth/login", "Content-Type", "application/json")
                    .POST(BodyPublishers.ofString(
                            Json.text(Map.of("email", victim.email(), "password", "guess " + i))))));
        }
        long start = System.nanoTime();
        assertThat(api.get(victim, "/api/v1/me").status()).isEqualTo(200);
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
        int checked = 0;
        Set<Integer> statuses = new HashSet<>();
        for (CompletableFuture<HttpResponse<String>> login : flood) {
            HttpResponse<String> answer = login.join();
            statuses.add(answer.statusCode());
            if (answer.statusCode() == 401) {
                checked++;
            } else {
                assertThat(answer.headers().firstValueAsLong("Retry-After").orElse(0))
                        .isPositive();
            }
        }
        assertThat(statuses).contains(429).isSubsetOf(401, 429, 503);
        assertThat(checked).isBetween(5, 4 + Runtime.getRuntime().availableProcessors());
        User other = api.user(hr.orgId(), Role.MEMBER);
        assertThat(api.login(other.email(), RunningApi.PASSWORD).status()).isEqualTo(200);
        await().atMost(Duration.ofSeconds(5))
                .until(() -> api.get(victim, "/api/v1/me").status() == 200);
    }
}
