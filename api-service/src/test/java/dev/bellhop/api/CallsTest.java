package dev.bellhop.api;

import static org.assertj.core.api.Assertions.assertThat;

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

class CallsTest {
    @RegisterExtension
    static final RunningApi api = new RunningApi();

    private static UUID orgId;
    private static User hr;
    private static User member;
    private static User stranger;

    @BeforeAll
    static void organizations() {
        orgId = api.organization("Harbor Hotels");
        hr = api.user(orgId, Role.HR);
        member = api.user(orgId, Role.MEMBER);
        stranger = api.user(api.organization("Summit Stays"), Role.ADMIN);
    }

    private static UUID entity(User owner) {
        return api.post(owner, "/api/v1/entities", "{\"type\":\"lead\",\"name\":\"Zoë\"}")
                .id();
    }

    private static Answer call(User user, UUID entity, String more) {
        return api.post(
                user,
                "/api/v1/calls",
                "{\"entity_id\":\"" + entity + "\",\"started_at\":\"2026-01-01T12:00:00+02:00\"" + more + "}");
    }

    @Test
    @DisplayName("S2-061 a call's life: created, and updated when its recording is ready")
    void lifeOfACall() {
        UUID entity = entity(hr);
        Answer created = call(member, entity, "");
        assertThat(created.status()).isEqualTo(201);
        String path = created.header("Location");
        assertThat(created.json().path("status").textValue()).isEqualTo("processing");
        assertThat(created.json().path("started_at").textValue()).isEqualTo("2026-01-01T10:00:00.000000Z");
        Answer ready = api.patch(
                member,
                path,
                "{\"status\":\"ready\",\"duration_s\":754,\"recording_url\":\"https://example.com/r/11\","
                        + "\"summary\":\"Wants the night shift.\"}",
                "If-Match",
                "\"1\"");
        assertThat(ready.status()).isEqualTo(200);
        assertThat(ready.header("ETag")).isEqualTo("\"2\"");
        assertThat(api.get(hr, path).json()).isEqualTo(ready.json());
        assertThat(api.patch(hr, path, "{\"status\":\"failed\"}", "If-Match", "\"1\"")
                        .status())
                .isEqualTo(412);
        Answer without = api.patch(hr, path, "{\"summary\":null}");
        assertThat(without.json().path("summary").isNull()).isTrue();
        assertThat(without.json().path("duration_s").intValue()).isEqualTo(754);
        assertThat(api.get(hr, "/api/v1/calls").json().path("items").findValuesAsText("id"))
                .contains(created.id().toString());

        List<Logged> events = api.eventsOf(orgId, "id", created.id(), 3);
        assertThat(events).extracting(Logged::type).containsExactly("call.created", "call.updated", "call.updated");
        assertThat(events).allSatisfy(event -> assertThat(event.rooms()).containsExactly("org"));
        assertThat(events.get(0).payload().has("recording_url")).isFalse();
        assertThat(events.get(1).payload().path("recording_url").textValue()).isEqualTo("https://example.com/r/11");
        assertThat(events.get(1).payload().path("entity_id").textValue()).isEqualTo(entity.toString());
    }

    @Test
    @DisplayName("F3 a MEMBER changes their own calls and those that are shared with them for editing")
    void rights() {
        Answer call = call(hr, entity(hr), "");
        String path = call.header("Location");
        String patch = "{\"summary\":\"x\"}";
        assertThat(api.patch(member, path, patch).status()).isEqualTo(403);
        Answer share = api.post(
                hr,
                "/api/v1/shares",
                "{\"resource_type\":\"call\",\"resource_id\":\"" + call.id() + "\",\"user_id\":\"" + member.id()
                        + "\",\"access_level\":\"edit\"}");
        assertThat(share.json().path("resource_name").textValue()).isEqualTo("Call with Zoë");
        assertThat(api.patch(member, path, patch).status()).isEqualTo(200);
        assertThat(api.delete(hr, share.header("Location")).status()).isEqualTo(204);
        assertThat(api.patch(member, path, patch).status()).isEqualTo(403);
    }

    @Test
    @DisplayName("a call stays when its entity goes, and an event says so before the entity's own")
    void leftAlone() {
        UUID entity = entity(hr);
        Answer call = call(hr, entity, "");
        assertThat(api.delete(hr, "/api/v1/entities/" + entity).status()).isEqualTo(204);
        assertThat(api.get(hr, call.header("Location")).json().path("entity_id").isNull())
                .isTrue();
        List<Logged> events = api.eventsOf(orgId, "id", call.id(), 2);
        assertThat(events.get(1).payload().path("entity_id").isNull()).isTrue();
        assertThat(events.get(1).payload().path("version").intValue()).isEqualTo(2);
        assertThat(api.eventsOf(orgId, "id", entity, 2).get(1).seq())
                .isGreaterThan(events.get(1).seq());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                ",\"duration_s\":-1|duration_s|out_of_range",
                ",\"duration_s\":604801|duration_s|out_of_range",
                ",\"duration_s\":1.5|duration_s|out_of_range",
                ",\"duration_s\":\"7\"|duration_s|wrong_type",
                ",\"duration_s\":99999999999999999999|duration_s|out_of_range",
                ",\"recording_url\":\"javascript:alert(1)\"|recording_url|invalid_url",
                ",\"recording_url\":\"ftp://x.example\"|recording_url|invalid_url",
                ",\"recording_url\":\"https://u:p@x.example\"|recording_url|invalid_url",
                ",\"status\":\"ready\"|status|unknown_field",
                ",\"org_id\":\"x\"|org_id|unknown_field"
            })
    @DisplayName("F2 F9 F20 what cannot be meant is 422 and names the field")
    void badFields(String more, String field, String code) {
        Answer answer = call(hr, entity(hr), more);
        assertThat(answer.status()).isEqualTo(422);
        assertThat(answer.json().path("errors").path(0).path("field").textValue())
                .isEqualTo(field);
        assertThat(answer.json().path("errors").path(0).path("code").textValue())
                .isEqualTo(code);
    }

    @ParameterizedTest
    @CsvSource({"+999999999-01-01T00:00:00Z", "-0001-01-01T00:00:00Z", "0000-01-01T00:00:00Z", "tomorrow", "2026-01-01"
    })
    @DisplayName("F9 a time that no calendar on the wire can hold is 422, never 500")
    void badTimes(String time) {
        Answer answer =
                api.post(hr, "/api/v1/calls", "{\"entity_id\":\"" + entity(hr) + "\",\"started_at\":\"" + time + "\"}");
        assertThat(answer.status()).isEqualTo(422);
        assertThat(answer.json().path("errors").path(0).path("code").textValue())
                .isEqualTo("invalid_time");
    }

    @ParameterizedTest
    @CsvSource({
        "2026-01-01T12:00:00+23:59, 2025-12-31T12:01:00.000000Z",
        "2026-01-01t12:00:00.1234567899z, 2026-01-01T12:00:00.123456Z"
    })
    @DisplayName("every RFC 3339 time is taken, whatever its offset and digits")
    void times(String time, String utc) {
        Answer answer =
                api.post(hr, "/api/v1/calls", "{\"entity_id\":\"" + entity(hr) + "\",\"started_at\":\"" + time + "\"}");
        assertThat(answer.json().path("started_at").textValue()).isEqualTo(utc);
    }

    @Test
    @DisplayName("F1 calls and entities of another organisation do not exist")
    void tenancy() {
        String path = call(hr, entity(hr), "").header("Location");
        assertThat(api.get(stranger, path).status()).isEqualTo(404);
        assertThat(api.patch(stranger, path, "{\"summary\":\"x\"}").status()).isEqualTo(404);
        assertThat(call(hr, entity(stranger), "").status()).isEqualTo(404);
        assertThat(api.get(stranger, "/api/v1/calls").json().path("items")).isEmpty();
    }
}
