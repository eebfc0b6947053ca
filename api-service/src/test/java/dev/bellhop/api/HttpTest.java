package dev.bellhop.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.bellhop.api.RunningApi.Answer;
import dev.bellhop.api.RunningApi.User;
import dev.bellhop.model.security.Role;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jdbi.v3.core.Handle;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What holds for every route: errors, headers, limits. */
class HttpTest {
    @RegisterExtension
    static final RunningApi api = new RunningApi();

    private static final String ENTITY = "{\"type\":\"lead\",\"name\":\"x\"}";
    private static User hr;

    @BeforeAll
    static void organization() {
        hr = api.user(api.organization("Harbor Hotels"), Role.HR);
    }

    private static void assertProblem(Answer answer, int status) {
        assertThat(answer.status()).isEqualTo(status);
        assertThat(answer.header("Content-Type")).startsWith("application/problem+json");
        assertThat(answer.json().path("status").asInt()).isEqualTo(status);
        assertThat(answer.json().path("title").textValue()).isNotBlank();
        assertThat(answer.text())
                .doesNotContain("Exception")
                .doesNotContain("dev.bellhop")
                .doesNotContain("select ");
        assertThat(answer.header("X-Content-Type-Options")).isEqualTo("nosniff");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "null",
                "[]",
                "7",
                "\"x\"",
                "{",
                "{\"type\":\"lead\"} x",
                "{'a':1}",
                "{\"type\":\"lead\",\"type\":\"lead\",\"name\":\"x\"}",
                "{\"name\":1e999999999999999999999999999999999999999999999999999999999999999999999}"
            })
    @DisplayName("F7 F8 F9 a body that is not one strict JSON object is 400")
    void malformed(String body) {
        assertProblem(api.post(hr, "/api/v1/entities", body), 400);
    }

    @Test
    @DisplayName("F8 F14 nesting beyond 64 is 400, a body beyond 1 MiB is 413, a compressed one 415")
    void limits() {
        assertProblem(api.post(hr, "/api/v1/entities", "{\"x\":".repeat(5_000)), 400);
        assertProblem(api.post(hr, "/api/v1/entities", "{\"x\":" + "[".repeat(70) + "]".repeat(70) + "}"), 400);
        Answer large = api.post(
                hr, "/api/v1/entities", "{\"x\":\"" + "y".repeat(1_100_000) + "\"}", "X-Request-Id", "too-large-1");
        assertThat(large.status()).isEqualTo(413);
        assertThat(large.header("X-Request-Id")).isEqualTo("too-large-1");
        assertThat(large.json().path("request_id").textValue()).isEqualTo("too-large-1");
        assertThat(large.header("Content-Type")).startsWith("application/problem+json");
        assertProblem(api.post(hr, "/api/v1/entities", ENTITY, "Content-Encoding", "gzip"), 415);

        String lead = "{\"type\":\"lead\",\"name\":\"L\",\"notes\":\"" + "n".repeat(3_900) + "\"}";
        String almostFull = "[" + String.join(",", Collections.nCopies(260, lead)) + "]";
        assertThat(almostFull.length()).isBetween(1_000_000, 1 << 20);
        assertThat(api.post(hr, "/api/v1/entities/batch", almostFull).status()).isEqualTo(201);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "text/plain",
                "application/x-www-form-urlencoded",
                "application/json;charset=utf-16",
                "application/merge-patch+json"
            })
    @DisplayName("F12 F19 a body that does not say it is JSON in UTF-8 is 415")
    void mediaTypes(String type) {
        assertProblem(
                api.send(api.request(hr, "/api/v1/entities", "Content-Type", type)
                        .POST(BodyPublishers.ofString(ENTITY))),
                415);
    }

    @Test
    @DisplayName("a merge patch may say that it is one")
    void mergePatch() {
        String path = api.post(hr, "/api/v1/entities", ENTITY).header("Location");
        HttpRequest.Builder request = api.request(hr, path, "Content-Type", "application/merge-patch+json")
                .method("PATCH", BodyPublishers.ofString("{\"name\":\"y\"}"));
        assertThat(api.send(request).json().path("name").textValue()).isEqualTo("y");
    }

    @Test
    @DisplayName("bytes that are not UTF-8 are 400")
    void notUtf8() {
        byte[] latin = "{\"type\":\"lead\",\"name\":\"Zo\u00eb\"}".getBytes(StandardCharsets.ISO_8859_1);
        assertProblem(
                api.send(api.request(hr, "/api/v1/entities", "Content-Type", "application/json")
                        .POST(BodyPublishers.ofByteArray(latin))),
                400);
    }

    @ParameterizedTest
    @CsvSource({
        "text/html, 406",
        "application/json;q=0, 406",
        "application/json, 200",
        "*/*;q=0.1, 200",
        "'text/html, application/*', 200"
    })
    @DisplayName("F13 who reads no JSON gets 406")
    void accept(String accept, int status) {
        assertThat(api.get(hr, "/api/v1/me", "Accept", accept).status()).isEqualTo(status);
    }

    @ParameterizedTest
    @ValueSource(strings = {"99999999999999999999", "7", "0-0-0-0-0", "%00", "..%2f..%2fetc", "null"})
    @DisplayName("F11 an id that is none is 404 or 400, never 500")
    void ids(String id) {
        assertThat(api.get(hr, "/api/v1/entities/" + id).status()).isIn(400, 404);
    }

    @Test
    @DisplayName("an unknown address is 404, a wrong verb 405 with the right ones in Allow")
    void unknown() {
        assertProblem(api.get(hr, "/api/v1/nothing"), 404);
        assertProblem(api.get(null, "/nothing?a=%3Cb%3E"), 404);
        Answer wrong = api.delete(hr, "/api/v1/entities");
        assertProblem(wrong, 405);
        assertThat(wrong.header("Allow")).contains("GET").contains("POST").doesNotContain("DELETE");
        assertThat(api.get(null, "/nothing", "Accept", "text/html").header("Content-Type"))
                .startsWith("application/problem+json");
    }

    @Test
    @DisplayName("A12 a token in the query is 400; none is 401 with a challenge")
    void tokens() {
        assertProblem(api.get(hr, "/api/v1/me?token=" + hr.token()), 400);
        assertProblem(api.get(null, "/api/v1/me?access_token=x"), 400);
        Answer none = api.get(null, "/api/v1/me");
        assertProblem(none, 401);
        assertThat(none.header("WWW-Authenticate")).isEqualTo("Bearer");
        assertThat(api.get(null, "/api/v1/me", "Authorization", "Basic eDp5").status())
                .isEqualTo(401);
    }

    @Test
    @DisplayName("F17 the security headers stand on every answer, no cookie and no server name on any")
    void headers() {
        for (Answer answer : List.of(
                api.get(hr, "/api/v1/me"),
                api.get(null, "/api/v1/me"),
                api.get(null, "/nothing"),
                api.get(null, "/health/live"))) {
            assertThat(answer.header("X-Content-Type-Options")).isEqualTo("nosniff");
            assertThat(answer.header("Cache-Control")).isEqualTo("no-store");
            assertThat(answer.header("Content-Security-Policy")).contains("default-src 'none'");
            assertThat(answer.header("Set-Cookie")).isEmpty();
            assertThat(answer.header("Server")).isEmpty();
            assertThat(answer.header("X-Request-Id")).isNotEmpty();
        }
        assertThat(api.get(hr, "/api/v1/me", "X-Request-Id", "abc_DEF-123").header("X-Request-Id"))
                .isEqualTo("abc_DEF-123");
        assertThat(api.get(hr, "/api/v1/me", "X-Request-Id", "short").header("X-Request-Id"))
                .hasSize(36);
    }

    @Test
    @DisplayName("F18 only origins on the list are told that they may read")
    void cors() {
        Answer allowed = api.get(hr, "/api/v1/me", "Origin", "https://dashboard.example");
        assertThat(allowed.header("Access-Control-Allow-Origin")).isEqualTo("https://dashboard.example");
        assertThat(allowed.header("Vary")).contains("Origin");
        assertThat(allowed.header("Access-Control-Allow-Credentials")).isEmpty();
        for (String origin : List.of("https://evil.example", "null", "https://dashboard.example.evil.example")) {
            assertThat(api.get(hr, "/api/v1/me", "Origin", origin).header("Access-Control-Allow-Origin"))
                    .isEmpty();
        }
        Answer preflight = api.send(api.request(
                        null,
                        "/api/v1/entities",
                        "Origin",
                        "https://dashboard.example",
                        "Access-Control-Request-Method",
                        "PATCH")
                .method("OPTIONS", BodyPublishers.noBody()));
        assertThat(preflight.status()).isEqualTo(204);
        assertThat(preflight.header("Access-Control-Allow-Methods")).contains("PATCH");
        assertThat(preflight.header("Access-Control-Allow-Headers")).contains("If-Match");
    }

    @Test
    @DisplayName("F25 health and metrics are open, say nothing of tenants, and a token closes the metrics")
    void health() {
        assertThat(api.get(null, "/health/live").status()).isEqualTo(200);
        assertThat(api.get(null, "/health/ready").status()).isEqualTo(200);
        String path = api.post(hr, "/api/v1/entities", ENTITY).header("Location");
        api.get(hr, path);
        String metrics = await().atMost(Duration.ofSeconds(5))
                .until(() -> api.get(null, "/metrics").text(), text -> text.contains("result=\"acked\""));
        assertThat(metrics)
                .contains("route=\"/api/v1/entities/{id}\"")
                .contains("bellhop_outbox_backlog")
                .contains("bellhop_relay_batches_total{result=\"acked\"}")
                .doesNotContain(hr.orgId().toString())
                .doesNotContain(path);
        Map<String, String> settings = api.settings();
        settings.put("BELLHOP_METRICS_TOKEN", "open sesame");
        try (ApiService closed = ApiService.start(Config.from(settings))) {
            HttpRequest.Builder request =
                    HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + closed.port() + "/metrics"));
            assertThat(api.send(request.copy()).status()).isEqualTo(401);
            assertThat(api.send(request.copy().header("Authorization", "Bearer open sesame"))
                            .status())
                    .isEqualTo(200);
        }
    }

    @Test
    @DisplayName("J1 an upgrade request is an ordinary request here: no session, no cookie")
    void upgrade() throws IOException {
        String answer = raw(String.join(
                "\r\n",
                "GET /ws HTTP/1.1",
                "Host: x",
                "Upgrade: websocket",
                "Connection: Upgrade",
                "Sec-WebSocket-Version: 13",
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
                "",
                ""));
        assertThat(answer).startsWith("HTTP/1.1 404").contains("problem+json").doesNotContain("Set-Cookie");
    }

    @Test
    @DisplayName("requests that never reach a route are problems too: bad paths, endless headers, no HTTP at all")
    void beforeTheRoutes() throws IOException {
        assertThat(raw("GET /api/v1/%2e%2e/metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
                .startsWith("HTTP/1.1 400")
                .contains("problem+json");
        assertThat(raw("GET / HTTP/1.1\r\nHost: x\r\nX: " + "y".repeat(20_000) + "\r\n\r\n"))
                .startsWith("HTTP/1.1 431")
                .doesNotContain("Jetty");
        assertThat(raw("\u0016\u0003\u0001\r\n\r\n")).startsWith("HTTP/1.1 400").doesNotContain("Jetty");
    }

    private static String raw(String request) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), api.port())) {
            socket.setSoTimeout(5_000);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
            socket.getOutputStream().flush();
            byte[] start = new byte[4_000];
            int length = 0;
            InputStream in = socket.getInputStream();
            for (int read = in.read(start); read > 0 && length < 3_000; read = in.read(start, length, 4_000 - length)) {
                length += read;
                if (new String(start, 0, length, StandardCharsets.ISO_8859_1).contains("}")) {
                    break;
                }
            }
            return new String(start, 0, length, StandardCharsets.ISO_8859_1);
        }
    }

    @Test
    @DisplayName("J7 300 bodies that dribble in take no threads from the others")
    void slowBodies() throws IOException {
        List<Socket> slow = new ArrayList<>();
        try {
            for (int i = 0; i < 300; i++) {
                Socket socket = new Socket(InetAddress.getLoopbackAddress(), api.port());
                slow.add(socket);
                OutputStream out = socket.getOutputStream();
                out.write(("POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                                + "Content-Length: 1000\r\n\r\n{")
                        .getBytes(StandardCharsets.ISO_8859_1));
                out.flush();
            }
            for (int i = 0; i < 5; i++) {
                long start = System.nanoTime();
                assertThat(api.get(hr, "/api/v1/me").status()).isEqualTo(200);
                assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(2));
            }
        } finally {
            for (Socket socket : slow) {
                socket.close();
            }
        }
    }

    @Test
    @DisplayName("F16 F21 F24 a database that does not answer in time is 503 with Retry-After, and says no more")
    void databaseBusy() {
        String path = api.post(hr, "/api/v1/entities", ENTITY).header("Location");
        try (Handle lock = api.jdbi().open()) {
            lock.begin();
            lock.execute("select 1 from entity where id::text = ? for update", path.substring(path.length() - 36));
            Answer answer = api.patch(hr, path, "{\"name\":\"y\"}");
            assertProblem(answer, 503);
            assertThat(Integer.parseInt(answer.header("Retry-After"))).isPositive();
            lock.rollback();
        }
        assertThat(api.patch(hr, path, "{\"name\":\"y\"}").status()).isEqualTo(200);
    }

    @Test
    @DisplayName("F39 a stop lets the request that is under way finish")
    void gracefulStop() {
        String path = api.post(hr, "/api/v1/entities", ENTITY).header("Location");
        ApiService second = ApiService.start(Config.from(api.settings()));
        CompletableFuture<Answer> change;
        CompletableFuture<Void> stop;
        try (Handle lock = api.jdbi().open()) {
            lock.begin();
            lock.execute("select 1 from entity where id::text = ? for update", path.substring(path.length() - 36));
            change = CompletableFuture.supplyAsync(
                    () -> api.send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + second.port() + path))
                            .header("Authorization", "Bearer " + hr.token())
                            .header("Content-Type", "application/json")
                            .method("PATCH", BodyPublishers.ofString("{\"name\":\"finished\"}"))));
            await().atMost(Duration.ofSeconds(3))
                    .until(() -> lock.createQuery("select count(*) from pg_locks where not granted")
                                    .mapTo(Long.class)
                                    .one()
                            > 0);
            stop = CompletableFuture.runAsync(second::close);
            lock.rollback();
        }
        assertThat(change.join().status()).isEqualTo(200);
        stop.join();
        assertThat(api.get(hr, path).json().path("name").textValue()).isEqualTo("finished");
    }
}
