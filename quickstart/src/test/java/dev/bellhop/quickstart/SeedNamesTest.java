package dev.bellhop.quickstart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every line of docs/seed-names.md, run by a shell against a running system. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "the lines are for a POSIX shell")
class SeedNamesTest {
    private static final Path PAGE = Path.of("../docs/seed-names.md");

    private static final Pattern ROW = Pattern.compile(
            "(?ms)^### `([^`]+)`\n(S[12]-\\d+).*?^```sh\n(.*?)^```\n(Prints|Heard by (\\w+)): `([^\n]+)`$");

    @TempDir
    static Path data;

    private static BellhopProcess up;
    private static Addresses addresses;
    private static final Map<String, String> ENVIRONMENT = new HashMap<>();
    /** Types that somebody has heard. */
    private static final Map<String, List<String>> HEARD = new HashMap<>();

    /**
     * One function of the seeds.
     *
     * @param listener who hears an event of that type; null when the shell prints something
     */
    private record Row(String name, String id, String script, String listener, String expected) {
        @Override
        public String toString() {
            return id + " " + name;
        }
    }

    static Stream<Row> rows() throws IOException {
        return ROW.matcher(Files.readString(PAGE)).results().map(SeedNamesTest::row);
    }

    private static Row row(MatchResult found) {
        return new Row(found.group(1), found.group(2), found.group(3), found.group(5), found.group(6));
    }

    @BeforeAll
    static void start() throws Exception {
        up = BellhopProcess.start(data, Map.of(), "up");
        addresses = up.awaitUp();
        Http api = new Http(addresses.api());
        String hr = login("hr");
        ENVIRONMENT.putAll(Map.of(
                "API", addresses.api().toString(),
                "REALTIME", addresses.realtime().toString(),
                "ADMIN", login("admin"),
                "HR", hr,
                "MEMBER_ID", id(api.get("/api/v1/me", login("member"))),
                "MANAGER_ID", id(api.get("/api/v1/me", login("downtown")))));
        for (JsonNode property : api.get("/api/v1/properties", hr).path("items")) {
            if (property.path("name").textValue().equals("Harbor Downtown")) {
                ENVIRONMENT.put("PROPERTY_ID", id(property));
            }
        }
        assertThat(ENVIRONMENT).containsKey("PROPERTY_ID");
        listen("hr", hr);
        listen("member", login("member"));
        listen("manager", login("downtown"));
    }

    private static String login(String user) throws Exception {
        return new Http(addresses.api()).login(user + "@harbor.example", "bellhop-demo");
    }

    private static String id(JsonNode item) {
        return item.path("id").textValue();
    }

    /** Takes down the types of what that person hears until the system ends. */
    private static void listen(String who, String token) {
        List<String> types = new CopyOnWriteArrayList<>();
        HEARD.put(who, types);
        URI stream = addresses.realtime().resolve("/events");
        HttpRequest request = HttpRequest.newBuilder(stream)
                .header("Authorization", "Bearer " + token)
                .build();
        Thread listener = new Thread(
                () -> {
                    try (Stream<String> lines = HttpClient.newHttpClient()
                            .send(request, HttpResponse.BodyHandlers.ofLines())
                            .body()) {
                        lines.filter(line -> line.startsWith("event: ")).forEach(line -> types.add(line.substring(7)));
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                },
                "listener " + who);
        listener.setDaemon(true);
        listener.setUncaughtExceptionHandler((thread, end) -> types.add("ended: " + end));
        listener.start();
        await().until(() -> types.contains("connected"));
    }

    @AfterAll
    static void stop() {
        up.close();
    }

    @Test
    @DisplayName("S1-050 S1-051 S1-052 S1-053 S1-054 S1-055 S1-056 S1-057 S1-058 S2-030 S2-031 the page has every name")
    void complete() throws IOException {
        assertThat(rows().map(Row::name))
                .contains("WebSocketManager", "authenticate_connection", "create_token", "graceful shutdown")
                .contains("WebSocketRoom", "subscribe_to_room", "unsubscribe_from_room")
                .contains("BroadcastEvent", "broadcast_to_room", "send_to_user")
                .contains("broadcast_application_event", "broadcast_system_notification")
                .contains("broadcast_entity_created", "broadcast_entity_updated", "broadcast_entity_deleted")
                .contains("broadcast_chat_message", "broadcast_share_created", "broadcast_share_revoked");
        assertThat(rows().map(Row::id).distinct())
                .containsExactlyInAnyOrder(
                        "S1-050", "S1-051", "S1-052", "S1-053", "S1-054", "S1-055", "S1-056", "S1-057", "S1-058",
                        "S2-030", "S2-031");
        assertThat(rows().count())
                .as("headings that are rows")
                .isEqualTo(Files.readString(PAGE)
                        .lines()
                        .filter(line -> line.startsWith("### "))
                        .count());
    }

    @ParameterizedTest
    @MethodSource("rows")
    @DisplayName("each line of the page does what the page says")
    void line(Row row) throws Exception {
        List<String> heard = HEARD.getOrDefault(String.valueOf(row.listener()), List.of());
        long before = heard.stream().filter(row.expected()::equals).count();
        String printed = run(row.script());
        if (row.listener() == null) {
            assertThat(printed).contains(row.expected());
        } else {
            await().atMost(Duration.ofSeconds(5))
                    .untilAsserted(() -> assertThat(heard.stream()
                                    .filter(row.expected()::equals)
                                    .count())
                            .as("%s has heard %s; printed %s", row.listener(), heard, printed)
                            .isEqualTo(before + 1));
        }
    }

    private static String run(String script) throws Exception {
        ProcessBuilder builder = new ProcessBuilder("sh", "-ec", script).redirectErrorStream(true);
        builder.environment().putAll(ENVIRONMENT);
        Process shell = builder.start();
        String printed = new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(shell.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(shell.exitValue()).as(printed).isZero();
        return printed;
    }
}
