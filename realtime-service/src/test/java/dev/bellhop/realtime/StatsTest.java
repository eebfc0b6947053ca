package dev.bellhop.realtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.realtime.testing.Person;
import dev.bellhop.realtime.testing.RunningRealtime;
import dev.bellhop.realtime.testing.TestSocket;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Figures: {@code GET /ws/stats}, {@code GET /ws/rooms} and {@code get_stats}. */
class StatsTest {
    @RegisterExtension
    static final RunningRealtime realtime = new RunningRealtime();

    private final UUID org = UUID.randomUUID();

    private static JsonNode get(String path, Person person) {
        return realtime.get(path, realtime.token(person)).body();
    }

    @Test
    @DisplayName("S1-011 S1-012 S1-016 HR and ADMIN see the figures of their organisation, a service those of all")
    void figures() {
        Person maria = Person.manager(org, "a");
        realtime.connect(maria);
        realtime.connect(maria);
        realtime.connect(Person.hr(org));
        Person stranger = Person.hr(UUID.randomUUID());
        realtime.connect(stranger);
        realtime.broadcast(org, "org", "custom.x", Map.of());
        for (Person person : List.of(Person.hr(org), Person.admin(org))) {
            JsonNode stats = get("/ws/stats", person);
            assertThat(stats.path("connections").asInt()).isEqualTo(3);
            assertThat(stats.path("users").asInt()).isEqualTo(2);
            assertThat(stats.path("rooms").asInt()).isEqualTo(7);
            assertThat(stats.path("uptime_s").isIntegralNumber()).isTrue();
            await().untilAsserted(() -> assertThat(
                            get("/ws/stats", person).path("position").asInt())
                    .isEqualTo(1));
            JsonNode rooms = get("/ws/rooms", person).path("items");
            assertThat(rooms).hasSize(7).allMatch(room -> !room.has("org_id"));
            assertThat(rooms.toString())
                    .contains("{\"room\":\"property-a\",\"connections\":2}", "{\"room\":\"org\",\"connections\":3}");
            assertThat(rooms.toString()).doesNotContain(stranger.userId());
        }
        assertThat(get("/ws/stats", Person.service()).path("connections").asInt())
                .isGreaterThanOrEqualTo(4);
        assertThat(get("/ws/rooms", Person.service()).path("items"))
                .allMatch(room -> room.path("org_id").isTextual());
        assertThat(get("/ws/rooms", Person.service()).toString()).contains(stranger.userId());
    }

    @Test
    @DisplayName("D14 S1-003 figures are for HR, ADMIN and services")
    void roles() {
        for (String path : List.of("/ws/stats", "/ws/rooms")) {
            for (Person person : List.of(Person.manager(org, "a"), Person.member(org))) {
                assertThat(realtime.get(path, realtime.token(person)).status()).isEqualTo(403);
            }
            assertThat(realtime.get(path, null).status()).isEqualTo(401);
            assertThat(realtime.get(path + "?token=" + realtime.token(Person.admin(org)), null)
                            .status())
                    .isEqualTo(400);
        }
    }

    @Test
    @DisplayName(
            "S1-023 S1-039 get_stats answers HR and ADMIN, repeats until it is stopped, and is forbidden to others")
    void overTheSocket() {
        for (Person person : List.of(Person.hr(org), Person.admin(org))) {
            TestSocket socket = realtime.connect(person);
            socket.send(Map.of("type", "get_stats", "ref", "s"));
            JsonNode stats = socket.next("stats");
            assertThat(stats.path("ref").textValue()).isEqualTo("s");
            assertThat(stats.path("payload").path("connections").asInt()).isPositive();
            socket.hearsNothingElse();
        }
        TestSocket live = realtime.connect(Person.hr(org));
        live.send(Map.of("type", "get_stats", "every_ms", 1000, "ref", "live"));
        assertThat(live.next("stats").path("ref").textValue()).isEqualTo("live");
        assertThat(live.next("stats").has("ref")).isFalse();
        assertThat(live.next("stats").path("payload").path("server_time").textValue())
                .endsWith("Z");
        live.send(Map.of("type", "get_stats", "every_ms", 0, "ref", "stop"));
        JsonNode last = live.next("stats");
        while (!last.has("ref")) {
            last = live.next("stats");
        }
        assertThat(last.path("ref").textValue()).isEqualTo("stop");
        live.hearsNothingElse();
        live.send(Map.of("type", "get_stats", "every_ms", 10));
        assertThat(live.next("error").path("payload").path("code").textValue()).isEqualTo("invalid_message");

        TestSocket manager = realtime.connect(Person.manager(org, "a"));
        manager.send(Map.of("type", "get_stats", "ref", "m"));
        JsonNode error = manager.next("error");
        assertThat(error.path("payload").path("code").textValue()).isEqualTo("forbidden");
        assertThat(error.path("ref").textValue()).isEqualTo("m");
    }
}
