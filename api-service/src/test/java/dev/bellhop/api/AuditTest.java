package dev.bellhop.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.api.RunningApi.Answer;
import dev.bellhop.api.RunningApi.User;
import dev.bellhop.model.security.Role;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Who changed what when. That every route leaves an entry, RouteMatrixTest shows. */
class AuditTest {
    @RegisterExtension
    static final RunningApi api = new RunningApi();

    private static UUID orgId;
    private static User admin;
    private static User hr;

    @BeforeAll
    static void organization() {
        orgId = api.organization("Harbor Hotels");
        admin = api.user(orgId, Role.ADMIN);
        hr = api.user(orgId, Role.HR);
    }

    private static List<JsonNode> entriesOf(UUID resource) {
        List<JsonNode> entries = new ArrayList<>();
        api.get(admin, "/api/v1/audit?limit=200").json().path("items").forEach(entry -> {
            if (entry.path("resource_id").textValue().equals(resource.toString())) {
                entries.add(0, entry);
            }
        });
        return entries;
    }

    @Test
    @DisplayName("each change says who, what, when and in which request; the id is that of its event")
    void entries() {
        Answer created =
                api.post(hr, "/api/v1/entities", "{\"type\":\"lead\",\"name\":\"x\"}", "X-Request-Id", "request-4711");
        api.patch(admin, created.header("Location"), "{\"name\":\"y\"}");
        api.delete(admin, created.header("Location"));
        List<JsonNode> entries = entriesOf(created.id());
        assertThat(entries)
                .extracting(entry -> entry.path("action").textValue())
                .containsExactly("entity.created", "entity.updated", "entity.deleted");
        assertThat(entries)
                .extracting(entry -> entry.path("actor_id").textValue())
                .containsExactly(
                        hr.id().toString(), admin.id().toString(), admin.id().toString());
        assertThat(entries.get(0).path("request_id").textValue()).isEqualTo("request-4711");
        assertThat(entries.get(0).path("actor_name").textValue()).isEqualTo("Some HR");
        assertThat(entries.get(0).path("id").textValue())
                .isEqualTo(
                        api.eventsOf(orgId, "id", created.id(), 1).get(0).id().toString());
    }

    @Test
    @DisplayName("a write that fails leaves no entry")
    void rolledBack() {
        Answer created = api.post(hr, "/api/v1/entities", "{\"type\":\"lead\",\"name\":\"x\"}");
        assertThat(api.patch(hr, created.header("Location"), "{\"name\":\"y\"}", "If-Match", "\"7\"")
                        .status())
                .isEqualTo(412);
        assertThat(entriesOf(created.id())).hasSize(1);
    }

    @Test
    @DisplayName("what nobody did by name: another program's message, and a public application")
    void nobody() {
        UUID chat = api.post(hr, "/api/v1/chats", "{\"title\":\"x\"}").id();
        api.jdbi()
                .useHandle(h -> h.execute(
                        "insert into chat_message (chat_id, author_name, text) values (?, 'Telegram', 'x')", chat));
        String message = api.get(hr, "/api/v1/chats/" + chat + "/messages")
                .json()
                .path("items")
                .path(0)
                .path("id")
                .textValue();
        JsonNode said = entriesOf(UUID.fromString(message)).get(0);
        assertThat(said.path("actor_id").isNull()).isTrue();
        assertThat(said.path("actor_name").textValue()).isEqualTo("Telegram");
        Answer application = api.post(
                null,
                "/api/v1/properties/" + api.property(orgId, "Harbor Downtown") + "/applications",
                "{\"applicant_name\":\"A\",\"email\":\"a@x.example\",\"position\":\"Cook\"}");
        assertThat(entriesOf(application.id()).get(0).path("actor_id").isNull()).isTrue();
    }

    @Test
    @DisplayName("a login is in it, under the member's name")
    void login() {
        User user = api.user(orgId, Role.MEMBER);
        assertThat(entriesOf(user.id()))
                .extracting(entry -> entry.path("action").textValue() + " "
                        + entry.path("actor_id").textValue())
                .containsExactly("session.started " + user.id());
    }

    @Test
    @DisplayName("F1 F3 F5 the ADMIN reads their own organisation's trail, newest first, page by page")
    void reading() {
        assertThat(api.get(hr, "/api/v1/audit").status()).isEqualTo(403);
        User stranger = api.user(api.organization("Summit Stays"), Role.ADMIN);
        JsonNode theirs = api.get(stranger, "/api/v1/audit").json().path("items");
        assertThat(theirs.findValuesAsText("actor_id"))
                .containsOnly(stranger.id().toString());
        Answer page = api.get(admin, "/api/v1/audit?limit=1");
        Answer next = api.get(
                admin,
                "/api/v1/audit?limit=1&cursor="
                        + page.json().path("next_cursor").textValue());
        assertThat(next.json().path("items").path(0).path("id").textValue())
                .isLessThan(page.json().path("items").path(0).path("id").textValue());
    }
}
