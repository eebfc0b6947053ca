package dev.bellhop.realtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.realtime.testing.NodeProcess;
import dev.bellhop.realtime.testing.Person;
import dev.bellhop.realtime.testing.RunningRealtime;
import dev.bellhop.realtime.testing.TestSocket;
import dev.bellhop.realtime.testing.TestSocket.Closed;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.IntStream;
import okhttp3.Request;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Nodes that are killed or stopped, and logs that are not what they were. */
class NodeLossTest {
    @RegisterExtension
    static final RunningRealtime realtime = new RunningRealtime();

    private final UUID org = UUID.randomUUID();

    private static NodeProcess node() throws Exception {
        return NodeProcess.start(realtime.settings());
    }

    private static TestSocket dial(NodeProcess node, Person person, String query) {
        return realtime.dial(new Request.Builder()
                .url(node.url("/ws?token=" + realtime.token(person) + query))
                .build());
    }

    private static List<String> present(TestSocket socket) {
        socket.send(Map.of("type", "presence", "room", "org"));
        JsonNode answer =
                socket.upTo("presence").stream().reduce((first, last) -> last).orElseThrow();
        return answer.at("/payload/users").findValuesAsText("user_id");
    }

    private static int leasesRenewedSince(String event) {
        return realtime.postgres()
                .jdbi()
                .withHandle(handle -> handle.createQuery("""
                        select count(*) from realtime.node
                        where alive_at > (select appended_at from realtime.event where event_id = cast(:event as uuid))""")
                        .bind("event", event)
                        .mapTo(Integer.class)
                        .one());
    }

    private String reason(String event, Person person) {
        return realtime.get(
                        "/ws/explain?event=" + event + "&user=" + person.userId(), realtime.token(Person.admin(org)))
                .body()
                .path("reason")
                .textValue();
    }

    @Test
    @DisplayName(
            "kill -9 of a node: its clients resume without a gap, presence has no ghosts, explain knows who was gone")
    void killed() throws Exception {
        Person back = Person.member(org);
        Person lost = Person.member(org);
        String cursor;
        String before;
        try (NodeProcess node = node()) {
            TestSocket first = dial(node, back, "");
            first.next("connected");
            dial(node, lost, "").next("connected");
            assertThat(present(first)).containsExactlyInAnyOrder(back.userId(), lost.userId());
            before = realtime.broadcast(org, "org", "custom.tick", Map.of("n", 0))
                    .body()
                    .path("id")
                    .textValue();
            cursor = first.next("custom.tick").path("cursor").textValue();
            // Spans are written behind, and what came after the last renewal of the lease is not known to have arrived.
            await().untilAsserted(() -> assertThat(reason(before, lost)).isEqualTo("delivered"));
            await().until(() -> leasesRenewedSince(before) >= 2);
            node.kill();
            assertThat(first.closed().code()).isEqualTo(1006);
        }
        await().atMost(Duration.ofSeconds(15)).untilAsserted(() -> {
            String after = realtime.broadcast(org, "user-" + lost.userId(), "custom.probe", Map.of())
                    .body()
                    .path("id")
                    .textValue();
            assertThat(reason(after, lost)).isEqualTo("not_connected");
        });
        assertThat(reason(before, lost)).isEqualTo("delivered");
        realtime.publish(org, RunningRealtime.ticks(1, 5, "org"));
        try (NodeProcess node = node()) {
            TestSocket again = dial(node, back, "&cursor=" + cursor);
            assertThat(again.next("connected").at("/payload/recovered").asBoolean())
                    .isTrue();
            for (int n = 1; n <= 5; n++) {
                assertThat(again.next("custom.tick").at("/payload/n").asInt()).isEqualTo(n);
            }
            again.next("caught_up");
            assertThat(present(again)).containsExactly(back.userId());
        }
    }

    @Test
    @DisplayName("S1-058 SIGTERM under load: everybody is told, the process ends with 0 in time, and nothing is lost")
    void drained() throws Exception {
        Person member = Person.member(org);
        List<Integer> heard = new ArrayList<>();
        String cursor;
        try (NodeProcess node = node()) {
            List<TestSocket> others = IntStream.range(0, 50)
                    .mapToObj(i -> dial(node, Person.member(org), ""))
                    .toList();
            others.forEach(socket -> socket.next("connected"));
            TestSocket socket = dial(node, member, "");
            cursor = socket.next("connected").path("cursor").textValue();
            for (int n = 0; n < 200; n++) {
                realtime.publish(org, RunningRealtime.ticks(n, 1, "org"));
                if (n == 100) {
                    node.terminate();
                }
            }
            long started = System.nanoTime();
            assertThat(node.exitCode()).isZero();
            assertThat(Duration.ofNanos(System.nanoTime() - started)).isLessThan(Duration.ofSeconds(30));
            List<JsonNode> frames = socket.upTo("disconnect");
            for (JsonNode frame : frames.subList(0, frames.size() - 1)) {
                heard.add(frame.at("/payload/n").asInt());
                cursor = frame.path("cursor").textValue();
            }
            assertThat(socket.closed()).isEqualTo(new Closed(1012, "restarting"));
            for (TestSocket other : others) {
                List<JsonNode> theirs = other.upTo("disconnect");
                assertThat(theirs.get(theirs.size() - 1)
                                .at("/payload/reconnect")
                                .asBoolean())
                        .isTrue();
            }
        }
        TestSocket again = realtime.dial("/ws?token=" + realtime.token(member) + "&cursor=" + cursor);
        assertThat(again.next("connected").at("/payload/recovered").asBoolean()).isTrue();
        List<JsonNode> missed = again.upTo("caught_up");
        missed.subList(0, missed.size() - 1)
                .forEach(frame -> heard.add(frame.at("/payload/n").asInt()));
        assertThat(heard).isEqualTo(IntStream.range(0, 200).boxed().toList());
    }

    // ---- a log that is not what it was ----

    private record Copy(long head, int fingerprint) {}

    private Copy copy() {
        return realtime.postgres()
                .jdbi()
                .withHandle(handle -> handle.createQuery(
                                "select head, head_fingerprint from realtime.stream where org_id = :org")
                        .bind("org", org)
                        .map((rs, ctx) -> new Copy(rs.getLong("head"), rs.getInt("head_fingerprint")))
                        .one());
    }

    /** Puts the organisation's log back to what it was at the time of the copy. */
    private void restore(Copy copy) {
        realtime.postgres().jdbi().useTransaction(tx -> {
            tx.createUpdate("delete from realtime.event where org_id = :org and position > :head")
                    .bind("org", org)
                    .bind("head", copy.head())
                    .execute();
            tx.createUpdate("""
                            update realtime.stream set head = :head, head_fingerprint = :fingerprint where org_id = :org""")
                    .bind("org", org)
                    .bind("head", copy.head())
                    .bind("fingerprint", copy.fingerprint())
                    .execute();
        });
    }

    @Test
    @DisplayName("a log restored from an older copy: who saw what is gone is told epoch_changed, who did not resumes")
    void restored() {
        Person member = Person.member(org);
        realtime.publish(org, RunningRealtime.ticks(0, 5, "org"));
        Copy copy = copy();
        TestSocket live = realtime.dial("/ws?token=" + realtime.token(member));
        String kept = live.next("connected").path("cursor").textValue();
        realtime.publish(org, RunningRealtime.ticks(5, 3, "org"));
        live.next("custom.tick");
        live.next("custom.tick");
        String gone = live.next("custom.tick").path("cursor").textValue();

        restore(copy);
        realtime.publish(org, RunningRealtime.ticks(100, 5, "org"));
        // The stream finds another event where it has delivered one, and sends everybody to ask again.
        assertThat(live.upTo("disconnect"))
                .last()
                .satisfies(last -> assertThat(last.at("/payload/code").asInt()).isEqualTo(1011));
        TestSocket refused = realtime.dial("/ws?token=" + realtime.token(member) + "&cursor=" + gone);
        JsonNode hello = refused.next("connected").path("payload");
        assertThat(hello.path("recovered").asBoolean()).isFalse();
        assertThat(hello.path("reason").textValue()).isEqualTo("epoch_changed");
        refused.hearsNothingElse();

        TestSocket resumed = realtime.dial("/ws?token=" + realtime.token(member) + "&cursor=" + kept);
        assertThat(resumed.next("connected").at("/payload/recovered").asBoolean())
                .isTrue();
        for (int n = 100; n < 105; n++) {
            assertThat(resumed.next("custom.tick").at("/payload/n").asInt()).isEqualTo(n);
        }
        resumed.next("caught_up");
    }
}
