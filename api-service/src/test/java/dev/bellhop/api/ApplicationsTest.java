package dev.bellhop.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.api.Receiver.Logged;
import dev.bellhop.api.RunningApi.Answer;
import dev.bellhop.api.RunningApi.User;
import dev.bellhop.model.security.Role;
import java.net.URI;
import java.net.http.HttpRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class ApplicationsTest {
    @RegisterExtension
    static final RunningApi api = new RunningApi();

    private static final String FORM =
            "{\"applicant_name\":\"Ada\",\"email\":\"ada@example.com\",\"position\":\"Concierge\",\"message\":\"Hi\\nthere\"}";
    private static UUID orgId;
    private static UUID downtown;
    private static UUID airport;
    private static User hr;
    private static User manager;
    private static User stranger;

    @BeforeAll
    static void organizations() {
        orgId = api.organization("Harbor Hotels");
        downtown = api.property(orgId, "Harbor Downtown");
        airport = api.property(orgId, "Harbor Airport");
        hr = api.user(orgId, Role.HR);
        manager = api.user(orgId, Role.MANAGER, downtown);
        stranger = api.user(api.organization("Summit Stays"), Role.ADMIN);
    }

    private static Answer apply(UUID property) {
        return api.post(null, "/api/v1/properties/" + property + "/applications", FORM);
    }

    private static String path(Answer application) {
        return "/api/v1/applications/" + application.id();
    }

    private static List<Logged> eventsOf(UUID applicationId, int count) {
        return await().atMost(Duration.ofSeconds(5))
                .until(
                        () -> api.receiver().log(orgId).stream()
                                .filter(event -> event.payload()
                                        .path("application_id")
                                        .asText()
                                        .equals(applicationId.toString()))
                                .toList(),
                        events -> events.size() >= count);
    }

    @Test
    @DisplayName(
            "S1-030 S1-031 S1-033 S1-113 an approval and the onboarding it starts are one step for property and HR")
    void approve() {
        Answer submitted = apply(downtown);
        assertThat(submitted.status()).isEqualTo(201);
        assertThat(submitted.json().path("status").textValue()).isEqualTo("submitted");
        assertThat(submitted.header("Location")).isEqualTo(path(submitted));
        assertThat(api.get(manager, path(submitted)).json()).isEqualTo(submitted.json());

        Answer approved = api.post(manager, path(submitted) + "/approve", "{\"user_id\":\"" + hr.id() + "\"}");
        assertThat(approved.status()).isEqualTo(200);
        assertThat(approved.header("ETag")).isEqualTo("\"2\"");
        assertThat(approved.json().path("status").textValue()).isEqualTo("approved");
        assertThat(approved.json().path("decided_by").textValue())
                .isEqualTo(manager.id().toString());

        List<Logged> events = eventsOf(submitted.id(), 3);
        assertThat(events)
                .extracting(Logged::type)
                .containsExactly("application.submitted", "application.approved", "onboarding.started");
        assertThat(events.get(1).rooms()).containsExactly("property-" + downtown, "global");
        assertThat(events.get(2).rooms()).containsExactly("property-" + downtown, "global", "user-" + hr.id());
        JsonNode payload = events.get(1).payload();
        assertThat(payload.path("applicant_name").textValue()).isEqualTo("Ada");
        assertThat(payload.has("email")).isFalse();
        assertThat(events.get(2).payload().path("onboarding_id"))
                .isEqualTo(approved.json().path("onboarding_id"));
        assertThat(events.get(2).payload().path("progress").path("total").asInt())
                .isEqualTo(5);
        assertThat(api.jdbi()
                        .<Long, RuntimeException>withHandle(h -> h.createQuery(
                                        "select count(*) from onboarding_step where onboarding_id::text = :id")
                                .bind(
                                        "id",
                                        approved.json().path("onboarding_id").textValue())
                                .mapTo(Long.class)
                                .one()))
                .isEqualTo(5);
    }

    @Test
    @DisplayName("S1-032 a rejection needs a reason; a decision is made once")
    void reject() {
        Answer submitted = apply(downtown);
        assertThat(api.post(hr, path(submitted) + "/reject", "{}").status()).isEqualTo(422);
        Answer rejected = api.post(hr, path(submitted) + "/reject", "{\"reason\":\"No visa\"}");
        assertThat(rejected.json().path("reason").textValue()).isEqualTo("No visa");
        for (String verb : List.of("/approve", "/reject")) {
            Answer again = api.post(hr, path(submitted) + verb, verb.equals("/reject") ? "{\"reason\":\"x\"}" : "{}");
            assertThat(again.status()).isEqualTo(409);
            assertThat(again.json().path("type").textValue()).endsWith("invalid_transition");
            assertThat(again.json().path("current_status").textValue()).isEqualTo("rejected");
        }
        assertThat(eventsOf(submitted.id(), 2))
                .extracting(Logged::type)
                .containsExactly("application.submitted", "application.rejected");
    }

    @Test
    @DisplayName("an approval needs no body, and a stale If-Match stops it")
    void withoutBody() {
        Answer submitted = apply(downtown);
        String approve = path(submitted) + "/approve";
        assertThat(api.post(hr, approve, "{}", "If-Match", "\"7\"").status()).isEqualTo(412);
        assertThat(api.post(hr, approve, "{\"user_id\":\"" + stranger.id() + "\"}")
                        .status())
                .isEqualTo(404);
        assertThat(api.send(api.request(hr, approve).POST(HttpRequest.BodyPublishers.noBody()))
                        .status())
                .isEqualTo(200);
    }

    @Test
    @DisplayName("two decisions at the same moment: one wins, the other is 409, and there is one onboarding")
    void race() throws Exception {
        Answer submitted = apply(downtown);
        List<Thread> threads = new ArrayList<>();
        Map<Integer, Long> statuses = new ConcurrentHashMap<>();
        for (int i = 0; i < 6; i++) {
            threads.add(new Thread(() -> statuses.merge(
                    api.post(hr, path(submitted) + "/approve", "{}").status(), 1L, Long::sum)));
        }
        threads.forEach(Thread::start);
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(statuses).isEqualTo(Map.of(200, 1L, 409, 5L));
        assertThat(eventsOf(submitted.id(), 3)).hasSize(3);
    }

    @Test
    @DisplayName("S1-004 S1-072 a manager sees and decides on own properties only; a member and a stranger on none")
    void permissions() {
        Answer there = apply(airport);
        assertThat(api.get(manager, path(there)).status()).isEqualTo(404);
        assertThat(api.post(manager, path(there) + "/approve", "{}").status()).isEqualTo(404);
        assertThat(api.post(manager, path(there) + "/reject", "{\"reason\":\"x\"}")
                        .status())
                .isEqualTo(404);
        assertThat(api.get(manager, "/api/v1/applications?property_id=" + airport)
                        .status())
                .isEqualTo(404);
        Answer list = api.get(manager, "/api/v1/applications?limit=200");
        list.json()
                .path("items")
                .forEach(
                        item -> assertThat(item.path("property_id").textValue()).isEqualTo(downtown.toString()));
        assertThat(api.get(hr, "/api/v1/applications?property_id=" + airport + "&status=submitted&q=ada")
                        .json()
                        .path("items"))
                .isNotEmpty();
        assertThat(api.get(api.user(orgId, Role.MEMBER), "/api/v1/applications").status())
                .isEqualTo(403);
        assertThat(api.get(stranger, path(there)).status()).isEqualTo(404);
        assertThat(api.get(stranger, "/api/v1/applications").json().path("items"))
                .isEmpty();
        assertThat(api.get(stranger, "/api/v1/applications?property_id=" + downtown)
                        .status())
                .isEqualTo(404);
        assertThat(api.get(api.user(orgId, Role.MANAGER), "/api/v1/applications")
                        .json()
                        .path("items"))
                .isEmpty();
    }

    @Test
    @DisplayName("the public form takes an application for a property that exists, in an active organisation")
    void form() {
        assertThat(apply(UUID.randomUUID()).status()).isEqualTo(404);
        Answer invalid = api.post(
                null, "/api/v1/properties/" + downtown + "/applications", "{\"email\":\"x\",\"status\":\"approved\"}");
        assertThat(invalid.status()).isEqualTo(422);
        assertThat(invalid.json().path("errors").findValuesAsText("field"))
                .containsExactlyInAnyOrder("applicant_name", "email", "position", "status");
        UUID closed = api.organization("Closed");
        UUID property = api.property(closed, "Closed");
        api.jdbi().useHandle(h -> h.execute("update organization set status = 'disabled' where id = ?", closed));
        assertThat(apply(property).status()).isEqualTo(404);
    }

    @Test
    @DisplayName("the public form is limited for each address, repetitions count, and it says so in its headers")
    void rateLimit() {
        Map<String, String> settings = api.settings();
        settings.put("BELLHOP_APPLICATIONS_PER_MINUTE", "2");
        try (ApiService limited = ApiService.start(Config.from(settings))) {
            String url = "http://127.0.0.1:" + limited.port() + "/api/v1/properties/" + downtown + "/applications";
            for (int i = 0; i < 3; i++) {
                Answer answer = api.send(HttpRequest.newBuilder(URI.create(url))
                        .header("Content-Type", "application/json")
                        .header("Idempotency-Key", "limited")
                        .POST(HttpRequest.BodyPublishers.ofString(FORM)));
                assertThat(answer.status()).isEqualTo(i < 2 ? 201 : 429);
                assertThat(answer.header("Idempotency-Replayed")).isEqualTo(i == 1 ? "true" : "");
                assertThat(answer.header("RateLimit")).startsWith("\"applications\";r=" + Math.max(0, 1 - i) + ";t=");
                assertThat(answer.header("RateLimit-Policy")).isEqualTo("\"applications\";q=2;w=60");
                assertThat(answer.header("Retry-After").isEmpty()).isEqualTo(i < 2);
            }
        }
    }
}
