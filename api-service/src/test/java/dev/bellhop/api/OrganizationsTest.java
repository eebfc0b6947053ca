package dev.bellhop.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.api.Receiver.Logged;
import dev.bellhop.api.RunningApi.Answer;
import dev.bellhop.api.RunningApi.User;
import dev.bellhop.api.store.Ids;
import dev.bellhop.model.security.Role;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OrganizationsTest {
    @RegisterExtension
    static final RunningApi api = new RunningApi();

    private static User machine;

    @BeforeAll
    static void machine() {
        machine = api.machine();
    }

    private static Answer found(User user, String adminEmail) {
        return api.post(
                user,
                "/api/v1/organizations",
                "{\"name\":\"Harbor Hotels\",\"admin\":{\"email\":\"" + adminEmail
                        + "\",\"name\":\"Ada\",\"password\":\"" + RunningApi.PASSWORD + "\"}}");
    }

    private static String address() {
        return Ids.next() + "@test.example";
    }

    private static User user(JsonNode login, Role role) {
        return new User(
                UUID.fromString(login.path("user").path("org_id").textValue()),
                UUID.fromString(login.path("user").path("id").textValue()),
                login.path("user").path("email").textValue(),
                role,
                login.path("access_token").textValue());
    }

    @Test
    @DisplayName("a machine founds an organisation; its first admin logs in, sees it and names it")
    void founding() {
        String email = address();
        Answer founded = found(machine, email);
        assertThat(founded.status()).isEqualTo(201);
        assertThat(founded.header("Location")).isEqualTo("/api/v1/organizations/" + founded.id());
        assertThat(founded.json().path("admin").path("email").textValue()).isEqualTo(email);
        assertThat(founded.text()).doesNotContain("password").doesNotContain("argon2");
        User admin = user(api.login(email, RunningApi.PASSWORD).json(), Role.ADMIN);
        assertThat(admin.orgId()).isEqualTo(founded.id());
        assertThat(api.get(admin, "/api/v1/members").json().path("items")).hasSize(1);

        Answer current = api.get(admin, "/api/v1/organizations/current");
        assertThat(current.json().path("name").textValue()).isEqualTo("Harbor Hotels");
        assertThat(current.json().path("status").textValue()).isEqualTo("active");
        assertThat(current.json().has("admin")).isFalse();
        Answer renamed =
                api.patch(admin, "/api/v1/organizations/current", "{\"name\":\"Harbor Inns\"}", "If-Match", "\"1\"");
        assertThat(renamed.status()).isEqualTo(200);
        assertThat(renamed.header("ETag")).isEqualTo("\"2\"");
        assertThat(api.patch(admin, "/api/v1/organizations/current", "{\"name\":\"x\"}", "If-Match", "\"1\"")
                        .status())
                .isEqualTo(412);
        assertThat(api.get(admin, "/api/v1/organizations/current").json()).isEqualTo(renamed.json());

        List<Logged> events = api.eventsOf(founded.id(), "user_id", admin.id(), 1);
        assertThat(events).extracting(Logged::type).containsExactly("member.added");
        assertThat(events.get(0).payload().path("role").textValue()).isEqualTo("ADMIN");
        assertThat(events.get(0).seq()).isEqualTo(1);
    }

    @Test
    @DisplayName("A13 a disabled organisation is out at the next call, by an event for open sockets, until enabled")
    void disabling() {
        UUID orgId = api.organization("Disabled");
        User hr = api.user(orgId, Role.HR);
        String path = "/api/v1/organizations/" + orgId;
        Answer disabled = api.patch(machine, path, "{\"status\":\"disabled\"}");
        assertThat(disabled.status()).isEqualTo(200);
        assertThat(disabled.header("ETag")).isEqualTo("\"2\"");
        assertThat(disabled.json().path("status").textValue()).isEqualTo("disabled");
        assertThat(api.get(hr, "/api/v1/me").status()).isEqualTo(401);
        assertThat(api.login(hr.email(), RunningApi.PASSWORD).status()).isEqualTo(401);
        assertThat(api.patch(machine, path, "{\"status\":\"disabled\"}").header("ETag"))
                .isEqualTo("\"2\"");
        assertThat(api.patch(machine, path, "{\"status\":\"active\"}", "If-Match", "\"1\"")
                        .status())
                .isEqualTo(412);
        assertThat(api.patch(machine, path, "{\"status\":\"active\"}").status()).isEqualTo(200);
        assertThat(api.get(hr, "/api/v1/me").status()).isEqualTo(200);
        assertThat(api.login(hr.email(), RunningApi.PASSWORD).status()).isEqualTo(200);

        List<Logged> events = api.eventsOf(orgId, "org_id", orgId, 2);
        assertThat(events).extracting(Logged::type).containsExactly("organization.disabled", "organization.enabled");
        assertThat(events).allSatisfy(event -> assertThat(event.rooms()).isEmpty());
    }

    @Test
    @DisplayName("F3 only machines found and disable, only the ADMIN renames, and a machine is in no organisation")
    void whoMay() {
        UUID orgId = api.organization("Who may");
        String path = "/api/v1/organizations/" + orgId;
        for (Role role : List.of(Role.ADMIN, Role.HR, Role.MANAGER, Role.MEMBER)) {
            User user = api.user(orgId, role);
            assertThat(found(user, address()).status()).isEqualTo(403);
            assertThat(api.patch(user, path, "{\"status\":\"disabled\"}").status())
                    .isEqualTo(403);
            assertThat(api.get(user, "/api/v1/organizations/current").status()).isEqualTo(200);
            assertThat(api.patch(user, "/api/v1/organizations/current", "{\"name\":\"x\"}")
                            .status())
                    .isEqualTo(role == Role.ADMIN ? 200 : 403);
        }
        assertThat(api.get(machine, "/api/v1/organizations/current").status()).isEqualTo(403);
        assertThat(api.get(machine, "/api/v1/members").status()).isEqualTo(403);
        assertThat(api.patch(machine, "/api/v1/organizations/" + Ids.next(), "{\"status\":\"active\"}")
                        .status())
                .isEqualTo(404);
    }

    @Test
    @DisplayName("an organisation whose admin has an account elsewhere is not founded at all")
    void emailTaken() {
        User taken = api.user(api.organization("First"), Role.MEMBER);
        int before = organizations();
        assertThat(found(machine, taken.email()).status()).isEqualTo(409);
        assertThat(organizations()).isEqualTo(before);
    }

    private static int organizations() {
        return api.jdbi()
                .withHandle(h -> h.createQuery("select count(*) from organization")
                        .mapTo(Integer.class)
                        .one());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"name\":\"x\",\"admin\":{\"email\":\"a@b.example\",\"name\":\"A\"}}|admin.password",
                "{\"name\":\"x\",\"admin\":{\"email\":\"a\",\"name\":\"A\",\"password\":\"longer than 8\"}}|admin.email",
                "{\"name\":\"x\",\"admin\":7}|admin"
            })
    @DisplayName("F2 F10 what cannot be meant is 422 and names the field")
    void badFields(String body, String field) {
        Answer answer = api.post(machine, "/api/v1/organizations", body);
        assertThat(answer.status()).isEqualTo(422);
        assertThat(answer.json().path("errors").path(0).path("field").textValue())
                .isEqualTo(field);
    }
}
