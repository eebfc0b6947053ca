package dev.bellhop.realtime;

import static dev.bellhop.realtime.testing.RunningRealtime.batch;
import static dev.bellhop.realtime.testing.RunningRealtime.event;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.model.security.Role;
import dev.bellhop.realtime.testing.Person;
import dev.bellhop.realtime.testing.RunningRealtime;
import dev.bellhop.realtime.testing.TestSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class LivePermissionsTest {
    @RegisterExtension
    static final RunningRealtime realtime = new RunningRealtime();

    private final UUID org = UUID.randomUUID();

    @Test
    @DisplayName("S1-072 a manager who loses a property is told, stays connected, and hears nothing of it any more")
    void aLostPropertyIsTakenAway() {
        Person manager = Person.manager(org, "p1", "p2");
        TestSocket socket = realtime.connect(manager);
        ingest(List.of(
                event("custom.before", List.of("property-p1"), Map.of()),
                memberUpdated(manager, 2, "MANAGER", List.of("p2", "p3")),
                event("custom.after", List.of("property-p1"), Map.of()),
                event("custom.kept", List.of("property-p2"), Map.of()),
                event("custom.new", List.of("property-p3"), Map.of())));

        assertThat(types(socket.upTo("custom.new")))
                .containsExactly(
                        "custom.before", "unsubscribed", "subscribed", "member.updated", "custom.kept", "custom.new");
        socket.send(Map.of("type", "subscribe", "room", "property-p1"));
        assertThat(socket.next("error").path("payload").path("code").asText()).isEqualTo("forbidden_room");
    }

    @Test
    @DisplayName("who loses the role hears no more of the statistics and the presence that it asked for")
    void whatWasAskedForEnds() {
        Person hr = Person.hr(org);
        TestSocket socket = realtime.connect(hr);
        socket.send(Map.of("type", "presence", "room", "property-p1"));
        socket.next("presence");
        socket.send(Map.of("type", "get_stats", "every_ms", 1000));
        socket.next("stats");
        socket.next("stats");
        ingest(List.of(memberUpdated(hr, 2, "MEMBER", List.of())));
        socket.upTo("member.updated");
        Person manager = Person.manager(org, "p1");
        TestSocket watcher = realtime.connect(Person.admin(org));
        watcher.send(Map.of("type", "presence", "room", "property-p1"));
        watcher.next("presence");
        realtime.connect(manager);
        watcher.next("presence.joined");
        watcher.send(Map.of("type", "get_stats", "every_ms", 1000));
        watcher.next("stats");
        watcher.next("stats"); // the time in which the other would have heard both
        socket.hearsNothingElse();
    }

    @Test
    @DisplayName("a control event is shown to nobody, whatever rooms it names")
    void controlEventsAreHidden() {
        TestSocket socket = realtime.connect(Person.member(org));
        ingest(List.of(
                event("session.revoked", List.of("org"), Map.of("user_id", "somebody")),
                event("outbox.parked", List.of("org"), Map.of()),
                event("custom.after", List.of("org"), Map.of())));
        assertThat(socket.next().path("type").textValue()).isEqualTo("custom.after");
        for (String type : List.of("outbox.parked", "session.revoked")) {
            assertThat(realtime.post(
                                    "/ws/broadcast",
                                    realtime.token(Person.admin(org)),
                                    Map.of("room", "org", "type", type, "payload", Map.of()))
                            .status())
                    .isEqualTo(422);
        }
    }

    @Test
    @DisplayName("a token from before the change does not bring the old rights back, at connect, by HTTP or by refresh")
    void anOlderTokenHasTheRightsOfNow() {
        Person admin = Person.admin(org);
        String old = realtime.token(admin);
        ingest(List.of(memberUpdated(admin, 2, "MEMBER", List.of())));

        TestSocket socket = realtime.dial("/ws?token=" + old + "&rooms=global");
        assertThat(socket.next("connected").path("payload").path("role").asText())
                .isEqualTo("MEMBER");
        assertThat(socket.next("error").path("payload").path("code").asText()).isEqualTo("forbidden_room");
        assertThat(realtime.get("/ws/stats", old).status()).isEqualTo(403);
        socket.send(Map.of("type", "refresh", "token", old));
        socket.next("refreshed");
        socket.send(Map.of("type", "subscribe", "room", "global"));
        assertThat(socket.next("error").path("payload").path("code").asText()).isEqualTo("forbidden_room");
    }

    @Test
    @DisplayName("removing or disabling a member closes all its sockets with 1008 user_disabled and keeps it out")
    void aRemovedMemberIsOut() {
        for (String type : List.of("member.removed", "member.updated")) {
            Person member = Person.member(org);
            String token = realtime.token(member);
            TestSocket one = realtime.connect(member);
            TestSocket two = realtime.connect(member);
            TestSocket colleague = realtime.connect(Person.member(org));
            ingest(List.of(
                    event(type, List.of("org"), Map.of("user_id", member.userId(), "ver", 2, "status", "disabled")),
                    event("custom.after", List.of("org"), Map.of())));
            for (TestSocket socket : List.of(one, two)) {
                socket.next("disconnect");
                assertThat(socket.closed()).isEqualTo(new TestSocket.Closed(1008, "user_disabled"));
            }
            colleague.next(type);
            colleague.next("custom.after");
            TestSocket again = realtime.dial("/ws?token=" + token);
            assertThat(again.next("disconnect").path("payload").path("reason").asText())
                    .isEqualTo("user_disabled");
        }
    }

    @Test
    @DisplayName("logout closes the sockets of that session only; a revocation without one closes all of the user's")
    void revokedSessionsAreClosed() {
        Person member = Person.member(org);
        TestSocket socket = realtime.connect(member);
        ingest(List.of(event("session.revoked", List.of(), Map.of("user_id", member.userId(), "sid", "another"))));
        socket.hearsNothingElse();
        ingest(List.of(event(
                "session.revoked",
                List.of(),
                Map.of("user_id", member.userId(), "sid", "session-" + member.userId()))));
        socket.next("disconnect");
        assertThat(socket.closed()).isEqualTo(new TestSocket.Closed(1008, "token_revoked"));

        Person other = Person.member(org);
        TestSocket all = realtime.connect(other);
        ingest(List.of(event("session.revoked", List.of(), Map.of("user_id", other.userId()))));
        all.next("disconnect");
        assertThat(all.closed()).isEqualTo(new TestSocket.Closed(1008, "token_revoked"));
    }

    @Test
    @DisplayName("a disabled organisation loses every socket; enabled again it may come back; others never notice")
    void aDisabledOrganisationIsOut() {
        Person hr = Person.hr(org);
        TestSocket socket = realtime.connect(hr);
        TestSocket elsewhere = realtime.connect(Person.hr(UUID.randomUUID()));
        ingest(List.of(event("organization.disabled", List.of(), Map.of("org_id", org))));
        socket.next("disconnect");
        assertThat(socket.closed()).isEqualTo(new TestSocket.Closed(1008, "org_disabled"));
        assertThat(realtime.get("/ws/stats", realtime.token(hr)).status()).isEqualTo(401);
        elsewhere.hearsNothingElse();
        ingest(List.of(event("organization.enabled", List.of(), Map.of("org_id", org))));
        realtime.connect(hr);
    }

    @Test
    @DisplayName("what was said of a user is still known after a restart of the node")
    void standingSurvivesARestart() {
        Person member = Person.member(org);
        String token = realtime.token(member);
        ingest(List.of(event("member.removed", List.of("org"), Map.of("user_id", member.userId(), "ver", 2))));
        realtime.stop();
        realtime.start();
        TestSocket socket = realtime.dial("/ws?token=" + token);
        assertThat(socket.next("disconnect").path("payload").path("reason").asText())
                .isEqualTo("user_disabled");
    }

    private static Map<String, Object> memberUpdated(Person person, long ver, String role, List<String> properties) {
        return event(
                "member.updated",
                List.of("org"),
                Map.of(
                        "user_id",
                        person.userId(),
                        "role",
                        Role.parse(role).orElseThrow(),
                        "property_ids",
                        properties,
                        "ver",
                        ver));
    }

    private void ingest(List<Map<String, Object>> events) {
        assertThat(realtime.ingest(batch(org, events)).status()).isEqualTo(200);
    }

    private static List<String> types(List<JsonNode> frames) {
        List<String> types = new ArrayList<>();
        frames.forEach(frame -> types.add(frame.path("type").asText()));
        return types;
    }
}
