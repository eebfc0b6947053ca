package dev.bellhop.realtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.realtime.testing.Person;
import dev.bellhop.realtime.testing.RunningRealtime;
import dev.bellhop.realtime.testing.RunningRealtime.Answer;
import dev.bellhop.realtime.testing.TestSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.IntStream;
import okhttp3.Request;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * Two nodes on one log are one service, with every engine of the log. They look at the log once a minute here, so whatever
 * arrives in time was woken by a hint.
 */
abstract class ClusterContractTest {
    private final UUID org = UUID.randomUUID();
    private final Person admin = Person.admin(org);
    private RunningRealtime one;
    private RunningRealtime two;

    abstract RunningRealtime first();

    static RunningRealtime node() {
        return new RunningRealtime()
                .with("BELLHOP_FOLLOW_INTERVAL_MS", "60000")
                .with("BELLHOP_PRESENCE_GRACE_MS", "100")
                .with("BELLHOP_METRICS_TOKEN", "metrics");
    }

    @BeforeEach
    void startTheOther() {
        one = first();
        two = one.anotherNode();
        await("the nodes know each other").until(() -> knowsOthers(one) == 1 && knowsOthers(two) == 1);
    }

    @AfterEach
    void stopTheOther() {
        two.close();
        await("a node that ended is forgotten").until(() -> knowsOthers(one) == 0);
    }

    private static int knowsOthers(RunningRealtime node) {
        String metrics;
        try (okhttp3.Response response = node.http()
                .newCall(new Request.Builder()
                        .url(node.url("/metrics"))
                        .header("Authorization", "Bearer metrics")
                        .build())
                .execute()) {
            metrics = response.body().string();
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        return metrics.lines()
                .filter(line -> line.startsWith("bellhop_nodes_others "))
                .mapToInt(line -> (int) Double.parseDouble(line.substring(line.indexOf(' ') + 1)))
                .findFirst()
                .orElseThrow();
    }

    private static JsonNode get(RunningRealtime node, String path, Person person) {
        return node.get(path, node.token(person)).body();
    }

    private static Answer delete(RunningRealtime node, String path, Person person) {
        return node.call(new Request.Builder()
                .url(node.url(path))
                .delete()
                .header("Authorization", "Bearer " + node.token(person)));
    }

    private static List<Integer> hear(TestSocket socket, int count) {
        List<Integer> heard = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            heard.add(socket.next("custom.tick").at("/payload/n").asInt());
        }
        return heard;
    }

    @Test
    @DisplayName("S1-118 S2-066 an event posted to any node reaches the clients of all, once, in one order")
    void everyNodeDelivers() {
        TestSocket here = one.connect(Person.member(org));
        TestSocket there = two.connect(Person.member(org));
        for (int n = 0; n < 40; n++) {
            (n % 3 == 0 ? two : one).publish(org, RunningRealtime.ticks(n, 1, "org"));
        }
        List<Integer> posted = IntStream.range(0, 40).boxed().toList();
        assertThat(hear(here, 40)).isEqualTo(posted);
        assertThat(hear(there, 40)).isEqualTo(posted);
        here.hearsNothingElse();
        there.hearsNothingElse();
    }

    @Test
    @DisplayName("S2-066 writers on both nodes at once: all clients hear the same order without a hole")
    void oneOrder() throws Exception {
        TestSocket here = one.connect(Person.member(org));
        TestSocket there = two.connect(Person.member(org));
        Thread writer = new Thread(() ->
                IntStream.range(0, 50).forEach(n -> two.publish(org, RunningRealtime.ticks(1000 + n, 1, "org"))));
        writer.start();
        IntStream.range(0, 50).forEach(n -> one.publish(org, RunningRealtime.ticks(n, 1, "org")));
        writer.join();
        List<Integer> order = hear(here, 100);
        assertThat(order).doesNotHaveDuplicates();
        assertThat(hear(there, 100)).isEqualTo(order);
        here.hearsNothingElse();
        there.hearsNothingElse();
    }

    @Test
    @DisplayName("a client resumes on another node, also with a cursor that this one has not come to")
    void resumesElsewhere() {
        Person member = Person.member(org);
        TestSocket here = one.connect(member);
        one.publish(org, RunningRealtime.ticks(0, 3, "org"));
        String cursor = here.next("custom.tick").path("cursor").textValue();
        String last = "";
        for (int n = 1; n < 3; n++) {
            last = here.next("custom.tick").path("cursor").textValue();
        }
        here.cut();
        TestSocket there = two.dial("/ws?token=" + two.token(member) + "&cursor=" + cursor);
        assertThat(there.next("connected").at("/payload/recovered").asBoolean()).isTrue();
        assertThat(hear(there, 2)).containsExactly(1, 2);
        there.next("caught_up");
        TestSocket atHead = two.dial("/ws?token=" + two.token(member) + "&cursor=" + last);
        assertThat(atHead.next("connected").at("/payload/replayed").asInt(-1)).isZero();
        atHead.next("caught_up");
        atHead.hearsNothingElse();
    }

    @Test
    @DisplayName("an administrator sends connections of any node away through any node; others' are 404")
    void kicks() {
        Person member = Person.member(org);
        TestSocket first = two.dial("/ws?token=" + two.token(member));
        String id = first.next("connected").at("/payload/connection_id").textValue();
        TestSocket second = two.connect(member);
        TestSocket third = one.connect(member);
        assertThat(delete(one, "/ws/connections/" + id, Person.admin(UUID.randomUUID()))
                        .status())
                .isEqualTo(404);
        assertThat(delete(one, "/ws/connections/" + UUID.randomUUID(), admin).status())
                .isEqualTo(404);
        assertThat(delete(one, "/ws/connections/no-uuid", admin).status()).isEqualTo(404);
        assertThat(delete(one, "/ws/connections/" + id, admin).status()).isEqualTo(204);
        first.next("disconnect");
        assertThat(first.closed()).isEqualTo(new TestSocket.Closed(4503, "kicked"));
        second.hearsNothingElse();
        Answer all = delete(one, "/ws/users/" + member.userId() + "/connections", admin);
        assertThat(all.status()).isEqualTo(200);
        assertThat(all.body().path("closed").asInt()).isEqualTo(2);
        for (TestSocket socket : List.of(second, third)) {
            socket.next("disconnect");
            assertThat(socket.closed().code()).isEqualTo(4503);
        }
    }

    @Test
    @DisplayName("a revocation reaches the clients and the callers of all nodes")
    void revocation() {
        Person member = Person.member(org);
        TestSocket there = two.connect(member);
        String token = two.token(member);
        assertThat(two.get("/ws/history?room=org", token).status()).isEqualTo(200);
        one.publish(
                org, List.of(RunningRealtime.event("session.revoked", List.of(), Map.of("user_id", member.userId()))));
        there.next("disconnect");
        assertThat(there.closed()).isEqualTo(new TestSocket.Closed(1008, "token_revoked"));
        assertThat(two.get("/ws/history?room=org", token).status()).isEqualTo(401);
        assertThat(one.get("/ws/history?room=org", token).status()).isEqualTo(401);
    }

    @Test
    @DisplayName("S1-011 S1-012 figures, rooms and connections are those of all nodes")
    void figures() {
        Person maria = Person.manager(org, "a");
        one.connect(maria);
        two.connect(maria);
        two.connect(Person.member(org));
        for (RunningRealtime node : List.of(one, two)) {
            await().untilAsserted(() -> {
                JsonNode stats = get(node, "/ws/stats", admin);
                assertThat(stats.path("connections").asInt()).isEqualTo(3);
                assertThat(stats.path("users").asInt()).isEqualTo(2);
                assertThat(stats.path("rooms").asInt()).isEqualTo(6);
            });
            assertThat(get(node, "/ws/rooms", admin).path("items").toString())
                    .contains("{\"room\":\"property-a\",\"connections\":2}", "{\"room\":\"org\",\"connections\":3}");
            assertThat(get(node, "/ws/rooms/org", admin).path("members")).hasSize(3);
            assertThat(get(node, "/ws/connections", admin).path("total").asInt())
                    .isEqualTo(3);
            assertThat(get(node, "/ws/connections", admin).path("items")).hasSize(3);
            assertThat(get(node, "/ws/stats", Person.service())
                            .path("connections")
                            .asInt())
                    .isGreaterThanOrEqualTo(3);
        }
        TestSocket live = one.connect(Person.hr(org));
        live.send(Map.of("type", "get_stats"));
        assertThat(live.next("stats").at("/payload/connections").asInt()).isEqualTo(4);
        two.stop();
        assertThat(get(one, "/ws/connections", admin).path("total").asInt()).isEqualTo(2);
        two.start();
    }

    @Test
    @DisplayName("presence speaks of the users of all nodes, and tells who comes and goes on any")
    void presence() {
        Person watching = Person.member(org);
        Person other = Person.member(org);
        TestSocket watcher = one.connect(watching);
        TestSocket there = two.connect(other);
        await().untilAsserted(() ->
                assertThat(get(one, "/ws/rooms/org", admin).path("members")).hasSize(2));
        watcher.send(Map.of("type", "presence", "room", "org"));
        JsonNode answer = watcher.next("presence").path("payload");
        assertThat(answer.path("users").findValuesAsText("user_id"))
                .containsExactlyInAnyOrder(watching.userId(), other.userId());
        Person late = Person.member(org);
        two.connect(late);
        assertThat(watcher.next("presence.joined")
                        .at("/payload/users/0/user_id")
                        .textValue())
                .isEqualTo(late.userId());
        there.close();
        assertThat(watcher.next("presence.left").at("/payload/users/0/user_id").textValue())
                .isEqualTo(other.userId());
    }

    @Test
    @DisplayName("explain knows of clients of other nodes")
    void explain() {
        Person member = Person.member(org);
        TestSocket there = two.connect(member);
        String event = one.broadcast(org, "org", "custom.x", Map.of())
                .body()
                .path("id")
                .textValue();
        there.next("custom.x");
        String path = "/ws/explain?event=" + event + "&user=" + member.userId();
        await().untilAsserted(() ->
                assertThat(get(one, path, admin).path("reason").textValue()).isEqualTo("delivered"));
    }
}
