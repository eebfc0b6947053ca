package dev.bellhop.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.api.Receiver.Logged;
import dev.bellhop.api.RunningApi.Answer;
import dev.bellhop.api.RunningApi.User;
import dev.bellhop.api.store.Ids;
import dev.bellhop.model.security.Role;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MembersTest {
    @RegisterExtension
    static final RunningApi api = new RunningApi();

    private static UUID orgId;
    private static UUID downtown;
    private static UUID airport;
    private static UUID departmentId;
    private static User admin;
    private static User stranger;
    private static UUID foreignProperty;

    @BeforeAll
    static void organizations() {
        orgId = api.organization("Harbor Hotels");
        downtown = api.property(orgId, "Harbor Downtown");
        airport = api.property(orgId, "Harbor Airport");
        departmentId = api.department(orgId, "Front Office");
        admin = api.user(orgId, Role.ADMIN);
        UUID foreign = api.organization("Summit Stays");
        foreignProperty = api.property(foreign, "Summit Lodge");
        stranger = api.user(foreign, Role.ADMIN);
    }

    private static Answer create(String email, String role, String more) {
        return api.post(
                admin,
                "/api/v1/members",
                "{\"email\":\"" + email + "\",\"name\":\"Maria\",\"role\":\"" + role + "\",\"password\":\""
                        + RunningApi.PASSWORD + "\"" + more + "}");
    }

    private static String address() {
        return Ids.next() + "@test.example";
    }

    private static String path(User user) {
        return "/api/v1/members/" + user.id();
    }

    private static String properties(UUID... ids) {
        return "\"property_ids\":["
                + String.join(",", Stream.of(ids).map(id -> "\"" + id + "\"").toList()) + "]";
    }

    private static List<Logged> eventsOf(UUID userId, int count) {
        return api.eventsOf(orgId, "user_id", userId, count);
    }

    @Test
    @DisplayName("S2-062 a member's life: added, updated, removed, with rights and the version of the membership")
    void lifeOfAMember() {
        String email = address();
        Answer created =
                create(email, "MANAGER", "," + properties(downtown) + ",\"department_id\":\"" + departmentId + "\"");
        assertThat(created.status()).isEqualTo(201);
        assertThat(created.header("Location")).isEqualTo("/api/v1/members/" + created.id());
        assertThat(created.text()).doesNotContain("password").doesNotContain("argon2");
        assertThat(created.json().path("status").textValue()).isEqualTo("active");
        String path = created.header("Location");
        assertThat(api.get(admin, path).json()).isEqualTo(created.json());
        JsonNode login = api.login(email, RunningApi.PASSWORD).json();
        assertThat(login.path("user").path("property_ids").path(0).textValue()).isEqualTo(downtown.toString());

        Answer renamed = api.patch(admin, path, "{\"name\":\"Mary\"}");
        Answer moved = api.patch(admin, path, "{" + properties(airport) + "}", "If-Match", "\"2\"");
        assertThat(moved.status()).isEqualTo(200);
        assertThat(moved.header("ETag")).isEqualTo("\"3\"");
        assertThat(moved.json().path("name")).isEqualTo(renamed.json().path("name"));
        assertThat(api.patch(admin, path, "{\"name\":\"x\"}", "If-Match", "\"1\"")
                        .status())
                .isEqualTo(412);
        Answer demoted = api.patch(admin, path, "{\"role\":\"MEMBER\",\"department_id\":null}");
        assertThat(demoted.json().path("property_ids")).isEmpty();
        assertThat(demoted.json().path("department_id").isNull()).isTrue();

        assertThat(api.delete(admin, path).status()).isEqualTo(204);
        assertThat(api.delete(admin, path).status()).isEqualTo(404);
        assertThat(api.get(admin, path).status()).isEqualTo(404);
        assertThat(api.patch(admin, path, "{\"name\":\"x\"}").status()).isEqualTo(404);
        assertThat(api.login(email, RunningApi.PASSWORD).status()).isEqualTo(401);
        assertThat(create(email, "MEMBER", "").status()).isEqualTo(201);

        List<Logged> events = eventsOf(created.id(), 6);
        assertThat(events)
                .extracting(Logged::type)
                .containsExactly(
                        "member.added",
                        "member.updated",
                        "member.updated",
                        "member.updated",
                        "member.removed",
                        "session.revoked");
        assertThat(events)
                .extracting(event -> event.payload().path("ver").asLong())
                .containsExactly(1L, 1L, 2L, 3L, 4L, 4L);
        assertThat(events.subList(0, 5))
                .extracting(event -> event.payload().path("version").asLong())
                .containsExactly(1L, 2L, 3L, 4L, 5L);
        assertThat(events.subList(0, 5))
                .allSatisfy(event -> assertThat(event.rooms()).containsExactly("org"));
        assertThat(events.get(0).payload().path("property_ids").path(0).textValue())
                .isEqualTo(downtown.toString());
        assertThat(events.get(0).payload().path("department_id").textValue()).isEqualTo(departmentId.toString());
        assertThat(events.get(0).payload().path("status").textValue()).isEqualTo("active");
        assertThat(events.get(2).payload().path("property_ids").path(0).textValue())
                .isEqualTo(airport.toString());
        assertThat(events.get(3).payload().path("role").textValue()).isEqualTo("MEMBER");
        assertThat(events.get(4).payload().path("status").textValue()).isEqualTo("disabled");
        assertThat(events.get(5).rooms()).isEmpty();
    }

    @Test
    @DisplayName("A13 a disabled member is out at once and for good: enabling opens no session of before")
    void disabling() {
        User user = api.user(orgId, Role.HR);
        String refreshToken = api.login(user.email(), RunningApi.PASSWORD)
                .json()
                .path("refresh_token")
                .textValue();
        assertThat(api.patch(admin, path(user), "{\"status\":\"disabled\"}").status())
                .isEqualTo(200);
        assertThat(api.get(user, "/api/v1/me").status()).isEqualTo(401);
        assertThat(api.login(user.email(), RunningApi.PASSWORD).status()).isEqualTo(401);
        assertThat(api.get(admin, path(user)).json().path("status").textValue()).isEqualTo("disabled");

        assertThat(api.patch(admin, path(user), "{\"status\":\"active\"}").status())
                .isEqualTo(200);
        assertThat(api.get(user, "/api/v1/me").status()).isEqualTo(401);
        assertThat(api.post(null, "/api/v1/auth/refresh", "{\"refresh_token\":\"" + refreshToken + "\"}")
                        .status())
                .isEqualTo(401);
        assertThat(api.login(user.email(), RunningApi.PASSWORD).status()).isEqualTo(200);

        List<Logged> events = eventsOf(user.id(), 3);
        assertThat(events)
                .extracting(Logged::type)
                .containsExactly("member.updated", "session.revoked", "member.updated");
        assertThat(events)
                .extracting(event -> event.payload().path("ver").asLong())
                .containsExactly(2L, 2L, 3L);
        assertThat(events.get(1).payload().has("sid")).isFalse();
    }

    @Test
    @DisplayName("A14 changed rights count from the next request on")
    void changedRights() {
        User user = api.user(orgId, Role.MANAGER, downtown);
        assertThat(api.get(user, "/api/v1/properties/" + downtown).status()).isEqualTo(200);
        assertThat(api.patch(admin, path(user), "{" + properties(airport) + "}").status())
                .isEqualTo(200);
        assertThat(api.get(user, "/api/v1/properties/" + downtown).status()).isEqualTo(404);
        assertThat(api.get(user, "/api/v1/properties/" + airport).status()).isEqualTo(200);
        assertThat(api.patch(admin, path(user), "{\"role\":\"MEMBER\"}").status())
                .isEqualTo(200);
        assertThat(api.get(user, "/api/v1/properties").status()).isEqualTo(403);
    }

    @Test
    @DisplayName("the last active ADMIN stays, whoever asks and however many at once")
    void lastAdmin() {
        UUID other = api.organization("Admins");
        User first = api.user(other, Role.ADMIN);
        for (String body : List.of("{\"role\":\"HR\"}", "{\"status\":\"disabled\"}")) {
            Answer refused = api.patch(first, path(first), body);
            assertThat(refused.status()).isEqualTo(409);
            assertThat(refused.json().path("type").textValue()).isEqualTo("/problems/last-admin");
        }
        assertThat(api.delete(first, path(first)).status()).isEqualTo(409);
        assertThat(api.patch(first, path(first), "{\"name\":\"Still here\"}").status())
                .isEqualTo(200);

        User second = api.user(other, Role.ADMIN);
        List<CompletableFuture<Integer>> demotions;
        try (Handle lock = api.jdbi().open()) {
            lock.begin();
            lock.execute("select 1 from organization where id = ? for update", other);
            demotions = Stream.of(first, second)
                    .map(user -> CompletableFuture.supplyAsync(() ->
                            api.patch(user, path(user), "{\"role\":\"HR\"}").status()))
                    .toList();
            await().atMost(Duration.ofSeconds(5)).until(() -> waiting(lock) == 2);
            lock.rollback();
        }
        List<Integer> statuses = demotions.stream().map(CompletableFuture::join).toList();
        assertThat(statuses).containsExactlyInAnyOrder(200, 409);
    }

    private static int waiting(Handle handle) {
        return handle.createQuery("""
                        select count(*) from pg_stat_activity
                        where datname = current_database() and wait_event_type = 'Lock'""").mapTo(Integer.class).one();
    }

    @Test
    @DisplayName("an address has one account, however it is written, and nobody learns where")
    void emailTaken() {
        User user = api.user(orgId, Role.MEMBER);
        assertThat(create(user.email().toUpperCase(java.util.Locale.ROOT), "MEMBER", "")
                        .status())
                .isEqualTo(409);
        Answer foreign = create(stranger.email(), "MEMBER", "");
        assertThat(foreign.status()).isEqualTo(409);
        assertThat(foreign.json().path("type").textValue()).isEqualTo("/problems/email-taken");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "OWNER||role|unknown_value",
                "SERVICE||role|unknown_value",
                "MEMBER|,\"property_ids\":[\"01a2050a-35f3-744a-9bfb-b09ffce1d0ad\"]|property_ids|not_a_manager",
                "MANAGER|,\"property_ids\":[\"7\"]|property_ids.0|invalid_id",
                "MANAGER|,\"property_ids\":7|property_ids|wrong_type",
                "MEMBER|,\"status\":\"active\"|status|unknown_field",
                "MEMBER|,\"ver\":9|ver|unknown_field"
            })
    @DisplayName("F2 F10 what cannot be meant is 422 and names the field")
    void badFields(String role, String more, String field, String code) {
        Answer answer = create(address(), role, more == null ? "" : more);
        assertThat(answer.status()).isEqualTo(422);
        assertThat(answer.json().path("errors")).hasSize(1);
        assertThat(answer.json().path("errors").path(0).path("field").textValue())
                .isEqualTo(field);
        assertThat(answer.json().path("errors").path(0).path("code").textValue())
                .isEqualTo(code);
    }

    @Test
    @DisplayName("F2 a password has 8 to 128 characters; properties go to managers alone, later as well")
    void laterFaults() {
        for (String password : List.of("1234567", "x".repeat(129))) {
            assertThat(api.post(
                                    admin,
                                    "/api/v1/members",
                                    "{\"email\":\"" + address()
                                            + "\",\"name\":\"M\",\"role\":\"MEMBER\",\"password\":\"" + password
                                            + "\"}")
                            .status())
                    .isEqualTo(422);
        }
        User user = api.user(orgId, Role.MEMBER);
        assertThat(api.patch(admin, path(user), "{" + properties(downtown) + "}")
                        .status())
                .isEqualTo(422);
        assertThat(api.patch(admin, path(user), "{\"role\":\"MANAGER\"," + properties(downtown) + "}")
                        .status())
                .isEqualTo(200);
        assertThat(api.patch(admin, path(user), "{\"status\":\"removed\"}").status())
                .isEqualTo(422);
    }

    @Test
    @DisplayName("F1 F3 nobody but the ADMIN, and neither foreign members nor foreign properties")
    void whoMay() {
        User hr = api.user(orgId, Role.HR);
        for (User user : List.of(hr, api.user(orgId, Role.MANAGER, downtown), api.user(orgId, Role.MEMBER))) {
            assertThat(api.post(user, "/api/v1/members", "{}").status()).isEqualTo(403);
            assertThat(api.patch(user, path(user), "{\"role\":\"ADMIN\"}").status())
                    .isEqualTo(403);
            assertThat(api.delete(user, path(hr)).status()).isEqualTo(403);
        }
        assertThat(api.get(stranger, path(hr)).status()).isEqualTo(404);
        assertThat(api.patch(stranger, path(hr), "{\"name\":\"x\"}").status()).isEqualTo(404);
        assertThat(api.delete(stranger, path(hr)).status()).isEqualTo(404);
        assertThat(create(address(), "MANAGER", "," + properties(foreignProperty))
                        .status())
                .isEqualTo(404);
        assertThat(api.get(admin, "/api/v1/members?property_id=" + foreignProperty)
                        .status())
                .isEqualTo(404);
    }

    @Test
    @DisplayName("F3 who shares records sees whom to share them with, and no more of them; a MEMBER sees nobody")
    void colleagues() {
        UUID other = api.organization("Colleagues");
        User boss = api.user(other, Role.ADMIN);
        User hr = api.user(other, Role.HR);
        User manager = api.user(other, Role.MANAGER, api.property(other, "P"));
        User gone = api.user(other, Role.MEMBER);
        assertThat(api.patch(boss, path(gone), "{\"status\":\"disabled\"}").status())
                .isEqualTo(200);
        for (User user : List.of(hr, manager)) {
            assertThat(ids(user, "")).containsExactly(boss.id(), hr.id(), manager.id());
            assertThat(ids(user, "role=HR")).containsExactly(hr.id());
            assertThat(ids(user, "q=some+man")).containsExactly(manager.id());
            assertThat(ids(user, "q=" + boss.email())).isEmpty();
            assertThat(api.get(user, path(gone)).status()).isEqualTo(404);
            Answer found = api.get(user, path(boss));
            assertThat(found.json().fieldNames())
                    .toIterable()
                    .containsExactly("id", "name", "role", "property_ids", "department_id", "version");
            assertThat(found.text()).doesNotContain(boss.email());
        }
        User member = api.user(other, Role.MEMBER);
        assertThat(api.get(member, "/api/v1/members").status()).isEqualTo(403);
        assertThat(api.get(member, path(boss)).status()).isEqualTo(403);
    }

    @Test
    @DisplayName("F5 the list is by name; role, property and q narrow it; who was removed is not in it")
    void list() {
        UUID other = api.organization("List");
        UUID property = api.property(other, "P");
        User boss = api.user(other, Role.ADMIN);
        User manager = api.user(other, Role.MANAGER, property);
        User hr = api.user(other, Role.HR);
        User gone = api.user(other, Role.HR);
        assertThat(api.delete(boss, path(gone)).status()).isEqualTo(204);
        assertThat(ids(boss, "")).containsExactly(boss.id(), hr.id(), manager.id());
        assertThat(ids(boss, "role=HR")).containsExactly(hr.id());
        assertThat(ids(boss, "property_id=" + property)).containsExactly(manager.id());
        assertThat(ids(boss, "q=some+man")).containsExactly(manager.id());
        assertThat(ids(boss, "q=" + hr.email())).containsExactly(hr.id());
        Answer page = api.get(boss, "/api/v1/members?limit=2");
        assertThat(page.json().path("items")).hasSize(2);
        assertThat(ids(boss, "limit=2&cursor=" + page.json().path("next_cursor").textValue()))
                .containsExactly(manager.id());
        assertThat(api.get(boss, "/api/v1/members?role=OWNER").status()).isEqualTo(400);
    }

    private static List<UUID> ids(User user, String query) {
        return api.get(user, "/api/v1/members?" + query).json().path("items").findValuesAsText("id").stream()
                .map(UUID::fromString)
                .toList();
    }
}
