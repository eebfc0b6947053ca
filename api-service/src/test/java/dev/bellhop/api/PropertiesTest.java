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

class PropertiesTest {
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
        return api.post(user, "/api/v1/properties", "{\"name\":\"" + name + "\"}");
    }

    @Test
    @DisplayName("S1-038 S1-056 a property's life is three events for its managers and HR")
    void lifeOfAProperty() {
        Answer created = create(hr, "Harbor Pier");
        assertThat(created.status()).isEqualTo(201);
        assertThat(created.header("ETag")).isEqualTo("\"1\"");
        String path = "/api/v1/properties/" + created.id();
        assertThat(created.header("Location")).isEqualTo(path);
        assertThat(api.get(hr, path).json()).isEqualTo(created.json());

        Answer changed = api.patch(hr, path, "{\"name\":\"Harbor Quay\"}", "If-Match", "\"1\"");
        assertThat(changed.status()).isEqualTo(200);
        assertThat(changed.header("ETag")).isEqualTo("\"2\"");
        assertThat(changed.json().path("name").textValue()).isEqualTo("Harbor Quay");
        assertThat(api.patch(hr, path, "{\"name\":\"x\"}", "If-Match", "\"1\"").status())
                .isEqualTo(412);
        assertThat(api.delete(hr, path, "If-Match", "\"1\"").status()).isEqualTo(412);
        assertThat(api.delete(hr, path).status()).isEqualTo(204);
        assertThat(api.delete(hr, path).status()).isEqualTo(404);

        List<Logged> events = api.eventsOf(orgId, "id", created.id(), 3);
        assertThat(events)
                .extracting(Logged::type)
                .containsExactly("property.created", "property.updated", "property.deleted");
        assertThat(events)
                .allSatisfy(event -> assertThat(event.rooms()).containsExactly("property-" + created.id(), "global"));
        assertThat(events.get(0).payload()).isEqualTo(created.json());
        assertThat(events.get(1).payload()).isEqualTo(changed.json());
        assertThat(events.get(2).payload().path("resource_type").textValue()).isEqualTo("property");
        assertThat(events.get(2).payload().path("version").asLong()).isEqualTo(3);
    }

    @Test
    @DisplayName("S1-004 S1-072 a manager sees their own properties and changes none; a MEMBER sees none")
    void managers() {
        UUID own = create(hr, "Own").id();
        UUID other = create(hr, "Other").id();
        User manager = api.user(orgId, Role.MANAGER, own);
        assertThat(api.get(manager, "/api/v1/properties").json().path("items").findValuesAsText("id"))
                .containsExactly(own.toString());
        assertThat(api.get(manager, "/api/v1/properties/" + own).status()).isEqualTo(200);
        assertThat(api.get(manager, "/api/v1/properties/" + other).status()).isEqualTo(404);
        assertThat(create(manager, "x").status()).isEqualTo(403);
        assertThat(api.patch(manager, "/api/v1/properties/" + own, "{\"name\":\"x\"}")
                        .status())
                .isEqualTo(403);
        assertThat(api.delete(manager, "/api/v1/properties/" + own).status()).isEqualTo(403);
        User member = api.user(orgId, Role.MEMBER);
        assertThat(api.get(member, "/api/v1/properties").status()).isEqualTo(403);
        assertThat(api.get(member, "/api/v1/properties/" + own).status()).isEqualTo(403);
    }

    @Test
    @DisplayName("a property with managers or applications is not deleted, and the answer says what names it")
    void inUse() {
        Answer managed = create(hr, "Managed");
        api.user(orgId, Role.MANAGER, managed.id());
        Answer refused = api.delete(hr, managed.header("Location"));
        assertThat(refused.status()).isEqualTo(409);
        assertThat(refused.json().path("type").textValue()).isEqualTo("/problems/in-use");
        assertThat(refused.json().path("used_by").path(0).textValue()).isEqualTo("members");
        Answer applied = create(hr, "Applied to");
        assertThat(api.post(
                                null,
                                applied.header("Location") + "/applications",
                                "{\"applicant_name\":\"A\",\"email\":\"a@b.example\",\"position\":\"Porter\"}")
                        .status())
                .isEqualTo(201);
        assertThat(api.delete(hr, applied.header("Location"))
                        .json()
                        .path("used_by")
                        .path(0)
                        .textValue())
                .isEqualTo("applications");
        assertThat(api.get(hr, applied.header("Location")).status()).isEqualTo(200);
    }

    @Test
    @DisplayName("F1 another organisation's property is a 404")
    void tenancy() {
        String path = create(hr, "Ours").header("Location");
        assertThat(api.get(stranger, path).status()).isEqualTo(404);
        assertThat(api.patch(stranger, path, "{\"name\":\"x\"}").status()).isEqualTo(404);
        assertThat(api.delete(stranger, path).status()).isEqualTo(404);
        assertThat(api.get(stranger, "/api/v1/properties").json().path("items")).isEmpty();
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
        String next = "/api/v1/properties?limit=2";
        while (!next.isEmpty()) {
            Answer page = api.get(other, next);
            seen.addAll(page.json().path("items").findValuesAsText("name"));
            String link = page.header("Link");
            next = link.isEmpty() ? "" : link.substring(1, link.indexOf('>'));
        }
        assertThat(seen).containsExactly("100%", "a", "a", "b", "c");
        assertThat(api.get(other, "/api/v1/properties?q=A").json().path("items"))
                .hasSize(2);
        assertThat(api.get(other, "/api/v1/properties?q=%25")
                        .json()
                        .path("items")
                        .findValuesAsText("name"))
                .containsExactly("100%");
        assertThat(api.get(other, "/api/v1/properties?sort=name").status()).isEqualTo(400);
    }

    @Test
    @DisplayName("F2 what cannot be meant is 422 and names the field")
    void badFields() {
        assertThat(api.post(hr, "/api/v1/properties", "{}").status()).isEqualTo(422);
        assertThat(create(hr, "x".repeat(201)).status()).isEqualTo(422);
        String path = create(hr, "Good").header("Location");
        Answer removed = api.patch(hr, path, "{\"name\":null}");
        assertThat(removed.status()).isEqualTo(422);
        assertThat(removed.json().path("errors").path(0).path("field").textValue())
                .isEqualTo("name");
        assertThat(api.patch(hr, path, "{\"id\":\"x\"}").status()).isEqualTo(422);
    }
}
