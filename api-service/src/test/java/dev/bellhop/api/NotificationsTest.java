package dev.bellhop.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellhop.api.Receiver.Logged;
import dev.bellhop.api.RunningApi.Answer;
import dev.bellhop.api.RunningApi.User;
import dev.bellhop.api.notifications.NotificationStore;
import dev.bellhop.api.outbox.Outbox;
import dev.bellhop.model.security.Role;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NotificationsTest {
    @RegisterExtension
    static final RunningApi api = new RunningApi();

    private UUID orgId;
    private User hr;
    private User manager;
    private User member;

    @BeforeEach
    void organization() {
        orgId = api.organization("Harbor Hotels");
        hr = api.user(orgId, Role.HR);
        manager = api.user(orgId, Role.MANAGER);
        member = api.user(orgId, Role.MEMBER);
    }

    private static List<String> unread(User user) {
        return api.get(user, "/api/v1/notifications").json().path("items").findValuesAsText("message");
    }

    @Test
    @DisplayName("S1-036 S1-055 a notification to a role is an event for it, and waits for those who were away")
    void toARole() {
        Answer sent = api.post(
                hr,
                "/api/v1/notifications",
                "{\"message\":\"System maintenance scheduled\",\"severity\":\"warning\",\"target_role\":\"MANAGER\","
                        + "\"kind\":\"maintenance\"}");
        assertThat(sent.status()).isEqualTo(201);
        assertThat(api.get(hr, sent.header("Location")).json()).isEqualTo(sent.json());
        Logged event = api.eventsOf(orgId, "id", sent.id(), 1).get(0);
        assertThat(event.type()).isEqualTo("system.notification");
        assertThat(event.rooms()).containsExactly("role-MANAGER");
        assertThat(event.payload().path("message").textValue()).isEqualTo("System maintenance scheduled");
        assertThat(event.payload().path("severity").textValue()).isEqualTo("warning");
        assertThat(event.payload().path("target_role").textValue()).isEqualTo("MANAGER");
        assertThat(event.payload().path("kind").textValue()).isEqualTo("maintenance");

        assertThat(unread(manager)).containsExactly("System maintenance scheduled");
        assertThat(unread(member)).isEmpty();
        assertThat(api.get(member, sent.header("Location")).status()).isEqualTo(404);
        Answer read = api.post(manager, sent.header("Location") + "/read", "{}");
        assertThat(read.status()).isEqualTo(200);
        assertThat(read.json().path("read_at").textValue()).isNotBlank();
        assertThat(api.post(manager, sent.header("Location") + "/read", "").json())
                .isEqualTo(read.json());
        assertThat(unread(manager)).isEmpty();
        assertThat(api.post(member, sent.header("Location") + "/read", "{}").status())
                .isEqualTo(404);
    }

    @Test
    @DisplayName("S1-037 a notification to one user is an event for that user alone")
    void toAUser() {
        Answer sent = api.post(
                hr,
                "/api/v1/notifications",
                "{\"message\":\"Your shift plan is ready\",\"severity\":\"info\",\"title\":\"Welcome\",\"user_id\":\""
                        + member.id() + "\"}");
        assertThat(sent.status()).isEqualTo(201);
        Logged event = api.eventsOf(orgId, "id", sent.id(), 1).get(0);
        assertThat(event.type()).isEqualTo("user.notification");
        assertThat(event.rooms()).containsExactly("user-" + member.id());
        assertThat(event.payload().path("title").textValue()).isEqualTo("Welcome");
        assertThat(unread(member)).containsExactly("Your shift plan is ready");
        assertThat(unread(manager)).isEmpty();
    }

    @Test
    @DisplayName("one to everybody reaches who was there then, newest first and page by page")
    void toEverybody() {
        for (int i = 1; i <= 3; i++) {
            api.post(hr, "/api/v1/notifications", "{\"message\":\"m" + i + "\",\"severity\":\"info\"}");
        }
        assertThat(unread(hr)).containsExactly("m3", "m2", "m1");
        Answer page = api.get(member, "/api/v1/notifications?limit=2");
        assertThat(page.json().path("items").findValuesAsText("message")).containsExactly("m3", "m2");
        Answer next = api.get(
                member,
                "/api/v1/notifications?limit=2&cursor="
                        + page.json().path("next_cursor").textValue());
        assertThat(next.json().path("items").findValuesAsText("message")).containsExactly("m1");
        assertThat(unread(api.user(orgId, Role.MEMBER))).isEmpty();
    }

    @Test
    @DisplayName("F1 F3 ADMIN and HR send, within their organisation")
    void rights() {
        String all = "{\"message\":\"x\",\"severity\":\"info\"}";
        assertThat(api.post(manager, "/api/v1/notifications", all).status()).isEqualTo(403);
        assertThat(api.post(member, "/api/v1/notifications", all).status()).isEqualTo(403);
        User stranger = api.user(api.organization("Summit Stays"), Role.ADMIN);
        Answer foreign = api.post(
                stranger,
                "/api/v1/notifications",
                "{\"message\":\"x\",\"severity\":\"info\",\"user_id\":\"" + member.id() + "\"}");
        assertThat(foreign.status()).isEqualTo(404);
        String path = api.post(hr, "/api/v1/notifications", all).header("Location");
        assertThat(api.get(stranger, path).status()).isEqualTo(404);
        assertThat(unread(stranger)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"severity\":\"info\"}|message|required",
                "{\"message\":\"x\"}|severity|required",
                "{\"message\":\"x\",\"severity\":\"fatal\"}|severity|unknown_value",
                "{\"message\":\"x\",\"severity\":\"info\",\"kind\":\"party\"}|kind|unknown_value",
                "{\"message\":\"x\",\"severity\":\"info\",\"target_role\":\"SERVICE\"}|target_role|unknown_value",
                "{\"message\":\"x\",\"severity\":\"info\",\"title\":\"t\"}|title|unknown_field"
            })
    @DisplayName("F2 what cannot be meant is 422 and names the field")
    void badFields(String body, String field, String code) {
        Answer answer = api.post(hr, "/api/v1/notifications", body);
        assertThat(answer.status()).isEqualTo(422);
        assertThat(answer.json().path("errors").path(0).path("field").textValue())
                .isEqualTo(field);
        assertThat(answer.json().path("errors").path(0).path("code").textValue())
                .isEqualTo(code);
    }

    @Test
    @DisplayName("what is older than 90 days is forgotten, with who read it")
    void forgotten() {
        Answer old = api.post(hr, "/api/v1/notifications", "{\"message\":\"old\",\"severity\":\"info\"}");
        api.post(hr, "/api/v1/notifications", "{\"message\":\"new\",\"severity\":\"info\"}");
        api.post(member, old.header("Location") + "/read", "{}");
        api.jdbi()
                .useHandle(h -> h.execute(
                        "update notification set created_at = now() - interval '91 days' where id = ?", old.id()));
        new NotificationStore(api.jdbi(), new Outbox(() -> {})).deleteExpired(1);
        assertThat(api.get(hr, old.header("Location")).status()).isEqualTo(404);
        assertThat(unread(hr)).containsExactly("new");
    }
}
