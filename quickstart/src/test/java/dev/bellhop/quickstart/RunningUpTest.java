package dev.bellhop.quickstart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code ./bellhop up} prints is true, and the commands beside it work while it runs. */
class RunningUpTest {
    @TempDir
    static Path data;

    private static BellhopProcess up;
    private static Addresses addresses;

    /** Where the commands look for it. */
    private static Map<String, String> ports;

    @BeforeAll
    static void start() throws Exception {
        up = BellhopProcess.start(data, Map.of(), "up");
        addresses = up.awaitUp();
        ports = Map.of(
                "BELLHOP_API_PORT", Integer.toString(addresses.api().getPort()),
                "BELLHOP_REALTIME_PORT", Integer.toString(addresses.realtime().getPort()));
    }

    @AfterAll
    static void stop() {
        up.close();
    }

    @Test
    @DisplayName("up prints what works: users log in, a token reads /me, machines get theirs")
    void everythingRuns() throws Exception {
        assertThat(get(addresses.api().resolve("/health/ready"))).isEqualTo(200);
        assertThat(get(addresses.realtime().resolve("/health/ready"))).isEqualTo(200);
        await().untilAsserted(() -> assertThat(up.output())
                .anyMatch(line -> line.contains("Harbor Hotels"))
                .anyMatch(line -> line.contains("airport@harbor.example") && line.contains("Harbor Airport"))
                .anyMatch(line -> line.contains("lodge@summit.example"))
                .anyMatch(line -> line.contains("curl -N"))
                .anyMatch(line -> line.contains("/ws/broadcast")));

        Map<String, String> ports = Map.of(
                "BELLHOP_API_PORT", Integer.toString(addresses.api().getPort()),
                "BELLHOP_REALTIME_PORT", Integer.toString(addresses.realtime().getPort()));
        try (BellhopProcess token = BellhopProcess.start(data, ports, "token", "hr@harbor.example")) {
            assertThat(token.exitCode()).isZero();
            assertThat(token.output()).hasSize(1);
            Http api = new Http(addresses.api());
            assertThat(api.get("/api/v1/me", token.output().get(0))
                            .path("email")
                            .asText())
                    .isEqualTo("hr@harbor.example");
        }
        try (BellhopProcess service = BellhopProcess.start(data, ports, "token", "--service")) {
            assertThat(service.exitCode()).isZero();
            Http realtime = new Http(addresses.realtime());
            assertThat(realtime.get("/ws/stats", service.output().get(0)).isObject())
                    .isTrue();
        }
    }

    @Test
    @DisplayName(
            "the dashboard's page is there, knows where the API is, and may call it, under both names of this machine")
    void dashboard() throws Exception {
        HttpClient client = HttpClient.newHttpClient();
        int port = addresses.realtime().getPort();
        for (String origin : List.of("http://127.0.0.1:" + port, "http://localhost:" + port)) {
            assertThat(get(URI.create(origin + "/"))).isEqualTo(200);
            HttpRequest config =
                    HttpRequest.newBuilder(URI.create(origin + "/config.json")).build();
            assertThat(client.send(config, HttpResponse.BodyHandlers.ofString()).body())
                    .isEqualTo("{\"api_url\":\"" + addresses.api() + "\"}");
            HttpRequest preflight = HttpRequest.newBuilder(addresses.api().resolve("/api/v1/auth/login"))
                    .method("OPTIONS", HttpRequest.BodyPublishers.noBody())
                    .header("Origin", origin)
                    .header("Access-Control-Request-Method", "POST")
                    .build();
            assertThat(client.send(preflight, HttpResponse.BodyHandlers.discarding())
                            .headers()
                            .firstValue("Access-Control-Allow-Origin"))
                    .contains(origin);
        }
    }

    @Test
    @DisplayName("S2-052 try: a valid token connects, no token and an invalid one are refused")
    void tryPassesAgainstARunningSystem() throws Exception {
        try (BellhopProcess check = BellhopProcess.start(data, ports, "try")) {
            assertThat(check.exitCode()).isZero();
            assertThat(check.output())
                    .containsExactly(
                            "PASS  a valid token connects",
                            "PASS  no token is refused",
                            "PASS  an invalid token is refused");
        }
        try (BellhopProcess check = BellhopProcess.start(data, ports, "try", "--token", "not.a.token")) {
            assertThat(check.exitCode()).isEqualTo(1);
            assertThat(check.output()).anyMatch(line -> line.startsWith("FAIL  a valid token connects: "));
        }
    }

    @Test
    @DisplayName("a second up on the same data directory is refused in one sentence, and the first goes on")
    void twoOnOneDirectoryAreRefused() throws Exception {
        try (BellhopProcess second = BellhopProcess.start(data, Map.of(), "up")) {
            assertThat(second.exitCode()).isEqualTo(1);
            assertThat(second.output())
                    .singleElement()
                    .asString()
                    .matches("bellhop: Another Bellhop \\(process \\d+\\) is running on the data directory .*");
        }
        assertThat(get(addresses.api().resolve("/health/ready"))).isEqualTo(200);
    }

    private static int get(URI uri) throws Exception {
        return HttpClient.newHttpClient()
                .send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.discarding())
                .statusCode();
    }
}
