package dev.bellhop.realtime;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.realtime.log.LogStore;
import dev.bellhop.realtime.log.Retention;
import dev.bellhop.realtime.testing.Person;
import dev.bellhop.realtime.testing.RunningRealtime;
import dev.bellhop.realtime.testing.RunningRealtime.Answer;
import dev.bellhop.realtime.testing.TestSocket;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import okhttp3.Request;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class OperatorTest {
    @RegisterExtension
    static final RunningRealtime realtime = new RunningRealtime()
            .with("BELLHOP_PRESENCE_GRACE_MS", "1500")
            .with("BELLHOP_RETENTION_HOURS", "0")
            .with("BELLHOP_RETENTION_EVENTS", "3")
            .with("BELLHOP_RETENTION_INTERVAL_MS", "86400000");

    private final UUID org = UUID.randomUUID();
    private final Person admin = Person.admin(org);

    @Test
    @DisplayName("S1-008 S1-012 a room is listed with its members while it has one, and only to its organisation")
    void roomsAreListedWhileTheyHaveMembers() {
        Person member = Person.member(org);
        TestSocket socket = realtime.connect(member);
        String room = "/ws/rooms/user-" + member.userId();
        JsonNode found = get(room, admin).body();
        assertThat(found.path("connections").asInt()).isEqualTo(1);
        assertThat(found.path("members").get(0).path("user_id").asText()).isEqualTo(member.userId());
        assertThat(get("/ws/rooms", admin).body().toString()).contains("user-" + member.userId());
        assertThat(get(room, Person.admin(UUID.randomUUID())).status()).isEqualTo(404);
        JsonNode ofAll = get(room, Person.service()).body().path("members");
        assertThat(ofAll).hasSize(1);
        assertThat(ofAll.get(0).path("org_id").asText()).isEqualTo(org.toString());
        assertThat(get(room, member).status()).isEqualTo(403);
        socket.send(Map.of("type", "unsubscribe", "room", "user-" + member.userId()));
        socket.next("unsubscribed");
        assertThat(get(room, admin).status()).isEqualTo(404);
    }

    @Test
    @DisplayName("an administrator lists connections and sends one, or all of a user, away with 4503; others' are 404")
    void connectionsAreListedAndKicked() {
        Person member = Person.member(org);
        TestSocket one = realtime.connect(member);
        TestSocket two = realtime.connect(member);
        JsonNode list = get("/ws/connections", admin).body();
        assertThat(list.path("total").asInt()).isEqualTo(2);
        String id = list.path("items").get(0).path("connection_id").asText();
        assertThat(delete("/ws/connections/" + id, Person.admin(UUID.randomUUID()))
                        .status())
                .isEqualTo(404);
        assertThat(delete("/ws/connections/" + id, Person.hr(org)).status()).isEqualTo(403);
        assertThat(delete("/ws/connections/" + id, admin).status()).isEqualTo(204);
        assertThat(one.next("disconnect").path("payload").path("reconnect").asBoolean(true))
                .isFalse();
        assertThat(one.closed()).isEqualTo(new TestSocket.Closed(4503, "kicked"));
        two.hearsNothingElse();
        Answer all = delete("/ws/users/" + member.userId() + "/connections", admin);
        assertThat(all.body().path("closed").asInt()).isEqualTo(1);
        two.next("disconnect");
        assertThat(two.closed().code()).isEqualTo(4503);
    }

    @Test
    @DisplayName("S2-064 the history of a room is paged by cursor for whoever may be in it, and for nobody else")
    void historyIsPaged() {
        for (int i = 1; i <= 5; i++) {
            realtime.broadcast(org, "global", "custom.tick", Map.of("n", i));
            realtime.broadcast(org, "org", "custom.noise", Map.of("n", i));
        }
        JsonNode newest = get("/ws/history?room=global&limit=2", Person.hr(org)).body();
        assertThat(newest.path("items").get(0).path("payload").path("n").asInt())
                .isEqualTo(4);
        assertThat(newest.path("items").get(1).path("payload").path("n").asInt())
                .isEqualTo(5);
        String third = get("/ws/history?room=global&limit=3", admin)
                .body()
                .path("items")
                .get(0)
                .path("cursor")
                .asText();
        JsonNode after =
                get("/ws/history?room=global&limit=1&cursor=" + third, admin).body();
        assertThat(after.path("items").get(0).path("payload").path("n").asInt()).isEqualTo(4);
        JsonNode next = get(
                        "/ws/history?room=global&cursor=" + after.path("cursor").asText(), admin)
                .body();
        assertThat(next.path("items")).hasSize(1);
        assertThat(get("/ws/history?room=global", Person.member(org)).status()).isEqualTo(403);
        assertThat(get("/ws/history?room=nonsense", admin).status()).isEqualTo(400);
        assertThat(get("/ws/history?room=org&cursor=nonsense", admin).status()).isEqualTo(400);
    }

    @Test
    @DisplayName("presence is by user, not by tab; a short absence is no departure, a long one is")
    void presenceIsByUserWithGrace() {
        Person guest = Person.member(org);
        TestSocket watcher = realtime.connect(admin);
        TestSocket tab = realtime.connect(guest);
        realtime.connect(guest);
        watcher.send(Map.of("type", "presence", "room", "org", "ref", "p1"));
        JsonNode answer = watcher.next("presence");
        assertThat(answer.path("ref").asText()).isEqualTo("p1");
        assertThat(answer.path("payload").path("total").asInt()).isEqualTo(2);
        assertThat(answer.path("payload").path("users").toString())
                .contains("\"user_id\":\"" + guest.userId() + "\"")
                .contains("\"connections\":2");

        tab.close();
        Person newcomer = Person.member(org);
        TestSocket third = realtime.connect(newcomer);
        assertThat(watcher.next("presence.joined").path("payload").path("users").toString())
                .contains(newcomer.userId())
                .doesNotContain(guest.userId());
        third.cut();
        TestSocket back = realtime.connect(newcomer);
        back.cut();
        JsonNode left = watcher.next("presence.left").path("payload").path("users");
        assertThat(left).hasSize(1);
        assertThat(left.get(0).path("user_id").asText()).isEqualTo(newcomer.userId());

        TestSocket stranger = realtime.connect(Person.member(org));
        watcher.next("presence.joined");
        stranger.send(Map.of("type", "presence", "room", "global"));
        assertThat(stranger.next("error").path("payload").path("code").asText()).isEqualTo("forbidden_room");
    }

    @Test
    @DisplayName("retention takes the oldest events; a cursor from before is told too_old, one at the edge resumes")
    void retentionIsHonest() {
        TestSocket early = realtime.dial("/ws?token=" + realtime.token(admin));
        String start = early.next("connected").path("cursor").asText();
        String edge = "";
        for (int i = 1; i <= 6; i++) {
            realtime.broadcast(org, "org", "custom.tick", Map.of("n", i));
            String cursor = early.next("custom.tick").path("cursor").asText();
            edge = i == 3 ? cursor : edge;
        }
        Retention.Kept kept = new Retention.Kept(Duration.ZERO, 3, Duration.ofHours(13));
        try (LogStore store = LogStore.postgres(realtime.postgres().url(), 2, kept)) {
            store.retention().run();
        }
        realtime.stop(); // the tail in memory forgets nothing by itself; a new node knows the log only
        realtime.start();

        JsonNode refused = realtime.dial("/ws?token=" + realtime.token(admin) + "&cursor=" + start)
                .next("connected")
                .path("payload");
        assertThat(refused.path("recovered").asBoolean(true)).isFalse();
        assertThat(refused.path("reason").asText()).isEqualTo("too_old");
        TestSocket resumed = realtime.dial("/ws?token=" + realtime.token(admin) + "&cursor=" + edge);
        assertThat(resumed.next("connected").path("payload").path("replayed").asInt())
                .isEqualTo(3);
        assertThat(resumed.upTo("caught_up")).hasSize(4);
    }

    @Test
    @DisplayName(
            "S1-058 a stopping service says restarting with a time to come back, closes with 1012, and loses nothing")
    void aStopIsAnnounced() {
        TestSocket socket = realtime.connect(admin);
        realtime.broadcast(org, "org", "custom.last", Map.of());
        realtime.stop();
        String cursor = socket.next("custom.last").path("cursor").asText();
        JsonNode goodbye = socket.next("disconnect").path("payload");
        assertThat(goodbye.path("reconnect").asBoolean()).isTrue();
        assertThat(goodbye.path("retry_after_ms").asInt(-1)).isBetween(0, 3000);
        assertThat(socket.closed()).isEqualTo(new TestSocket.Closed(1012, "restarting"));
        realtime.start();
        TestSocket again = realtime.dial("/ws?token=" + realtime.token(admin) + "&cursor=" + cursor);
        assertThat(again.next("connected").path("payload").path("recovered").asBoolean())
                .isTrue();
    }

    private Answer get(String path, Person person) {
        return realtime.get(path, realtime.token(person));
    }

    private Answer delete(String path, Person person) {
        return realtime.call(new Request.Builder()
                .url(realtime.url(path))
                .header("Authorization", "Bearer " + realtime.token(person))
                .delete());
    }
}
