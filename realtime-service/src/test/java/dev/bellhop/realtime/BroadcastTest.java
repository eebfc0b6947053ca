package dev.bellhop.realtime;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.realtime.testing.Person;
import dev.bellhop.realtime.testing.RunningRealtime;
import dev.bellhop.realtime.testing.RunningRealtime.Answer;
import dev.bellhop.realtime.testing.TestSocket;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code POST /ws/broadcast} and {@code POST /ws/notify-user}. */
class BroadcastTest {
    @RegisterExtension
    static final RunningRealtime realtime = new RunningRealtime();

    private final UUID org = UUID.randomUUID();
    private final Person admin = Person.admin(org);

    private Answer broadcast(Person caller, Map<String, ?> body) {
        return realtime.post("/ws/broadcast", caller == null ? null : realtime.token(caller), body);
    }

    private Answer notify(Person caller, Map<String, ?> body) {
        return realtime.post("/ws/notify-user", realtime.token(caller), body);
    }

    private static String field(Answer answer) {
        return answer.body().path("errors").path(0).path("field").textValue();
    }

    @Test
    @DisplayName(
            "S1-013 an ADMIN speaks to its organisation: 202 with id, cursor and recipients, in the log like any event")
    void accepted() {
        TestSocket one = realtime.connect(Person.member(org));
        TestSocket two = realtime.connect(Person.hr(org));
        Answer answer = broadcast(admin, Map.of("room", "org", "type", "custom.hello", "payload", Map.of("n", 1)));
        assertThat(answer.status()).isEqualTo(202);
        assertThat(answer.body().path("recipients").asInt()).isEqualTo(2);
        JsonNode frame = one.next("custom.hello");
        assertThat(frame.path("id")).isEqualTo(answer.body().path("id"));
        assertThat(frame.path("cursor")).isEqualTo(answer.body().path("cursor"));
        assertThat(UUID.fromString(frame.path("id").textValue()).version()).isEqualTo(7);
        two.next("custom.hello");
        one.cut();
        TestSocket back = realtime.dial("/ws?token=" + realtime.token(Person.member(org)) + "&cursor="
                + answer.body().path("cursor").textValue());
        assertThat(back.next("connected").path("payload").path("recovered").asBoolean())
                .isTrue();
    }

    @Test
    @DisplayName("D14 who may: ADMIN and SERVICE; others 403, without a token 401, with it in the address 400")
    void roles() {
        Map<String, Object> body = Map.of("room", "org", "type", "custom.x");
        for (Person person : List.of(Person.hr(org), Person.manager(org, "p"), Person.member(org))) {
            Answer answer = broadcast(person, body);
            assertThat(answer.status()).isEqualTo(403);
            assertThat(answer.body().path("type").textValue()).isEqualTo("/problems/forbidden");
        }
        Answer anonymous = broadcast(null, body);
        assertThat(anonymous.status()).isEqualTo(401);
        assertThat(anonymous.headers()).containsEntry("WWW-Authenticate", "Bearer");
        assertThat(realtime.post("/ws/broadcast?token=" + realtime.token(admin), null, body)
                        .status())
                .isEqualTo(400);
        assertThat(realtime.post("/ws/broadcast", "nonsense", body).status()).isEqualTo(401);
    }

    @Test
    @DisplayName("D15 S2-040 a service names the organisation; an ADMIN has one, and another's is 403")
    void organizations() {
        UUID other = UUID.randomUUID();
        TestSocket ours = realtime.connect(Person.member(org));
        Map<String, Object> body = new HashMap<>(Map.of("room", "org", "type", "custom.x"));
        assertThat(field(broadcast(Person.service(), body))).isEqualTo("org_id");
        body.put("org_id", org);
        assertThat(broadcast(Person.service(), body).status()).isEqualTo(202);
        assertThat(broadcast(admin, body).status()).isEqualTo(202);
        ours.next("custom.x");
        ours.next("custom.x");
        body.put("org_id", other);
        assertThat(broadcast(admin, body).status()).isEqualTo(403);
        assertThat(notify(admin, Map.of("user_id", "u", "message", "m", "org_id", other))
                        .status())
                .isEqualTo(403);
        body.put("org_id", "acme");
        assertThat(field(broadcast(Person.service(), body))).isEqualTo("org_id");
        ours.hearsNothingElse();
    }

    @Test
    @DisplayName("exactly one of room, rooms and target_role; a client in several of the rooms hears it once")
    void audiences() {
        TestSocket manager = realtime.connect(Person.manager(org, "a", "b"));
        TestSocket hr = realtime.connect(Person.hr(org));
        Answer rooms = broadcast(
                admin, Map.of("rooms", List.of("property-a", "property-b", "global"), "type", "custom.rooms"));
        assertThat(rooms.body().path("recipients").asInt()).isEqualTo(2);
        manager.next("custom.rooms");
        hr.next("custom.rooms");
        assertThat(broadcast(admin, Map.of("target_role", "HR", "type", "custom.role"))
                        .status())
                .isEqualTo(202);
        hr.next("custom.role");
        manager.hearsNothingElse();
        for (Map<String, Object> body : List.<Map<String, Object>>of(
                Map.of("type", "custom.x"),
                Map.of("type", "custom.x", "room", "org", "rooms", List.of("org")),
                Map.of("type", "custom.x", "room", "org", "target_role", "HR"),
                Map.of("type", "custom.x", "room", "nonsense"),
                Map.of("type", "custom.x", "room", "property-1,property-2"),
                Map.of("type", "custom.x", "rooms", "org"),
                Map.of("type", "custom.x", "target_role", "hr"),
                Map.of("type", "custom.x", "room", "org", "payload", "text"),
                Map.of("type", "custom.x", "room", "org", "extra", 1))) {
            assertThat(broadcast(admin, body).status()).as(body.toString()).isEqualTo(422);
        }
        hr.hearsNothingElse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "connected", "error", "disconnect", "ping", "presence.left", "member.updated", "member.made.up",
                "session.revoked", "organization.disabled", "organization.enabled", "member_updated", "Custom.x", "x",
                        ""
            })
    @DisplayName("frames of the server, what only the API service says, and what is no type, are 422")
    void types(String type) {
        Answer answer = broadcast(admin, Map.of("room", "org", "type", type));
        assertThat(answer.status()).isEqualTo(422);
        assertThat(field(answer)).isEqualTo("type");
    }

    @Test
    @DisplayName("a missing type is 422")
    void missingType() {
        assertThat(field(broadcast(admin, Map.of("room", "org")))).isEqualTo("type");
    }

    @Test
    @DisplayName("S1-014 S1-037 notify-user: title, severity and payload are optional, the message is not")
    void notifyUser() {
        Person maria = Person.member(org);
        TestSocket tab = realtime.connect(maria);
        TestSocket anotherTab = realtime.connect(maria);
        Answer answer = notify(
                admin,
                Map.of(
                        "user_id", maria.userId(),
                        "title", "Shift",
                        "message", "Plan is <b>ready</b>",
                        "severity", "critical",
                        "payload", Map.of("plan", 7)));
        assertThat(answer.status()).isEqualTo(202);
        assertThat(answer.body().path("recipients").asInt()).isEqualTo(2);
        for (TestSocket socket : List.of(tab, anotherTab)) {
            JsonNode frame = socket.next("user.notification");
            assertThat(frame.path("rooms").get(0).textValue()).isEqualTo("user-" + maria.userId());
            assertThat(frame.path("payload").path("message").textValue()).isEqualTo("Plan is ready");
            assertThat(frame.path("payload").path("severity").textValue()).isEqualTo("critical");
            assertThat(frame.path("payload").path("payload").path("plan").asInt())
                    .isEqualTo(7);
        }
        Answer nobody = notify(admin, Map.of("user_id", "nobody-here", "message", "m"));
        assertThat(nobody.status()).isEqualTo(202);
        assertThat(nobody.body().path("recipients").asInt(-1)).isZero();
        for (Map<String, Object> body : List.<Map<String, Object>>of(
                Map.of("user_id", maria.userId()),
                Map.of("message", "m"),
                Map.of("user_id", "a b", "message", "m"),
                Map.of("user_id", maria.userId(), "message", " "),
                Map.of("user_id", maria.userId(), "message", 7),
                Map.of("user_id", maria.userId(), "message", "m".repeat(4001)),
                Map.of("user_id", maria.userId(), "message", "m", "title", "t".repeat(201)),
                Map.of("user_id", maria.userId(), "message", "m", "severity", "WARNING"),
                Map.of("user_id", maria.userId(), "message", "m", "payload", List.of()))) {
            assertThat(notify(admin, body).status()).as(body.toString()).isEqualTo(422);
        }
    }
}
