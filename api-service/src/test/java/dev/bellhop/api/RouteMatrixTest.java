package dev.bellhop.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellhop.api.RunningApi.Answer;
import dev.bellhop.api.RunningApi.User;
import dev.bellhop.api.store.Ids;
import dev.bellhop.model.wire.Json;
import io.javalin.router.Endpoint;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Every route, called by everybody, on a record of the caller's organisation and on one of another. What has to come out
 * stands here a second time, on purpose: a route that is new or opened wider fails until somebody says so here as well.
 * Every answer is held against the contract of {@code /openapi.json}.
 */
class RouteMatrixTest {
    @RegisterExtension
    static final RunningApi api = new RunningApi();

    private static final List<String> CALLERS =
            List.of("ADMIN", "HR", "MANAGER", "OTHER_MANAGER", "MEMBER", "SERVICE", "NOBODY");
    private static final String ALL = "ADMIN HR MANAGER OTHER_MANAGER MEMBER";
    private static final String REVIEWERS = "ADMIN HR MANAGER OTHER_MANAGER";
    private static final String HR = "ADMIN HR";
    private static final String EVERYBODY = ALL + " SERVICE NOBODY";

    /** What a call has for its path and its body. */
    private record Target(String path, Object body) {}

    /**
     * @param callers who gets {@code status}
     * @param blind whose role may call the route, and to whom the record does not exist
     * @param named whether path or body name a record of an organisation
     */
    private record Rule(String callers, String blind, int status, boolean named, Function<World, Target> target) {
        boolean admits(String caller) {
            return List.of(callers.split(" ", -1)).contains(caller);
        }

        boolean hides(String caller) {
            return List.of(blind.split(" ", -1)).contains(caller);
        }
    }

    private static final Map<String, Rule> RULES = new TreeMap<>();

    private static DocumentedAnswers contract;
    private static World harbor;
    private static World summit;

    /** A route whose path and body name no record. */
    private static void plain(String route, String callers, int status, Function<World, Object> body) {
        String path = route.substring(route.indexOf(' ') + 1);
        RULES.put(route, new Rule(callers, "", status, false, world -> new Target(path, body.apply(world))));
    }

    /** A route that names a record. */
    private static void named(
            String route,
            String callers,
            String blind,
            int status,
            Function<World, UUID> id,
            Function<World, Object> body) {
        String path = route.substring(route.indexOf(' ') + 1);
        RULES.put(
                route,
                new Rule(
                        callers,
                        blind,
                        status,
                        true,
                        world -> new Target(
                                path.contains("{id}")
                                        ? path.replace("{id}", id.apply(world).toString())
                                        : path,
                                body.apply(world))));
    }

    private static Object nothing(World world) {
        return null;
    }

    @BeforeAll
    static void rules() {
        contract = new DocumentedAnswers(api);
        harbor = new World(api, "canaryharbor");
        summit = new World(api, "canarysummit");
        Function<World, Object> nothing = RouteMatrixTest::nothing;
        Function<World, Object> name = world -> Map.of("name", "N " + world.canary);
        Function<World, Object> empty = world -> Map.of();
        Function<World, UUID> none = world -> null;

        plain(
                "POST /api/v1/auth/login",
                EVERYBODY,
                200,
                world -> Map.of("email", harbor.member.email(), "password", RunningApi.PASSWORD));
        plain("POST /api/v1/auth/refresh", EVERYBODY, 200, world -> Map.of("refresh_token", refreshToken()));
        plain("POST /api/v1/auth/logout", EVERYBODY, 204, world -> Map.of("refresh_token", refreshToken()));
        plain("GET /api/v1/me", ALL, 200, nothing);
        plain("PATCH /api/v1/me", ALL, 200, world -> Map.of("name", "Me"));

        plain(
                "POST /api/v1/organizations",
                "SERVICE",
                201,
                world -> Map.of(
                        "name",
                        "O",
                        "admin",
                        Map.of("email", Ids.next() + "@test.example", "name", "A", "password", RunningApi.PASSWORD)));
        plain("GET /api/v1/organizations/current", ALL, 200, nothing);
        plain("PATCH /api/v1/organizations/current", "ADMIN", 200, world -> Map.of("name", "canaryharbor"));
        String organization = "/api/v1/organizations/{id}";
        RULES.put(
                "PATCH " + organization,
                new Rule(
                        "SERVICE",
                        "",
                        200,
                        false,
                        world -> new Target(
                                organization.replace(
                                        "{id}", api.organization("O").toString()),
                                Map.of("status", "disabled"))));

        plain("GET /api/v1/properties", REVIEWERS, 200, nothing);
        plain("POST /api/v1/properties", HR, 201, name);
        named("GET /api/v1/properties/{id}", "ADMIN HR MANAGER", "OTHER_MANAGER", 200, w -> w.property, nothing);
        named("PATCH /api/v1/properties/{id}", HR, "", 200, w -> w.property, name);
        named("DELETE /api/v1/properties/{id}", HR, "", 204, World::emptyProperty, nothing);

        plain("GET /api/v1/departments", ALL, 200, nothing);
        plain("POST /api/v1/departments", HR, 201, name);
        named("GET /api/v1/departments/{id}", ALL, "", 200, World::department, nothing);
        named("PATCH /api/v1/departments/{id}", HR, "", 200, World::department, name);
        named("DELETE /api/v1/departments/{id}", HR, "", 204, World::department, nothing);

        plain("GET /api/v1/members", REVIEWERS, 200, nothing);
        plain("POST /api/v1/members", "ADMIN", 201, World::newMember);
        named("GET /api/v1/members/{id}", REVIEWERS, "", 200, World::otherMember, nothing);
        named(
                "PATCH /api/v1/members/{id}",
                "ADMIN",
                "",
                200,
                World::otherMember,
                world -> Map.of("status", "disabled"));
        named("DELETE /api/v1/members/{id}", "ADMIN", "", 204, World::otherMember, nothing);

        plain("GET /api/v1/entities", ALL, 200, nothing);
        plain("POST /api/v1/entities", ALL, 201, world -> Map.of("type", "lead", "name", "E"));
        plain("POST /api/v1/entities/batch", ALL, 201, world -> List.of(Map.of("type", "lead", "name", "E")));
        named("GET /api/v1/entities/{id}", ALL, "", 200, World::entity, nothing);
        named("PATCH /api/v1/entities/{id}", REVIEWERS, "", 200, World::entity, name);
        named("DELETE /api/v1/entities/{id}", REVIEWERS, "", 204, World::entity, nothing);

        plain("POST /api/v1/properties/{id}/applications", EVERYBODY, 201, World::newApplication);
        RULES.computeIfPresent(
                "POST /api/v1/properties/{id}/applications",
                (route, rule) -> new Rule(
                        EVERYBODY,
                        "",
                        201,
                        false,
                        world -> new Target(
                                "/api/v1/properties/" + harbor.property + "/applications", harbor.newApplication())));
        plain("GET /api/v1/applications", REVIEWERS, 200, nothing);
        String own = "ADMIN HR MANAGER";
        named("GET /api/v1/applications/{id}", own, "OTHER_MANAGER", 200, World::application, nothing);
        named("POST /api/v1/applications/{id}/approve", own, "OTHER_MANAGER", 200, World::application, empty);
        named(
                "POST /api/v1/applications/{id}/reject",
                own,
                "OTHER_MANAGER",
                200,
                World::application,
                world -> Map.of("reason", "full"));

        plain("GET /api/v1/onboardings", ALL, 200, nothing);
        named("GET /api/v1/onboardings/{id}", own, "OTHER_MANAGER MEMBER", 200, World::onboarding, nothing);
        named(
                "PATCH /api/v1/onboardings/{id}",
                HR,
                "",
                200,
                World::onboarding,
                world -> Map.of("user_id", world.member.id()));
        named(
                "PUT /api/v1/onboardings/{id}/forms/{step}",
                own,
                "OTHER_MANAGER MEMBER",
                200,
                World::onboarding,
                world -> Map.of("read", true));
        named("POST /api/v1/onboardings/{id}/complete", own, "OTHER_MANAGER", 200, World::onboardingWithForms, empty);

        plain("GET /api/v1/shares", ALL, 200, nothing);
        named("POST /api/v1/shares", REVIEWERS, "", 201, none, World::newShare);
        named("GET /api/v1/shares/{id}", "ADMIN HR MEMBER", "MANAGER OTHER_MANAGER", 200, World::share, nothing);
        named("DELETE /api/v1/shares/{id}", HR, "MANAGER OTHER_MANAGER", 204, World::share, nothing);

        plain("GET /api/v1/chats", ALL, 200, nothing);
        named("POST /api/v1/chats", ALL, "", 201, none, world -> Map.of("title", "C", "entity_id", world.entity()));
        named("GET /api/v1/chats/{id}", ALL, "", 200, World::chat, nothing);
        named("GET /api/v1/chats/{id}/messages", ALL, "", 200, World::chat, nothing);
        named("POST /api/v1/chats/{id}/messages", ALL, "", 201, World::chat, world -> Map.of("text", "T"));
        named("GET /api/v1/chats/{id}/messages/{message_id}", ALL, "", 200, none, nothing);
        RULES.computeIfPresent(
                "GET /api/v1/chats/{id}/messages/{message_id}",
                (route, rule) -> new Rule(ALL, "", 200, true, world -> {
                    UUID chat = world.chat();
                    return new Target("/api/v1/chats/" + chat + "/messages/" + world.message(chat), null);
                }));

        plain("GET /api/v1/calls", ALL, 200, nothing);
        named(
                "POST /api/v1/calls",
                ALL,
                "",
                201,
                none,
                world -> Map.of("entity_id", world.entity(), "started_at", "2026-01-01T12:00:00Z"));
        named("GET /api/v1/calls/{id}", ALL, "", 200, World::call, nothing);
        named("PATCH /api/v1/calls/{id}", REVIEWERS, "", 200, World::call, world -> Map.of("status", "ready"));

        plain("GET /api/v1/notifications", ALL, 200, nothing);
        named(
                "POST /api/v1/notifications",
                HR,
                "",
                201,
                none,
                world -> Map.of("message", "N", "severity", "info", "user_id", world.member.id()));
        named("GET /api/v1/notifications/{id}", ALL, "", 200, World::notification, nothing);
        named("POST /api/v1/notifications/{id}/read", ALL, "", 200, World::notification, empty);

        plain("GET /api/v1/dashboard", ALL, 200, nothing);
        plain("GET /api/v1/audit", "ADMIN", 200, nothing);

        plain("GET /health/live", EVERYBODY, 200, nothing);
        plain("GET /health/ready", EVERYBODY, 200, nothing);
        plain("GET /metrics", EVERYBODY, 200, nothing);
        plain("GET /.well-known/jwks.json", EVERYBODY, 200, nothing);
        plain("GET /openapi.json", EVERYBODY, 200, nothing);
        plain("GET /docs", EVERYBODY, 200, nothing);
    }

    @AfterAll
    static void close() {
        harbor.close();
        summit.close();
    }

    private static String refreshToken() {
        return api.login(harbor.member.email(), RunningApi.PASSWORD)
                .json()
                .path("refresh_token")
                .textValue();
    }

    @Test
    @DisplayName("there is a rule for every route, and a route for every rule")
    void complete() {
        assertThat(api.service().routes().stream().map(RouteMatrixTest::name))
                .containsExactlyInAnyOrderElementsOf(RULES.keySet());
    }

    private static String name(Endpoint route) {
        return route.method.name() + " " + route.path;
    }

    @TestFactory
    @DisplayName("S2-040 S1-071 S1-072 F1 F3 role by operation by own and foreign organisation")
    Stream<DynamicTest> matrix() {
        List<DynamicTest> cells = new ArrayList<>();
        for (Endpoint route : api.service().routes()) {
            for (String caller : CALLERS) {
                cells.add(DynamicTest.dynamicTest(name(route) + " by " + caller, () -> {
                    Rule rule = RULES.get(name(route));
                    assertThat(rule).as("a rule for %s", name(route)).isNotNull();
                    own(route, rule, caller);
                    foreign(route, rule, caller);
                }));
            }
        }
        return cells.stream();
    }

    private static void own(Endpoint route, Rule rule, String caller) {
        Target target = rule.target().apply(harbor);
        long entries = harbor.auditEntries();
        Answer answer = call(route, caller, target);
        assertThat(answer.status()).as(answer.text()).isEqualTo(expected(rule, caller));
        assertThat(answer.text()).doesNotContain(summit.canary, summit.orgId.toString());
        boolean writesHere = Set.of("POST", "PUT", "PATCH", "DELETE").contains(route.method.name())
                && rule.admits(caller)
                && !caller.equals("SERVICE")
                && !route.path.equals("/api/v1/auth/refresh");
        if (writesHere) {
            assertThat(harbor.auditEntries()).as("an entry in the audit trail").isGreaterThan(entries);
        } else if (!rule.admits(caller)) {
            assertThat(harbor.auditEntries()).as("nothing was written").isEqualTo(entries);
        }
    }

    private static int expected(Rule rule, String caller) {
        if (rule.admits(caller)) {
            return rule.status();
        }
        if (caller.equals("NOBODY")) {
            return 401;
        }
        return rule.hides(caller) ? 404 : 403;
    }

    private static void foreign(Endpoint route, Rule rule, String caller) {
        if (!rule.named()) {
            return;
        }
        Target target = rule.target().apply(summit);
        long entries = summit.auditEntries();
        Answer answer = call(route, caller, target);
        // A role that is refused on its own records may be refused here alike: neither tells whether the record exists.
        boolean mayCall = rule.admits(caller) || rule.hides(caller);
        if (mayCall) {
            assertThat(answer.status()).as(answer.text()).isEqualTo(404);
        } else {
            assertThat(answer.status()).as(answer.text()).isIn(401, 403, 404);
        }
        assertThat(answer.text()).doesNotContain(summit.canary, summit.orgId.toString());
        assertThat(summit.auditEntries()).as("nothing was written").isEqualTo(entries);
    }

    private static Answer call(Endpoint route, String caller, Target target) {
        User user = harbor.user(caller);
        HttpRequest.Builder request = api.request(user, target.path().replace("{step}", "policies"));
        if (target.body() == null) {
            request.method(route.method.name(), BodyPublishers.noBody());
        } else {
            request.header("Content-Type", "application/json")
                    .method(route.method.name(), BodyPublishers.ofString(Json.text(target.body())));
        }
        Answer answer = api.send(request);
        contract.check(route.method.name(), route.path, answer);
        return answer;
    }
}
