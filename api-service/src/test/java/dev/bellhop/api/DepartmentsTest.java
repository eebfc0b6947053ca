package dev.bellhop.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellhop.api.Receiver.Logged;
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

class DepartmentsTest {
    @RegisterExtension
    static final RunningApi api = new RunningApi();

    private static UUID orgId;
    private static User hr;
    private static User stranger;

    @BeforeAll
    static void organizations() {
        orgId = api.organization("Harbor Hotels");
        hr = api.user(orgId, Role.HR);
        stranger = api.user(api.organization("Summit Stays"), Role.ADMIN);
    }

    private static Answer create(User user, String name) {
        return api.post(user, "/api/v1/departments", "{\"name\":\"" + name + "\"}");
    }

    @Test
    @DisplayName("S2-063 a department's life is three events for the whole organisation")
    void lifeOfADepartment() {
        Answer created = create(hr, "Kitchen");
        assertThat(created.status()).isEqualTo(201);
        assertThat(created.header("ETag")).isEqualTo("\"1\"");
        String path = "/api/v1/departments/" + created.id();
        assertThat(created.header("Location")).isEqualTo(path);
        assertThat(api.get(hr, path).json()).isEqualTo(created.json());

        Answer changed = api.patch(hr, path, "{\"name\":\"Kitchens\"}", "If-Match", "\"1\"");
        assertThat(changed.status()).isEqualTo(200);
        assertThat(changed.header("ETag")).isEqualTo("\"2\"");
        assertThat(changed.json().path("name").textValue()).isEqualTo("Kitchens");
        assertThat(api.patch(hr, path, "{\"name\":\"x\"}", "If-Match", "\"1\"").status())
                .isEqualTo(412);
        assertThat(api.delete(hr, path, "If-Match", "\"1\"").status()).isEqualTo(412);
        assertThat(api.delete(hr, path).status()).isEqualTo(204);
        assertThat(api.delete(hr, path).status()).isEqualTo(404);

        List<Logged> events = api.eventsOf(orgId, "id", created.id(), 3);
        assertThat(events)
                .extracting(Logged::type)
                .containsExactly("department.created", "department.updated", "department.deleted");
        assertThat(events).allSatisfy(event -> assertThat(event.rooms()).containsExactly("org"));
        assertThat(events.get(0).payload()).isEqualTo(created.json());
        assertThat(events.get(1).payload()).isEqualTo(changed.json());
        assertThat(events.get(2).payload().path("resource_type").textValue()).isEqualTo("department");
        assertThat(events.get(2).payload().path("version").asLong()).isEqualTo(3);
    }

    @Test
    @DisplayName("every member sees the departments; ADMIN and HR alone change them")
    void roles() {
        String path = create(hr, "Seen by all").header("Location");
        for (Role role : List.of(Role.MANAGER, Role.MEMBER)) {
            User user = api.user(orgId, role);
            assertThat(api.get(user, path).status()).isEqualTo(200);
            assertThat(api.get(user, "/api/v1/departments?q=Seen")
                            .json()
                            .path("items")
                            .findValuesAsText("name"))
                    .containsExactly("Seen by all");
            assertThat(create(user, "x").status()).isEqualTo(403);
            assertThat(api.patch(user, path, "{\"name\":\"x\"}").status()).isEqualTo(403);
            assertThat(api.delete(user, path).status()).isEqualTo(403);
        }
        assertThat(create(api.user(orgId, Role.ADMIN), "By the admin").status()).isEqualTo(201);
    }

    @Test
    @DisplayName("a department with members or entities is not deleted, and the answer says what names it")
    void inUse() {
        Answer staffed = create(hr, "Staffed");
        User user = api.user(orgId, Role.MEMBER);
        api.jdbi()
                .useHandle(h -> h.execute("update member set department_id = ? where id = ?", staffed.id(), user.id()));
        Answer refused = api.delete(hr, staffed.header("Location"));
        assertThat(refused.status()).isEqualTo(409);
        assertThat(refused.json().path("type").textValue()).isEqualTo("/problems/in-use");
        assertThat(refused.json().path("used_by").path(0).textValue()).isEqualTo("members");
        Answer named = create(hr, "Named");
        String entity = api.post(
                        hr,
                        "/api/v1/entities",
                        "{\"type\":\"lead\",\"name\":\"x\",\"department_id\":\"" + named.id() + "\"}")
                .header("Location");
        assertThat(api.delete(hr, named.header("Location"))
                        .json()
                        .path("used_by")
                        .path(0)
                        .textValue())
                .isEqualTo("entities");
        assertThat(api.delete(hr, entity).status()).isEqualTo(204);
        assertThat(api.delete(hr, named.header("Location")).status()).isEqualTo(204);
    }

    @Test
    @DisplayName("F1 another organisation's department is a 404")
    void tenancy() {
        String path = create(hr, "Ours").header("Location");
        assertThat(api.get(stranger, path).status()).isEqualTo(404);
        assertThat(api.patch(stranger, path, "{\"name\":\"x\"}").status()).isEqualTo(404);
        assertThat(api.delete(stranger, path).status()).isEqualTo(404);
        assertThat(api.get(stranger, "/api/v1/departments").json().path("items"))
                .isEmpty();
        assertThat(api.get(hr, path).json().path("version").asLong()).isEqualTo(1);
    }

    @Test
    @DisplayName("F5 pages are by name and hold every row once; q narrows them and takes wildcards literally")
    void pages() {
        User other = api.user(api.organization("Pages"), Role.ADMIN);
        for (String name : List.of("c", "a", "b", "a", "100%")) {
            create(other, name);
        }
        List<String> seen = new ArrayList<>();
        String next = "/api/v1/departments?limit=2";
        while (!next.isEmpty()) {
            Answer page = api.get(other, next);
            seen.addAll(page.json().path("items").findValuesAsText("name"));
            String link = page.header("Link");
            next = link.isEmpty() ? "" : link.substring(1, link.indexOf('>'));
        }
        assertThat(seen).containsExactly("100%", "a", "a", "b", "c");
        assertThat(api.get(other, "/api/v1/departments?q=A").json().path("items"))
                .hasSize(2);
        assertThat(api.get(other, "/api/v1/departments?q=%25")
                        .json()
                        .path("items")
                        .findValuesAsText("name"))
                .containsExactly("100%");
        assertThat(api.get(other, "/api/v1/departments?sort=name").status()).isEqualTo(400);
    }

    @Test
    @DisplayName("F2 what cannot be meant is 422 and names the field")
    void badFields() {
        assertThat(api.post(hr, "/api/v1/departments", "{}").status()).isEqualTo(422);
        assertThat(create(hr, "x".repeat(201)).status()).isEqualTo(422);
        String path = create(hr, "Good").header("Location");
        Answer removed = api.patch(hr, path, "{\"name\":null}");
        assertThat(removed.status()).isEqualTo(422);
        assertThat(removed.json().path("errors").path(0).path("field").textValue())
                .isEqualTo("name");
        assertThat(api.patch(hr, path, "{\"id\":\"x\"}").status()).isEqualTo(422);
    }
}
