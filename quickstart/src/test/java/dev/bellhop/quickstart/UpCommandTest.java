package dev.bellhop.quickstart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.bellhop.model.wire.Json;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How {@code ./bellhop up} starts, refuses to start, and ends. */
class UpCommandTest {
    /** One for all tests: each finds what the one before left, or starts with nothing. */
    @TempDir
    static Path data;

    @Test
    @DisplayName(
            "S1-058 after kill -9 the next start finds all data and seeds nothing again; SIGTERM then leaves nothing")
    void killedThenStartedThenStopped() throws Exception {
        String id;
        ProcessHandle orphan;
        try (BellhopProcess up = BellhopProcess.start(data, Map.of(), "up")) {
            Http api = new Http(up.awaitUp().api());
            Optional<String> token = Optional.of(api.login("hr@summit.example", DemoData.PASSWORD));
            id = api.post("/api/v1/entities", token, Map.of("type", "lead", "name", "Written before the kill"))
                    .path("id")
                    .asText();
            orphan = postmaster().orElseThrow();
            up.kill();
        }
        assertThat(orphan.isAlive()).isTrue();
        try (BellhopProcess up = BellhopProcess.start(data, Map.of(), "up")) {
            Http api = new Http(up.awaitUp().api());
            assertThat(orphan.onExit()).succeedsWithin(Duration.ofSeconds(5));
            String token = api.login("hr@summit.example", DemoData.PASSWORD);
            assertThat(api.get("/api/v1/entities/" + id, token).path("name").asText())
                    .isEqualTo("Written before the kill");
            DemoData.Organization summit = DemoData.ORGANIZATIONS.get(1);
            assertThat(api.get("/api/v1/entities?limit=200", token).path("items"))
                    .hasSize(summit.entities().size() + 1);
            assertThat(api.get("/api/v1/applications?limit=200", token).path("items"))
                    .hasSameSizeAs(summit.applications());

            ProcessHandle postmaster = postmaster().orElseThrow();
            up.terminate();
            assertThat(up.exitCode()).isZero();
            assertThat(postmaster.onExit()).succeedsWithin(Duration.ofSeconds(5));
            assertThat(up.output()).noneMatch(line -> line.contains("Exception"));
        }
    }

    @Test
    @DisplayName("without the demo there is nobody, and the printed command makes the first organisation")
    void withoutTheDemoNobodyIsThere(@TempDir Path fresh) throws Exception {
        try (BellhopProcess up = BellhopProcess.start(fresh, Map.of("BELLHOP_DEMO", "false"), "up")) {
            Http api = new Http(up.awaitUp().api());
            await().untilAsserted(
                            () -> assertThat(up.output()).anyMatch(line -> line.contains("/api/v1/organizations")));
            assertThat(up.output()).noneMatch(line -> line.contains("harbor"));
            assertThatThrownBy(() -> api.login("hr@harbor.example", DemoData.PASSWORD))
                    .isInstanceOf(StartFailure.class)
                    .hasMessageContaining("401");
            String service;
            try (BellhopProcess token = BellhopProcess.start(fresh, Map.of(), "token", "--service")) {
                assertThat(token.exitCode()).isZero();
                service = token.output().get(0);
            }
            String printed = up.output().stream()
                    .filter(line -> line.contains("/api/v1/organizations"))
                    .findFirst()
                    .orElseThrow();
            String body = printed.substring(printed.indexOf("-d '") + 4, printed.lastIndexOf('\''));
            api.post("/api/v1/organizations", Optional.of(service), Json.tree(body));
            String token = api.login("admin@hotel.example", "change-this-password");
            assertThat(api.get("/api/v1/me", token).path("role").asText()).isEqualTo("ADMIN");
        }
    }

    @Test
    @DisplayName("SIGTERM while everything is still starting is a clean stop too")
    void terminationDuringTheStartIsClean(@TempDir Path fresh) throws Exception {
        try (BellhopProcess up = BellhopProcess.start(fresh, Map.of(), "up")) {
            await().atMost(Duration.ofSeconds(30)).until(() -> Files.exists(fresh.resolve("postgresql")));
            up.terminate();
            assertThat(up.exitCode()).isZero();
            assertThat(up.output()).isEmpty();
            assertThat(fresh.resolve("postgresql/cluster/postmaster.pid")).doesNotExist();
        }
    }

    @Test
    @DisplayName("PostgreSQL that ends by itself ends everything with status 1 and says so")
    void aLostDatabaseIsNoticed() throws Exception {
        try (BellhopProcess up = BellhopProcess.start(data, Map.of(), "up")) {
            up.awaitUp();
            postmaster().orElseThrow().destroyForcibly();
            assertThat(up.exitCode()).isEqualTo(1);
            assertThat(up.output()).anyMatch(line -> line.startsWith("bellhop: The embedded PostgreSQL has ended"));
        }
    }

    @Test
    @DisplayName("a taken port is one sentence")
    void aTakenPortIsExplained() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String port = Integer.toString(taken.getLocalPort());
            assertRefused(Map.of("BELLHOP_API_PORT", port), "bellhop: Port " + port + " .*BELLHOP_API_PORT.*");
            assertRefused(
                    Map.of("BELLHOP_REALTIME_PORT", port), "bellhop: Port " + port + " .*BELLHOP_REALTIME_PORT.*");
        }
    }

    @Test
    @DisplayName("a directory that cannot be written is one sentence")
    void anUnusableDirectoryIsExplained(@TempDir Path parent) throws Exception {
        Path file = Files.createFile(parent.resolve("file"));
        assertRefused(
                Map.of("BELLHOP_DATA_DIR", file.resolve("data").toString()),
                "bellhop: The data directory .* cannot be used: .* Set BELLHOP_DATA_DIR .*");
    }

    @Test
    @DisplayName("wrong settings of all parts are reported at once, a line each")
    void wrongSettingsAreReportedTogether() throws Exception {
        assertRefused(
                Map.of(
                        "BELLHOP_DEMO", "maybe",
                        "BELLHOP_API_PORT", "abc",
                        "BELLHOP_JWT_SECRET", "short",
                        "BELLHOP_PING_INTERVAL_MS", "soon"),
                "bellhop: BELLHOP_DEMO is \"maybe\".*",
                "bellhop: BELLHOP_API_PORT is \"abc\".*",
                "bellhop: BELLHOP_JWT_SECRET needs at least 32 bytes.*",
                "bellhop: BELLHOP_PING_INTERVAL_MS is \"soon\".*");
    }

    @Test
    @DisplayName("a database of one's own that cannot be reached is one sentence without its password")
    void anUnreachableDatabaseIsExplained() throws Exception {
        assertRefused(
                Map.of("BELLHOP_DATABASE_URL", "jdbc:postgresql://127.0.0.1:1/none?user=me&password=hidden"),
                "bellhop: The database of BELLHOP_DATABASE_URL cannot be used: (?!.*hidden).*");
    }

    private static void assertRefused(Map<String, String> settings, String... sentences) throws Exception {
        try (BellhopProcess up = BellhopProcess.start(data, settings, "up")) {
            assertThat(up.exitCode()).isEqualTo(1);
            assertThat(up.output()).hasSameSizeAs(sentences);
            for (String sentence : sentences) {
                assertThat(up.output()).anyMatch(line -> line.matches(sentence), sentence);
            }
        }
    }

    private static Optional<ProcessHandle> postmaster() throws Exception {
        List<String> lines = Files.readAllLines(data.resolve("postgresql/cluster/postmaster.pid"));
        return ProcessHandle.of(Long.parseLong(lines.get(0)));
    }
}
