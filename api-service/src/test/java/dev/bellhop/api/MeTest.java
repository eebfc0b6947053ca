package dev.bellhop.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.api.Receiver.Logged;
import dev.bellhop.api.RunningApi.Answer;
import dev.bellhop.api.RunningApi.User;
import dev.bellhop.model.security.Role;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MeTest {
    @RegisterExtension
    static final RunningApi api = new RunningApi();

    private static UUID orgId;

    @BeforeAll
    static void organization() {
        orgId = api.organization("Harbor Hotels");
    }

    private static Answer changePassword(User user, String current, String next) {
        return api.patch(
                user, "/api/v1/me", "{\"current_password\":\"" + current + "\",\"password\":\"" + next + "\"}");
    }

    @Test
    @DisplayName("A13 a new password ends the other sessions, here and by an event for open sockets; the own one stays")
    void password() {
        User user = api.user(orgId, Role.MEMBER);
        JsonNode other = api.login(user.email(), RunningApi.PASSWORD).json();
        User otherSession = new User(
                orgId,
                user.id(),
                user.email(),
                user.role(),
                other.path("access_token").textValue());
        Answer changed = changePassword(user, RunningApi.PASSWORD, "another password");
        assertThat(changed.status()).isEqualTo(200);
        assertThat(changed.header("ETag")).isEqualTo("\"2\"");
        assertThat(changed.text()).doesNotContain("password").doesNotContain("argon2");

        assertThat(api.get(user, "/api/v1/me").status()).isEqualTo(200);
        assertThat(api.get(otherSession, "/api/v1/me").status()).isEqualTo(401);
        assertThat(api.post(
                                null,
                                "/api/v1/auth/refresh",
                                "{\"refresh_token\":\""
                                        + other.path("refresh_token").textValue() + "\"}")
                        .status())
                .isEqualTo(401);
        assertThat(api.login(user.email(), RunningApi.PASSWORD).status()).isEqualTo(401);
        assertThat(api.login(user.email(), "another password").status()).isEqualTo(200);

        List<Logged> events = api.eventsOf(orgId, "user_id", user.id(), 1);
        assertThat(events).hasSize(1);
        Logged revoked = events.get(0);
        assertThat(revoked.type()).isEqualTo("session.revoked");
        assertThat(revoked.rooms()).isEmpty();
        assertThat(revoked.payload().has("sid")).isFalse();
        UUID ownSession = api.jdbi()
                .withHandle(h -> h.createQuery("""
                                select id from session where member_id = :id and revoked_at is null
                                order by created_at limit 1""")
                        .bind("id", user.id())
                        .mapTo(UUID.class)
                        .one());
        assertThat(revoked.payload().path("except_sid").textValue()).isEqualTo(ownSession.toString());
        assertThat(revoked.payload().path("ver").asLong()).isEqualTo(2);
    }

    @Test
    @DisplayName("S2-062 a new name is told to the organisation and ends nothing")
    void name() {
        User user = api.user(orgId, Role.MANAGER, api.property(orgId, "Harbor Downtown"));
        Answer changed = api.patch(user, "/api/v1/me", "{\"name\":\"Zoë\"}", "If-Match", "\"1\"");
        assertThat(changed.status()).isEqualTo(200);
        assertThat(changed.json().path("name").textValue()).isEqualTo("Zoë");
        Answer me = api.get(user, "/api/v1/me");
        assertThat(me.json()).isEqualTo(changed.json());
        assertThat(me.header("ETag")).isEqualTo("\"2\"");
        assertThat(api.patch(user, "/api/v1/me", "{\"name\":\"x\"}", "If-Match", "\"1\"")
                        .status())
                .isEqualTo(412);
        List<Logged> events = api.eventsOf(orgId, "user_id", user.id(), 1);
        assertThat(events).extracting(Logged::type).containsExactly("member.updated");
        assertThat(events.get(0).payload().path("name").textValue()).isEqualTo("Zoë");
        assertThat(events.get(0).payload().path("property_ids")).hasSize(1);
        assertThat(events.get(0).payload().path("ver").asLong()).isEqualTo(1);
    }

    @Test
    @DisplayName("A18 the old password is asked for, and cannot be guessed here either")
    void guessing() {
        User user = api.user(orgId, Role.MEMBER);
        for (int i = 0; i < 5; i++) {
            Answer wrong = changePassword(user, "wrong", "another password");
            assertThat(wrong.status()).isEqualTo(422);
            assertThat(wrong.json().path("errors").path(0).path("field").textValue())
                    .isEqualTo("current_password");
        }
        Answer throttled = changePassword(user, RunningApi.PASSWORD, "another password");
        assertThat(throttled.status()).isEqualTo(429);
        assertThat(throttled.header("Retry-After")).isNotEmpty();
        assertThat(api.get(user, "/api/v1/me").header("ETag")).isEqualTo("\"1\"");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"password\":\"another password\"}|current_password|required",
                "{\"current_password\":\"x\"}|password|required",
                "{\"current_password\":\"x\",\"password\":\"short\"}|password|too_short",
                "{\"name\":null}|name|required",
                "{\"role\":\"ADMIN\"}|role|unknown_field",
                "{\"email\":\"a@b.example\"}|email|unknown_field"
            })
    @DisplayName("F2 F10 what cannot be meant is 422 and names the field")
    void badFields(String body, String field, String code) {
        Answer answer = api.patch(api.user(orgId, Role.MEMBER), "/api/v1/me", body);
        assertThat(answer.status()).isEqualTo(422);
        assertThat(answer.json().path("errors")).hasSize(1);
        assertThat(answer.json().path("errors").path(0).path("field").textValue())
                .isEqualTo(field);
        assertThat(answer.json().path("errors").path(0).path("code").textValue())
                .isEqualTo(code);
    }
}
