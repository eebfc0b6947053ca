package dev.bellhop.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.bellhop.api.RunningApi.Answer;
import dev.bellhop.api.RunningApi.User;
import dev.bellhop.model.security.Role;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** What the service says of requests, as a process of its own with the log levels that it is shipped with. */
class RequestLogTest {
    @RegisterExtension
    static final RunningApi api = new RunningApi();

    private static final Pattern LISTENING = Pattern.compile("listens on port (\\d+)\\.");
    private static final String TRACE_ID = "0af7651916cd43dd8448eb211c80319c";

    @TempDir
    private static Path directory;

    private static Process process;
    private static URI address;
    private static User hr;

    @BeforeAll
    static void start() throws IOException {
        hr = api.user(api.organization("Harbor Hotels"), Role.HR);
        ProcessBuilder builder = new ProcessBuilder(
                System.getProperty("java.home") + "/bin/java",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                ApiService.class.getName());
        builder.environment().keySet().removeIf(name -> name.startsWith("BELLHOP_"));
        builder.environment().putAll(api.settings());
        process = builder.redirectErrorStream(true)
                .redirectOutput(new File(directory.toFile(), "output"))
                .start();
        Matcher listening = await().atMost(Duration.ofSeconds(60))
                .until(() -> LISTENING.matcher(String.join("\n", lines())), Matcher::find);
        address = URI.create("http://127.0.0.1:" + listening.group(1));
    }

    @AfterAll
    static void stop() {
        process.destroyForcibly();
    }

    private static List<String> lines(String... words) throws IOException {
        return Files.readAllLines(directory.resolve("output")).stream()
                .filter(line -> List.of(words).stream().allMatch(line::contains))
                .toList();
    }

    private static List<String> awaitLines(String... words) {
        return await().atMost(Duration.ofSeconds(5)).until(() -> lines(words), found -> !found.isEmpty());
    }

    /** @param user null for nobody */
    private static HttpRequest.Builder request(User user, String path, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(address.resolve(path));
        if (user != null) {
            request.header("Authorization", "Bearer " + user.token());
        }
        return headers.length == 0 ? request : request.headers(headers);
    }

    private static Answer get(User user, String path, String... headers) {
        return api.send(request(user, path, headers));
    }

    private static Answer post(User user, String path, String json, String... headers) {
        return api.send(request(user, path, headers)
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(json)));
    }

    @Test
    @DisplayName("S1-117 a request is one line: what was called, by whom, how it went, and the ids to follow it by")
    void line() throws IOException {
        Answer created = post(
                hr,
                "/api/v1/entities",
                "{\"type\":\"lead\",\"name\":\"canary of the body\"}",
                "X-Request-Id",
                "request-of-the-test",
                "traceparent",
                "00-" + TRACE_ID + "-b7ad6b7169203331-01");
        assertThat(created.status()).isEqualTo(201);
        List<String> lines = awaitLines("request-of-the-test");
        assertThat(lines).hasSize(1);
        assertThat(lines.get(0))
                .contains("INFO dev.bellhop.api.requests - method=POST route=/api/v1/entities status=201 ")
                .containsPattern(" ms=[0-9.E-]+ ")
                .contains(" trace_id=" + TRACE_ID + " ")
                .contains(" org_id=" + hr.orgId() + " ")
                .contains(" user_id=" + hr.id() + " ");

        get(hr, "/api/v1/entities/" + created.id(), "X-Request-Id", "request-for-one");
        assertThat(awaitLines("request-for-one").get(0))
                .contains("route=/api/v1/entities/{id} ")
                .doesNotContain(created.id().toString());
        get(null, "/api/v1/me", "X-Request-Id", "request-of-nobody");
        assertThat(awaitLines("request-of-nobody").get(0))
                .contains("method=GET route=/api/v1/me status=401 ")
                .doesNotContain("user_id");
        get(null, "/health/live", "X-Request-Id", "request-of-a-probe");
        get(hr, "/api/v1/me", "X-Request-Id", "request-after-it");
        awaitLines("request-after-it");
        assertThat(lines("request-of-a-probe")).isEmpty();
        assertThat(lines("canary of the body")).isEmpty();
    }

    @Test
    @DisplayName("A12 F16 no token, password or text of a caller gets into the log, so none can forge a line of it")
    void nothingOfTheCaller() throws IOException {
        String encoded = URLEncoder.encode("\n{\"level\":\"ERROR\",\"kestrel\":1}\u001b[31m", StandardCharsets.UTF_8);
        String escaped = "\\n{\\\"kestrel\\\":1}\\u001b[31m";
        get(hr, "/api/v1/entities/" + encoded);
        get(hr, "/api/v1/entities?q=" + encoded);
        get(hr, "/api/v1/kestrel/nothing");
        get(hr, "/api/v1/me", "X-Request-Id", "x\",\"kestrel\":\"1", "traceparent", "00-kestrel-kestrel-01");
        get(hr, "/api/v1/me", "User-Agent", "kestrel\t[31m", "Referer", "https://kestrel.example");
        get(hr, "/api/v1/me?token=kestrel");
        get(null, "/api/v1/me", "Authorization", "Bearer kestrel.kestrel.kestrel");
        post(hr, "/api/v1/entities", "{\"type\":\"lead\",\"name\":\"" + escaped + "\"}");
        post(hr, "/api/v1/entities", "{\"type\":\"lead\",\"name\":\"a\",\"notes\":\"" + escaped + "\"}");
        post(hr, "/api/v1/entities", "{\"" + escaped + "\":1}");
        post(hr, "/api/v1/entities", "kestrel", "Idempotency-Key", "kestrel");
        post(null, "/api/v1/auth/login", "{\"email\":\"kestrel@test.example\",\"password\":\"kestrel of a password\"}");
        get(hr, "/api/v1/me", "X-Request-Id", "the-last-of-these");
        awaitLines("the-last-of-these");
        assertThat(lines(" - method="))
                .hasSizeGreaterThanOrEqualTo(12)
                .allSatisfy(line -> assertThat(line).startsWith("[").hasSizeLessThan(1_024));
        assertThat(lines("kestrel")).isEmpty();
        assertThat(lines("\u001b")).isEmpty();
        assertThat(lines(hr.token())).isEmpty();
    }

    @Test
    @DisplayName("F24 a failure that nobody foresaw is 500 and an id; its stack stands in the log once, under that id")
    void unexpected() throws IOException {
        api.jdbi().useHandle(h -> h.execute("alter table call rename to call_that_is_away"));
        try {
            Answer answer = get(hr, "/api/v1/calls", "X-Request-Id", "request-that-fails");
            assertThat(answer.status()).isEqualTo(500);
            assertThat(answer.header("Content-Type")).startsWith("application/problem+json");
            assertThat(answer.json().path("type").textValue()).isEqualTo("/problems/internal");
            assertThat(answer.json().path("request_id").textValue()).isEqualTo("request-that-fails");
            assertThat(answer.text()).doesNotContain("relation", "call_that", "Exception");
        } finally {
            api.jdbi().useHandle(h -> h.execute("alter table call_that_is_away rename to call"));
        }
        awaitLines("request-that-fails", "status=500");
        assertThat(lines("request-that-fails", "request.failed")).hasSize(1);
        assertThat(lines("UnableToExecuteStatementException")).isNotEmpty();
        assertThat(lines("\tat dev.bellhop.api.calls.CallStore")).isNotEmpty();
        assertThat(get(hr, "/api/v1/calls").status()).isEqualTo(200);
    }
}
