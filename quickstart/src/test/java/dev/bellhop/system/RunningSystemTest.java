package dev.bellhop.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The demo as api.md describes it, and that each service can go away and come back. */
class RunningSystemTest {
    @RegisterExtension
    static final RunningSystem system = new RunningSystem();

    @Test
    @DisplayName("S1-057 every demo user logs in and is who the demo says")
    void theDemoUsersAreThere() {
        Map<String, String> roles = Map.of(
                "admin@harbor.example", "ADMIN",
                "hr@harbor.example", "HR",
                "downtown@harbor.example", "MANAGER",
                "airport@harbor.example", "MANAGER",
                "member@harbor.example", "MEMBER",
                "admin@summit.example", "ADMIN",
                "hr@summit.example", "HR",
                "lodge@summit.example", "MANAGER",
                "member@summit.example", "MEMBER");
        roles.forEach((email, role) -> {
            JsonNode me = system.as(email).get("/api/v1/me").expect(200);
            assertThat(me.path("role").asText()).as(email).isEqualTo(role);
            assertThat(me.path("property_ids").size()).as(email).isEqualTo(role.equals("MANAGER") ? 1 : 0);
        });
    }

    @Test
    @DisplayName("the demo's records made events, which the realtime service has logged without a gap")
    void theDemosEventsAreLogged() {
        await().atMost(Duration.ofSeconds(10))
                .untilAsserted(() -> assertThat(count("select count(*) from api.outbox where sent_at is null"))
                        .isZero());
        assertThat(types("Harbor Hotels"))
                .contains(
                        "entity.created",
                        "application.submitted",
                        "application.approved",
                        "application.rejected",
                        "onboarding.started");
        assertThat(count("select count(*) from realtime.event")).isEqualTo(count("select count(*) from api.outbox"));
        assertThat(count("select count(*) from realtime.stream where head <>"
                        + " (select count(*) from realtime.event e where e.org_id = stream.org_id)"))
                .isZero();
    }

    @Test
    @DisplayName("a service that is restarted answers at the same address; while it is down nobody does")
    void servicesComeBack() {
        system.stopRealtime();
        ApiClient realtime = system.anonymous().at(system.realtimeUri());
        assertThatThrownBy(() -> realtime.get("/health/live")).isInstanceOf(UncheckedIOException.class);
        system.startRealtime();
        assertThat(realtime.get("/health/ready").status()).isEqualTo(200);
        system.restartApi();
        system.as("hr@harbor.example").get("/api/v1/me").expect(200);
    }

    private static List<String> types(String organization) {
        return system.jdbi()
                .withHandle(handle -> handle.createQuery("select distinct e.type from realtime.event e"
                                + " join api.organization o on o.id = e.org_id where o.name = :name")
                        .bind("name", organization)
                        .mapTo(String.class)
                        .list());
    }

    private static long count(String sql) {
        return system.jdbi()
                .withHandle(handle -> handle.createQuery(sql).mapTo(Long.class).one());
    }
}
