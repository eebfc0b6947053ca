package dev.bellhop.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.bellhop.api.RunningApi.Answer;
import dev.bellhop.api.RunningApi.User;
import dev.bellhop.api.auth.Access;
import dev.bellhop.api.idempotency.IdempotencyStore;
import dev.bellhop.api.store.Ids;
import dev.bellhop.model.security.Role;
import io.javalin.http.HandlerType;
import io.javalin.router.Endpoint;
import io.javalin.security.Roles;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.jdbi.v3.core.Handle;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IdempotencyTest {
    @RegisterExtension
    static final RunningApi api = new RunningApi();

    private static final String ENTITY = "{\"type\":\"lead\",\"name\":\"x\"}";

    private static UUID orgId;
    private static User hr;

    @BeforeAll
    static void organization() {
        orgId = api.organization("Harbor Hotels");
        hr = api.user(orgId, Role.HR);
    }

    private static Answer post(User user, String path, String body, String key) {
        return api.post(user, path, body, "Idempotency-Key", key);
    }

    private static int entities(UUID org) {
        return api.jdbi()
                .withHandle(h -> h.createQuery("select count(*) from entity where org_id = :org")
                        .bind("org", org)
                        .mapTo(Integer.class)
                        .one());
    }

    @Test
    @DisplayName("F21 the same key and body get the first answer again and one record with one event")
    void replay() {
        User user = api.user(api.organization("Replay"), Role.MEMBER);
        Answer first = post(user, "/api/v1/entities", ENTITY, "key-1");
        assertThat(first.status()).isEqualTo(201);
        assertThat(first.header("Idempotency-Replayed")).isEmpty();
        assertThat(api.patch(user, first.header("Location"), "{\"name\":\"y\"}").status())
                .isEqualTo(200);
        Answer second = post(user, "/api/v1/entities", ENTITY, "key-1");
        assertThat(second.status()).isEqualTo(201);
        assertThat(second.header("Idempotency-Replayed")).isEqualTo("true");
        assertThat(second.text()).isEqualTo(first.text());
        assertThat(second.header("Location")).isEqualTo(first.header("Location"));
        assertThat(second.header("ETag")).isEqualTo(first.header("ETag"));
        assertThat(second.header("Content-Type")).isEqualTo(first.header("Content-Type"));
        assertThat(post(user, "/api/v1/entities", ENTITY, "key-2").id()).isNotEqualTo(first.id());
        assertThat(entities(user.orgId())).isEqualTo(2);
        await().atMost(Duration.ofSeconds(5))
                .until(() -> api.receiver().log(user.orgId()).size() == 3);
    }

    @Test
    @DisplayName("F21 a key with another body or for another address is 422; keys of different users never meet")
    void reuse() {
        assertThat(post(hr, "/api/v1/entities", ENTITY, "mine").status()).isEqualTo(201);
        Answer other = post(hr, "/api/v1/entities", "{\"type\":\"lead\",\"name\":\"z\"}", "mine");
        assertThat(other.status()).isEqualTo(422);
        assertThat(other.json().path("type").textValue()).isEqualTo("/problems/idempotency-key-reused");
        assertThat(other.json().path("errors").path(0).path("field").textValue())
                .isEqualTo("Idempotency-Key");
        assertThat(post(hr, "/api/v1/properties", ENTITY, "mine").status()).isEqualTo(422);
        User colleague = api.user(orgId, Role.HR);
        Answer theirs = post(colleague, "/api/v1/entities", ENTITY, "mine");
        assertThat(theirs.status()).isEqualTo(201);
        assertThat(theirs.header("Idempotency-Replayed")).isEmpty();
    }

    @Test
    @DisplayName("a refusal is not stored: the key can be tried again")
    void refusals() {
        assertThat(post(hr, "/api/v1/entities", "{\"type\":\"lead\"}", "again").status())
                .isEqualTo(422);
        assertThat(post(hr, "/api/v1/entities", ENTITY, "again").status()).isEqualTo(201);
    }

    @Test
    @DisplayName("F21 while the first is under way the second is 409, afterwards it gets the first one's answer")
    void concurrent() {
        UUID departmentId = api.department(orgId, "Held");
        String body = "{\"type\":\"lead\",\"name\":\"x\",\"department_id\":\"" + departmentId + "\"}";
        CompletableFuture<Answer> first;
        try (Handle lock = api.jdbi().open()) {
            lock.begin();
            lock.execute("select 1 from department where id = ? for update", departmentId);
            first = CompletableFuture.supplyAsync(() -> post(hr, "/api/v1/entities", body, "at-once"));
            await().atMost(Duration.ofSeconds(5)).until(() -> waiting(lock) == 1);
            Answer second = post(hr, "/api/v1/entities", body, "at-once");
            assertThat(second.status()).isEqualTo(409);
            assertThat(second.json().path("type").textValue()).isEqualTo("/problems/idempotency-key-in-use");
            lock.rollback();
        }
        assertThat(first.join().status()).isEqualTo(201);
        Answer third = post(hr, "/api/v1/entities", body, "at-once");
        assertThat(third.header("Idempotency-Replayed")).isEqualTo("true");
        assertThat(third.id()).isEqualTo(first.join().id());
    }

    private static int waiting(Handle handle) {
        return handle.createQuery("""
                        select count(*) from pg_stat_activity
                        where datname = current_database() and wait_event_type = 'Lock'""").mapTo(Integer.class).one();
    }

    @Test
    @DisplayName("work and stored answer are one transaction: when the answer cannot be stored, nothing has happened")
    void oneTransaction() {
        User user = api.user(api.organization("Atomic"), Role.HR);
        api.jdbi()
                .useHandle(
                        h -> h.execute("alter table idempotency_key add constraint no_room check (key <> 'no-room')"));
        try {
            assertThat(post(user, "/api/v1/entities", ENTITY, "no-room").status())
                    .isEqualTo(500);
        } finally {
            api.jdbi().useHandle(h -> h.execute("alter table idempotency_key drop constraint no_room"));
        }
        assertThat(entities(user.orgId())).isZero();
        assertThat(outbox(user.orgId())).isZero();
        assertThat(post(user, "/api/v1/entities", ENTITY, "no-room").status()).isEqualTo(201);
        assertThat(outbox(user.orgId())).isEqualTo(1);
    }

    private static int outbox(UUID org) {
        return api.jdbi()
                .withHandle(h -> h.createQuery("select count(*) from outbox where org_id = :org")
                        .bind("org", org)
                        .mapTo(Integer.class)
                        .one());
    }

    @Test
    @DisplayName("a key counts for 24 hours and is deleted afterwards")
    void expiry() {
        Answer first = post(hr, "/api/v1/entities", ENTITY, "old");
        post(hr, "/api/v1/entities", ENTITY, "older");
        api.jdbi()
                .useHandle(
                        h -> h.execute(
                                "update idempotency_key set created_at = now() - interval '25 hours' where key in ('old', 'older')"));
        Answer second = post(hr, "/api/v1/entities", ENTITY, "old");
        assertThat(second.header("Idempotency-Replayed")).isEmpty();
        assertThat(second.id()).isNotEqualTo(first.id());
        new IdempotencyStore(api.jdbi()).deleteExpired(1);
        List<String> left = api.jdbi()
                .withHandle(h -> h.createQuery("select key from idempotency_key where key in ('old', 'older')")
                        .mapTo(String.class)
                        .list());
        assertThat(left).containsExactly("old");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a b"})
    @DisplayName("a key that is no word is 400")
    void badKeys(String key) {
        assertThat(post(hr, "/api/v1/entities", ENTITY, key).status()).isEqualTo(400);
        assertThat(post(hr, "/api/v1/entities", ENTITY, "x".repeat(256)).status())
                .isEqualTo(400);
    }

    @Test
    @DisplayName("F21 every POST takes a key, except those of /auth")
    void everyPost() {
        User admin = api.user(orgId, Role.ADMIN);
        int posts = 0;
        for (Endpoint route : api.service().routes()) {
            if (!route.method.equals(HandlerType.POST) || route.path.startsWith("/api/v1/auth/")) {
                continue;
            }
            posts++;
            boolean forMachines = route.metadata(Roles.class).getRoles().contains(Access.SERVICE);
            String path = route.path.replaceAll("\\{[a-z]+}", Ids.next().toString());
            Answer answer = post(forMachines ? api.machine() : admin, path, "{}", "x".repeat(256));
            assertThat(answer.status()).as(route.path).isEqualTo(400);
            assertThat(answer.json().path("type").textValue()).isEqualTo("/problems/invalid-idempotency-key");
        }
        assertThat(posts).isGreaterThan(7);
    }

    @Test
    @DisplayName("members are made once, and public applications as well")
    void otherPosts() {
        User admin = api.user(orgId, Role.ADMIN);
        String member = "{\"email\":\"" + Ids.next()
                + "@test.example\",\"name\":\"M\",\"role\":\"MEMBER\",\"password\":\"" + RunningApi.PASSWORD + "\"}";
        Answer made = post(admin, "/api/v1/members", member, "member");
        assertThat(made.status()).isEqualTo(201);
        assertThat(post(admin, "/api/v1/members", member, "member").text()).isEqualTo(made.text());
        assertThat(post(admin, "/api/v1/members", member, "another").status()).isEqualTo(409);
        String path = "/api/v1/properties/" + api.property(orgId, "Public") + "/applications";
        String form = "{\"applicant_name\":\"A\",\"email\":\"a@b.example\",\"position\":\"Porter\"}";
        Answer applied = post(null, path, form, "apply");
        assertThat(applied.status()).isEqualTo(201);
        assertThat(post(null, path, form, "apply").text()).isEqualTo(applied.text());
    }
}
