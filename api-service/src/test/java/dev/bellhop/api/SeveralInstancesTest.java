package dev.bellhop.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.bellhop.api.RunningApi.Answer;
import dev.bellhop.api.RunningApi.User;
import dev.bellhop.model.security.Role;
import java.net.URI;
import java.net.http.HttpRequest.BodyPublishers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Three instances on one database, as behind a proxy that gives each call to another one. */
class SeveralInstancesTest {
    @RegisterExtension
    static final RunningApi api = new RunningApi();

    private static final String ENTITY = "{\"type\":\"lead\",\"name\":\"x\"}";
    private static final int REQUESTS_A_MINUTE = 300;
    private static final int APPLICATIONS_A_MINUTE = 7;

    private static List<ApiService> instances;
    private static UUID orgId;

    @BeforeAll
    static void start() {
        orgId = api.organization("Everywhere");
        Map<String, String> settings = api.settings();
        settings.put("BELLHOP_REQUESTS_PER_MINUTE", Integer.toString(REQUESTS_A_MINUTE));
        settings.put("BELLHOP_APPLICATIONS_PER_MINUTE", Integer.toString(APPLICATIONS_A_MINUTE));
        instances = List.of(
                ApiService.start(Config.from(settings)),
                ApiService.start(Config.from(settings)),
                ApiService.start(Config.from(settings)));
    }

    @AfterAll
    static void stop() {
        instances.forEach(ApiService::close);
    }

    private static Answer post(int call, User user, String path, String json, String... headers) {
        ApiService instance = instances.get(call % instances.size());
        return api.send(api.request(user, path, headers)
                .uri(URI.create("http://127.0.0.1:" + instance.port() + path))
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(json)));
    }

    private static Answer login(int call, User user, String password) {
        return post(
                call,
                null,
                "/api/v1/auth/login",
                "{\"email\":\"" + user.email() + "\",\"password\":\"" + password + "\"}");
    }

    @Test
    @DisplayName("A18 five failures of a login are five, whichever instances they come to")
    void loginFailures() {
        User user = api.user(orgId, Role.HR);
        for (int call = 0; call < 5; call++) {
            assertThat(login(call, user, "wrong").status()).isEqualTo(401);
        }
        for (int call = 0; call < instances.size(); call++) {
            Answer refused = login(call, user, RunningApi.PASSWORD);
            assertThat(refused.status()).isEqualTo(429);
            assertThat(refused.header("RateLimit")).startsWith("\"login\";r=0;t=");
            assertThat(Long.parseLong(refused.header("Retry-After"))).isBetween(1L, 61L);
        }
        assertThat(login(0, api.user(orgId, Role.HR), RunningApi.PASSWORD).status())
                .isEqualTo(200);
    }

    @Test
    @DisplayName("the public form takes so many applications of one address, whichever instances they come to")
    void applications() {
        String path = "/api/v1/properties/" + api.property(orgId, "Open") + "/applications";
        String form = "{\"applicant_name\":\"Ann\",\"email\":\"ann@example.com\",\"position\":\"Cook\"}";
        List<Integer> statuses = new ArrayList<>();
        for (int call = 0; call < 2 * APPLICATIONS_A_MINUTE; call++) {
            statuses.add(post(call, null, path, form).status());
        }
        assertThat(statuses.subList(0, APPLICATIONS_A_MINUTE)).containsOnly(201);
        assertThat(statuses.subList(APPLICATIONS_A_MINUTE, statuses.size())).containsOnly(429);
    }

    @Test
    @DisplayName("F23 an organisation's requests are counted together; its neighbour is served by all instances")
    void requests() {
        UUID noisy = api.organization("Noisy");
        User user = api.user(noisy, Role.MEMBER);
        User neighbour = api.user(api.organization("Neighbour"), Role.MEMBER);
        ExecutorService threads = Executors.newFixedThreadPool(12);
        List<CompletableFuture<Integer>> flood = new ArrayList<>();
        for (int call = 0; call < 2 * REQUESTS_A_MINUTE; call++) {
            int number = call;
            flood.add(CompletableFuture.supplyAsync(
                    () -> post(number, user, "/api/v1/entities", ENTITY).status(), threads));
        }
        for (int call = 0; call < 9; call++) {
            assertThat(post(call, neighbour, "/api/v1/entities", ENTITY).status())
                    .isEqualTo(201);
        }
        List<Integer> statuses = flood.stream().map(CompletableFuture::join).toList();
        threads.shutdown();
        assertThat(new HashSet<>(statuses)).containsExactlyInAnyOrder(201, 429);
        // All of them: the three instances were asked alike, so none kept what it had set aside.
        assertThat(statuses.stream().filter(status -> status == 201)).hasSize(REQUESTS_A_MINUTE);
    }

    @Test
    @DisplayName("what is counted is forgotten when its minute is over, and whom it was about is not readable")
    void counters() {
        User user = api.user(orgId, Role.HR);
        assertThat(login(0, user, "wrong").status()).isEqualTo(401);
        assertThat(rows("policy = 'login'")).isPositive();
        assertThat(rows("position(convert_to('" + user.email() + "', 'UTF8') in key) > 0"))
                .isZero();
        api.jdbi().useHandle(h -> h.execute("update rate_limit set used = 5, ends_at = now() - interval '1 second'"));
        for (int call = 0; call < instances.size(); call++) {
            assertThat(login(call, user, RunningApi.PASSWORD).status()).isEqualTo(200);
        }
    }

    private static int rows(String condition) {
        return api.jdbi()
                .withHandle(h -> h.createQuery("select count(*) from rate_limit where <condition>")
                        .define("condition", condition)
                        .mapTo(Integer.class)
                        .one());
    }

    @Test
    @DisplayName("F21 one Idempotency-Key on all instances at once makes one record, and all give the same answer then")
    void oneKeyEverywhere() {
        User user = api.user(api.organization("Once"), Role.MEMBER);
        String[] key = {"Idempotency-Key", "everywhere"};
        List<CompletableFuture<Answer>> calls = new ArrayList<>();
        for (int call = 0; call < 12; call++) {
            int number = call;
            calls.add(CompletableFuture.supplyAsync(() -> post(number, user, "/api/v1/entities", ENTITY, key)));
        }
        List<Answer> answers = calls.stream().map(CompletableFuture::join).toList();
        assertThat(answers).extracting(Answer::status).isSubsetOf(201, 409).contains(201);
        assertThat(answers.stream()
                        .filter(answer -> answer.status() == 201
                                && answer.header("Idempotency-Replayed").isEmpty()))
                .hasSize(1);
        Answer first = answers.stream()
                .filter(answer -> answer.status() == 201)
                .findFirst()
                .orElseThrow();
        for (int call = 0; call < instances.size(); call++) {
            Answer again = post(call, user, "/api/v1/entities", ENTITY, key);
            assertThat(again.header("Idempotency-Replayed")).isEqualTo("true");
            assertThat(again.text()).isEqualTo(first.text());
        }
        await().atMost(Duration.ofSeconds(5))
                .until(() -> api.receiver().log(user.orgId()).size() == 1);
    }

    @Test
    @DisplayName("F40 whichever instance took a write, its event is sent once, by whoever relays")
    void anyRelays() {
        User user = api.user(api.organization("Relayed"), Role.MEMBER);
        List<UUID> made = new ArrayList<>();
        for (int call = 0; call < 60; call++) {
            made.add(post(call, user, "/api/v1/entities", ENTITY).id());
        }
        await().atMost(Duration.ofSeconds(10))
                .until(() -> api.receiver().log(user.orgId()).size() >= made.size());
        assertThat(api.receiver().log(user.orgId()))
                .extracting(event -> UUID.fromString(event.payload().path("id").asText()))
                .containsExactlyElementsOf(made);
    }
}
