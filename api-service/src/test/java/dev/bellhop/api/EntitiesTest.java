package dev.bellhop.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.api.Receiver.Logged;
import dev.bellhop.api.RunningApi.Answer;
import dev.bellhop.api.RunningApi.User;
import dev.bellhop.model.security.Role;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EntitiesTest {
    @RegisterExtension
    static final RunningApi api = new RunningApi();

    private static UUID orgId;
    private static UUID departmentId;
    private static User hr;
    private static User member;
    private static User stranger;

    @BeforeAll
    static void organizations() {
        orgId = api.organization("Harbor Hotels");
        departmentId = api.department(orgId, "Front Office");
        hr = api.user(orgId, Role.HR);
        member = api.user(orgId, Role.MEMBER);
        stranger = api.user(api.organization("Summit Stays"), Role.ADMIN);
    }

    private static Answer create(User user, String name) {
        return api.post(user, "/api/v1/entities", "{\"type\":\"lead\",\"name\":\"" + name + "\"}");
    }

    @Test
    @DisplayName("S2-021 S2-022 S2-023 S2-032 an entity's life is three events for the whole organisation, in order")
    void lifeOfAnEntity() {
        Answer created = api.post(
                hr,
                "/api/v1/entities",
                "{\"type\":\"candidate\",\"name\":\"Zoë O'Brien <b>\",\"contact\":{\"email\":\"zoe@example.com\",\"phone\":\"+1\"},"
                        + "\"department_id\":\"" + departmentId + "\",\"notes\":\"a\\nb\"}",
                "traceparent",
                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        assertThat(created.status()).isEqualTo(201);
        assertThat(created.header("ETag")).isEqualTo("\"1\"");
        assertThat(created.header("Location")).isEqualTo("/api/v1/entities/" + created.id());
        assertThat(created.text()).doesNotContain("<b>").contains("\\u003Cb\\u003E");
        assertThat(created.json().path("department").path("name").textValue()).isEqualTo("Front Office");
        assertThat(created.json().path("status").textValue()).isEqualTo("new");
        String path = created.header("Location");
        assertThat(api.get(hr, path).json()).isEqualTo(created.json());

        Answer changed =
                api.patch(hr, path, "{\"status\":\"hired\",\"contact\":{\"phone\":null},\"department_id\":null}");
        assertThat(changed.status()).isEqualTo(200);
        assertThat(changed.header("ETag")).isEqualTo("\"2\"");
        assertThat(changed.json().path("contact").path("phone").isNull()).isTrue();
        assertThat(changed.json().path("contact").path("email").textValue()).isEqualTo("zoe@example.com");
        assertThat(changed.json().path("department").isNull()).isTrue();
        assertThat(changed.json().path("notes").textValue()).isEqualTo("a\nb");

        assertThat(api.delete(hr, path).status()).isEqualTo(204);
        assertThat(api.delete(hr, path).status()).isEqualTo(404);
        assertThat(api.get(hr, path).status()).isEqualTo(404);

        List<Logged> events = eventsOf(created.id(), 3);
        assertThat(events)
                .extracting(Logged::type)
                .containsExactly("entity.created", "entity.updated", "entity.deleted");
        assertThat(events).allSatisfy(event -> assertThat(event.rooms()).containsExactly("org"));
        assertThat(events.get(0).payload()).isEqualTo(created.json());
        assertThat(events.get(0).traceparent()).isEqualTo("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        assertThat(events.get(1).payload()).isEqualTo(changed.json());
        assertThat(events.get(2).payload().path("resource_type").textValue()).isEqualTo("entity");
        assertThat(events.get(2).payload().path("version").asLong()).isEqualTo(3);
    }

    private static List<Logged> eventsOf(UUID id, int count) {
        return await().atMost(Duration.ofSeconds(5))
                .until(
                        () -> api.receiver().log(orgId).stream()
                                .filter(event ->
                                        event.payload().path("id").asText().equals(id.toString()))
                                .toList(),
                        events -> events.size() >= count);
    }

    @Test
    @DisplayName("S2-040 F1 another organisation's entity is a 404 in path, body and filter")
    void tenancy() {
        String path = create(hr, "ours").header("Location");
        assertThat(api.get(stranger, path).status()).isEqualTo(404);
        assertThat(api.patch(stranger, path, "{\"name\":\"x\"}").status()).isEqualTo(404);
        assertThat(api.delete(stranger, path).status()).isEqualTo(404);
        assertThat(api.get(stranger, "/api/v1/entities").json().path("items")).isEmpty();
        assertThat(api.get(stranger, "/api/v1/entities?department_id=" + departmentId)
                        .status())
                .isEqualTo(404);
        assertThat(api.get(stranger, "/api/v1/entities?owner_id=" + hr.id()).status())
                .isEqualTo(404);
        String body = "{\"type\":\"lead\",\"name\":\"x\",\"department_id\":\"" + departmentId + "\"}";
        assertThat(api.post(stranger, "/api/v1/entities", body).status()).isEqualTo(404);
        assertThat(api.post(stranger, "/api/v1/entities/batch", "{\"items\":[" + body + "]}")
                        .status())
                .isEqualTo(404);
        assertThat(api.get(hr, path).status()).isEqualTo(200);
    }

    @Test
    @DisplayName("F5 F6 pages hold every row once; a cursor of another list or with a changed bit is refused")
    void pages() {
        User other = api.user(api.organization("Pages"), Role.HR);
        List<String> names = new ArrayList<>();
        for (int i = 0; i < 7; i++) {
            names.add("n" + i);
            create(other, "n" + i);
        }
        List<String> seen = new ArrayList<>();
        String next = "/api/v1/entities?limit=3&sort=name";
        String cursor = "";
        while (!next.isEmpty()) {
            Answer page = api.get(other, next);
            page.json().path("items").forEach(item -> seen.add(item.path("name").textValue()));
            String link = page.header("Link");
            next = link.isEmpty() ? "" : link.substring(1, link.indexOf('>'));
            if (!next.isEmpty()) {
                assertThat(link).endsWith("; rel=\"next\"");
                cursor = page.json().path("next_cursor").textValue();
                assertThat(next).contains(cursor);
            } else {
                assertThat(page.json().path("next_cursor").isNull()).isTrue();
            }
        }
        assertThat(seen).isEqualTo(names);

        String good = "/api/v1/entities?limit=3&sort=name&cursor=";
        assertThat(api.get(other, good + cursor).status()).isEqualTo(200);
        char flipped = cursor.charAt(30) == 'A' ? 'B' : 'A';
        for (String bad : List.of(
                good + cursor.substring(0, 30) + flipped + cursor.substring(31),
                good + "x",
                "/api/v1/entities?limit=3&sort=created_at&cursor=" + cursor,
                "/api/v1/entities?limit=3&sort=name&status=new&cursor=" + cursor)) {
            Answer refused = api.get(other, bad);
            assertThat(refused.status()).as(bad).isEqualTo(400);
            assertThat(refused.json().path("type").textValue()).endsWith("invalid_cursor");
        }
        assertThat(api.get(hr, good + cursor).status()).isEqualTo(400);
    }

    @Test
    @DisplayName("F5 a cursor spelled in another way is none: with padding, or with bits that say nothing")
    void spellings() {
        User other = api.user(api.organization("Spellings"), Role.HR);
        create(other, "one");
        create(other, "two");
        String newest = "/api/v1/entities?limit=1&sort=created_at";
        String cursor = api.get(other, newest).json().path("next_cursor").textValue();
        assertThat(cursor)
                .as("79 bytes, of whose last character four bits count for nothing")
                .hasSize(106);
        char last = cursor.charAt(105);
        assertThat(api.get(other, newest + "&cursor=" + cursor).status()).isEqualTo(200);
        for (String same : List.of(cursor + "==", cursor.substring(0, 105) + (char) (last + 1))) {
            assertThat(Base64.getUrlDecoder().decode(same))
                    .isEqualTo(Base64.getUrlDecoder().decode(cursor));
            assertThat(api.get(other, newest + "&cursor=" + same).status()).isEqualTo(400);
        }
    }

    @Test
    @DisplayName(
            "A14 writes that are checked together create what active members asked for, in their names, and nothing else")
    void togetherWithRefused() {
        UUID other = api.organization("Together");
        User first = api.user(other, Role.HR);
        User second = api.user(other, Role.MEMBER);
        User gone = api.user(other, Role.HR);
        api.jdbi().useHandle(h -> h.execute("update member set status = 'disabled' where id = ?", gone.id()));
        List<User> callers = List.of(first, gone, second);
        ExecutorService threads = Executors.newFixedThreadPool(12);
        List<CompletableFuture<Answer>> calls = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            User caller = callers.get(i % 3);
            String name = caller.id() + " " + i;
            calls.add(CompletableFuture.supplyAsync(() -> create(caller, name), threads));
        }
        threads.shutdown();
        for (int i = 0; i < 60; i++) {
            User caller = callers.get(i % 3);
            Answer answer = calls.get(i).join();
            assertThat(answer.status()).as("call " + i).isEqualTo(caller.equals(gone) ? 401 : 201);
            if (!caller.equals(gone)) {
                assertThat(answer.json().path("name").textValue()).isEqualTo(caller.id() + " " + i);
                assertThat(answer.json().path("owner_id").textValue())
                        .isEqualTo(caller.id().toString());
            }
        }
        assertThat(names(first, "limit=200"))
                .hasSize(40)
                .noneMatch(name -> name.contains(gone.id().toString()));
        List<String> actors = new ArrayList<>();
        api.get(api.user(other, Role.ADMIN), "/api/v1/audit?limit=200")
                .json()
                .path("items")
                .forEach(entry -> actors.add(entry.path("action").textValue() + " by "
                        + entry.path("actor_name").textValue()));
        assertThat(actors).filteredOn("entity.created by Some HR"::equals).hasSize(20);
        assertThat(actors).filteredOn("entity.created by Some MEMBER"::equals).hasSize(20);
    }

    @Test
    @DisplayName("A14 who may no longer call is told so, whatever is wrong with the call")
    void refusedBeforeAnythingElse() {
        User gone = api.user(orgId, Role.HR);
        api.jdbi().useHandle(h -> h.execute("update member set status = 'disabled' where id = ?", gone.id()));
        String good = "{\"type\":\"lead\",\"name\":\"x\"}";
        for (String body : List.of(good, "{\"type\":\"nonsense\"}", "not json")) {
            assertThat(api.post(gone, "/api/v1/entities", body).status())
                    .as(body)
                    .isEqualTo(401);
        }
        assertThat(api.post(gone, "/api/v1/entities", good, "Idempotency-Key", "refused-before")
                        .status())
                .isEqualTo(401);
        assertThat(api.post(api.machine(), "/api/v1/entities", good).status()).isEqualTo(403);
    }

    @Test
    @DisplayName(
            "A14 the page that is read together with the check of its caller goes to nobody whom the check refuses")
    void firstPage() {
        UUID other = api.organization("First page");
        User caller = api.user(other, Role.HR);
        create(caller, "older");
        create(caller, "newer");
        assertThat(names(caller, "")).containsExactly("newer", "older");
        Answer first = api.get(caller, "/api/v1/entities?limit=1");
        assertThat(first.json().path("items")).hasSize(1);
        assertThat(names(
                        caller,
                        "limit=1&cursor=" + first.json().path("next_cursor").textValue()))
                .containsExactly("older");

        api.jdbi().useHandle(h -> h.execute("update member set status = 'disabled' where id = ?", caller.id()));
        for (String query : List.of("", "?limit=1", "?limit=0", "?status=new")) {
            Answer refused = api.get(caller, "/api/v1/entities" + query);
            assertThat(refused.status()).as(query).isEqualTo(401);
            assertThat(refused.text()).doesNotContain("newer");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "limit=0",
                "limit=-1",
                "limit=1000000000",
                "limit=1e3",
                "limit=201",
                "limit=",
                "sort=id",
                "status=unknown",
                "colour=red",
                "department_id=7",
                "limit=1&limit=2",
                "q=%00"
            })
    @DisplayName("F4 F6 a list takes only the parameters it names, with values that make sense")
    void badParameters(String query) {
        Answer answer = api.get(hr, "/api/v1/entities?" + query);
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.header("Content-Type")).startsWith("application/problem+json");
    }

    @Test
    @DisplayName("filters and search narrow a list, and take wildcards literally")
    void filters() {
        User other = api.user(api.organization("Filters"), Role.HR);
        create(other, "100% sure");
        create(other, "100 sure");
        api.post(other, "/api/v1/entities", "{\"type\":\"client\",\"name\":\"c\",\"status\":\"offer\"}");
        assertThat(names(other, "q=0%25")).containsExactly("100% sure");
        assertThat(names(other, "q=SURE")).containsExactly("100 sure", "100% sure");
        assertThat(names(other, "q=_")).isEmpty();
        assertThat(names(other, "type=client&status=offer")).containsExactly("c");
        assertThat(names(other, "owner_id=" + other.id() + "&sort=created_at"))
                .containsExactly("100% sure", "100 sure", "c");
        assertThat(names(other, "q=%27%3B+drop+table+entity%3B--")).isEmpty();
    }

    private static List<String> names(User user, String query) {
        JsonNode items = api.get(user, "/api/v1/entities?" + query).json().path("items");
        List<String> names = new ArrayList<>();
        items.forEach(item -> names.add(item.path("name").textValue()));
        return names;
    }

    @Test
    @DisplayName("F22 a stale If-Match is 412 and changes nothing; without it the write goes through")
    void preconditions() {
        String path = create(hr, "first").header("Location");
        assertThat(api.patch(hr, path, "{\"name\":\"second\"}", "If-Match", "\"1\"")
                        .status())
                .isEqualTo(200);
        for (String stale : List.of("\"1\"", "W/\"2\"", "2", "\"9\", \"8\"")) {
            assertThat(api.patch(hr, path, "{\"name\":\"third\"}", "If-Match", stale)
                            .status())
                    .as(stale)
                    .isEqualTo(412);
        }
        assertThat(api.delete(hr, path, "If-Match", "\"1\"").status()).isEqualTo(412);
        assertThat(api.get(hr, path).json().path("name").textValue()).isEqualTo("second");
        assertThat(api.get(hr, path, "If-None-Match", "W/\"2\", \"x\"").status())
                .isEqualTo(304);
        assertThat(api.patch(hr, path, "{\"name\":\"third\"}", "If-Match", "\"1\", \"2\"")
                        .status())
                .isEqualTo(200);
        assertThat(api.patch(hr, path, "{\"name\":\"fourth\"}").header("ETag")).isEqualTo("\"4\"");
        assertThat(api.delete(hr, path, "If-Match", "*").status()).isEqualTo(204);
    }

    @Test
    @DisplayName("a batch is all or nothing, one event each, at most 500")
    void batch() {
        User other = api.user(api.organization("Batch"), Role.HR);
        String good = "{\"type\":\"lead\",\"name\":\"x\"}";
        Answer refused = api.post(other, "/api/v1/entities/batch", "{\"items\":[" + good + ",{\"type\":\"lead\"}]}");
        assertThat(refused.status()).isEqualTo(422);
        assertThat(refused.json().path("errors").path(0).path("field").textValue())
                .isEqualTo("items.1.name");
        assertThat(api.get(other, "/api/v1/entities").json().path("items")).isEmpty();
        String many = String.join(",", java.util.Collections.nCopies(500, good));
        Answer created = api.post(other, "/api/v1/entities/batch", "{\"items\":[" + many + "]}");
        assertThat(created.status()).isEqualTo(201);
        assertThat(created.json().path("items")).hasSize(500);
        assertThat(api.post(other, "/api/v1/entities/batch", "{\"items\":[" + many + "," + good + "]}")
                        .status())
                .isEqualTo(422);
        await().atMost(Duration.ofSeconds(5))
                .until(() -> api.receiver().log(other.orgId()).size() == 500);
    }

    @Test
    @DisplayName("a batch may also come as a bare array")
    void bareBatch() {
        User other = api.user(api.organization("Bare batch"), Role.HR);
        String good = "{\"type\":\"lead\",\"name\":\"x\"}";
        Answer created = api.post(other, "/api/v1/entities/batch", "[" + good + "," + good + "]");
        assertThat(created.status()).isEqualTo(201);
        assertThat(created.json().path("items")).hasSize(2);
        Answer refused = api.post(other, "/api/v1/entities/batch", "[" + good + ",7]");
        assertThat(refused.status()).isEqualTo(422);
        assertThat(refused.json().path("errors").path(0).path("field").textValue())
                .isEqualTo("items.1");
        assertThat(api.post(other, "/api/v1/entities/batch", "[]").status()).isEqualTo(422);
        assertThat(api.get(other, "/api/v1/entities").json().path("items")).hasSize(2);
    }

    @Test
    @DisplayName("a MEMBER changes and deletes what they own or what is shared with them for editing, and nothing else")
    void members() {
        String own = create(member, "mine").header("Location");
        assertThat(api.patch(member, own, "{\"name\":\"mine still\"}").status()).isEqualTo(200);
        Answer foreign = create(hr, "theirs");
        String path = foreign.header("Location");
        assertThat(api.get(member, path).status()).isEqualTo(200);
        assertThat(api.patch(member, path, "{\"name\":\"x\"}").status()).isEqualTo(403);
        assertThat(api.delete(member, path).status()).isEqualTo(403);
        share(foreign.id(), "view");
        assertThat(api.patch(member, path, "{\"name\":\"x\"}").status()).isEqualTo(403);
        api.jdbi().useHandle(h -> h.execute("delete from share where resource_id = ?", foreign.id()));
        share(foreign.id(), "edit");
        assertThat(api.patch(member, path, "{\"name\":\"x\"}").status()).isEqualTo(200);
        assertThat(api.delete(member, own).status()).isEqualTo(204);
    }

    private static void share(UUID entityId, String level) {
        Answer answer = api.post(
                hr,
                "/api/v1/shares",
                "{\"resource_type\":\"entity\",\"resource_id\":\"" + entityId + "\",\"user_id\":\"" + member.id()
                        + "\",\"access_level\":\"" + level + "\"}");
        assertThat(answer.status()).isEqualTo(201);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"type\":\"lead\"}|name|required",
                "{\"type\":\"lead\",\"name\":null}|name|required",
                "{\"type\":\"lead\",\"name\":\"  \"}|name|blank",
                "{\"type\":\"lead\",\"name\":7}|name|wrong_type",
                "{\"type\":\"lead\",\"name\":\"a\\u0000b\"}|name|control_character",
                "{\"type\":\"lead\",\"name\":\"a\\nb\"}|name|control_character",
                "{\"type\":\"lead\",\"name\":\"a\\ud800b\"}|name|lone_surrogate",
                "{\"type\":\"lead\",\"name\":\"a\\u202eb\"}|name|bidi_control",
                "{\"type\":\"lead\",\"name\":\"a\",\"notes\":\"a\\u0001b\"}|notes|control_character",
                "{\"type\":\"robot\",\"name\":\"a\"}|type|unknown_value",
                "{\"type\":\"lead\",\"name\":\"a\",\"contact\":{\"email\":\"nobody\"}}|contact.email|invalid_email",
                "{\"type\":\"lead\",\"name\":\"a\",\"contact\":{\"fax\":\"1\"}}|contact.fax|unknown_field",
                "{\"type\":\"lead\",\"name\":\"a\",\"contact\":[]}|contact|wrong_type",
                "{\"type\":\"lead\",\"name\":\"a\",\"department_id\":\"7\"}|department_id|invalid_id",
                "{\"type\":\"lead\",\"name\":\"a\",\"org_id\":\"x\"}|org_id|unknown_field",
                "{\"type\":\"lead\",\"name\":\"a\",\"id\":\"x\"}|id|unknown_field",
                "{\"type\":\"lead\",\"name\":\"a\",\"version\":4}|version|unknown_field",
                "{\"type\":\"lead\",\"name\":\"a\",\"owner_id\":\"x\"}|owner_id|unknown_field",
            })
    @DisplayName("F2 F10 what cannot be meant is 422 and names the field")
    void badFields(String body, String field, String code) {
        Answer answer = api.post(hr, "/api/v1/entities", body);
        assertThat(answer.status()).isEqualTo(422);
        assertThat(answer.json().path("errors")).hasSize(1);
        assertThat(answer.json().path("errors").path(0).path("field").textValue())
                .isEqualTo(field);
        assertThat(answer.json().path("errors").path(0).path("code").textValue())
                .isEqualTo(code);
        assertThat(answer.json().path("request_id").textValue()).isEqualTo(answer.header("X-Request-Id"));
    }

    @Test
    @DisplayName("a text may be as long as its limit, counted in characters, and no longer")
    void lengths() {
        String body = "{\"type\":\"lead\",\"name\":\"%s\"}";
        assertThat(api.post(hr, "/api/v1/entities", body.formatted("\uD83C\uDFE8".repeat(200)))
                        .status())
                .isEqualTo(201);
        assertThat(api.post(hr, "/api/v1/entities", body.formatted("x".repeat(201)))
                        .status())
                .isEqualTo(422);
    }
}
