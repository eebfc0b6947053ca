package dev.bellhop.realtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.model.security.Secret;
import dev.bellhop.model.security.Signature;
import dev.bellhop.model.wire.Json;
import dev.bellhop.realtime.testing.NodeProcess;
import dev.bellhop.realtime.testing.Person;
import dev.bellhop.realtime.testing.RawSocket;
import dev.bellhop.realtime.testing.RunningRealtime;
import dev.bellhop.realtime.testing.RunningRealtime.Answer;
import dev.bellhop.realtime.testing.TestSocket;
import dev.bellhop.realtime.testing.TestSocket.Closed;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import okhttp3.Request;
import okhttp3.Response;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What somebody with bad intentions can try, and what everybody else must not notice. */
class AttackTest {
    @RegisterExtension
    static final RunningRealtime realtime = new RunningRealtime();

    private final UUID org = UUID.randomUUID();

    @Test
    @DisplayName("C9 a flood of pings that nobody reads the answers of stops itself, and others hear at once")
    void pingFlood() throws Exception {
        TestSocket neighbour = realtime.connect(Person.member(org));
        AtomicLong sent = new AtomicLong();
        byte[] hundred = new byte[0];
        for (int i = 0; i < 100; i++) {
            byte[] ping = RawSocket.masked(RawSocket.PING, new byte[125]);
            hundred = Arrays.copyOf(hundred, hundred.length + ping.length);
            System.arraycopy(ping, 0, hundred, hundred.length - ping.length, ping.length);
        }
        byte[] pings = hundred;
        RawSocket flood = new RawSocket(realtime.port(), 4096);
        RawSocket.upgraded(flood, "/ws?token=" + realtime.token(Person.member(org)));
        Thread sender = new Thread(() -> {
            try {
                while (sent.get() < 10_000_000) {
                    flood.send(pings);
                    sent.addAndGet(100);
                }
            } catch (UncheckedIOException closedByTheTest) {
                sent.addAndGet(0);
            }
        });
        sender.start();
        long[] before = {-1};
        await().pollInterval(Duration.ofMillis(500))
                .atMost(Duration.ofSeconds(30))
                .until(() -> {
                    boolean stalled = sent.get() == before[0];
                    before[0] = sent.get();
                    return stalled;
                });
        assertThat(sent.get()).isLessThan(1_000_000);
        long started = System.nanoTime();
        realtime.broadcast(org, "org", "custom.tick", Map.of("n", 1));
        neighbour.next("custom.tick");
        assertThat(Duration.ofNanos(System.nanoTime() - started)).isLessThan(Duration.ofSeconds(2));
        flood.close();
        sender.join(10_000);
        assertThat(sender.isAlive()).isFalse();
    }

    @Test
    @DisplayName("D4 a flood of subscribes ends at a hundred rooms and at the rate, and the socket lives on")
    void subscribeFlood() {
        TestSocket flood = realtime.connect(Person.hr(org));
        TestSocket neighbour = realtime.connect(Person.hr(org));
        for (int i = 0; i < 10_000; i++) {
            flood.send("{\"type\":\"subscribe\",\"room\":\"property-" + i + "\"}");
        }
        int taken = 0;
        int limited = 0;
        for (int i = 0; i < 10_000; i++) {
            JsonNode answer = flood.next();
            if (answer.path("type").textValue().equals("subscribed")) {
                taken++;
            } else {
                assertThat(answer.at("/payload/code").textValue()).isIn("rate_limited", "too_many_rooms");
                limited++;
            }
        }
        assertThat(taken).isBetween(1, 100);
        assertThat(limited).isEqualTo(10_000 - taken);
        neighbour.hearsNothingElse();
    }

    @Test
    @DisplayName("D16 nothing that somebody of another organisation is told holds a word of this one")
    void noWordOfOthers() throws IOException {
        String canary = "canary" + UUID.randomUUID().toString().replace("-", "");
        Person victim = Person.manager(org, canary);
        TestSocket inside = realtime.connect(victim);
        Answer said = realtime.broadcast(org, "property-" + canary, "custom." + canary, Map.of("text", canary));
        inside.next("custom." + canary);
        List<String> words = List.of(canary, org.toString(), victim.userId());

        UUID elsewhere = UUID.randomUUID();
        Person admin = Person.admin(elsewhere);
        String token = realtime.token(admin);
        List<String> told = new ArrayList<>();
        String theirs = said.body().path("cursor").textValue();
        TestSocket socket = realtime.dial("/ws?token=" + token + "&cursor=" + theirs);
        told.add(socket.next("connected").toString());
        for (String room : List.of("user-" + victim.userId(), "org-" + org, "property-" + canary)) {
            socket.send(Map.of("type", "subscribe", "room", room, "since", theirs));
            told.add(socket.next("error").toString().replace(room, "what was asked for"));
        }
        socket.send(Map.of("type", "presence", "room", "property-x"));
        told.add(socket.next().toString());
        socket.send(Map.of("type", "get_stats"));
        told.add(socket.next().toString());
        for (String path : List.of(
                "/ws/stats",
                "/ws/rooms",
                "/ws/rooms/org",
                "/ws/connections",
                "/ws/history?room=org",
                "/ws/history?room=org&cursor=" + theirs,
                "/ws/explain?user=u&event=" + said.body().path("id").textValue())) {
            told.add(realtime.get(path, token).body().toString());
        }
        told.add(realtime.get("/ws/stats", null).body().toString());
        Request metrics = new Request.Builder().url(realtime.url("/metrics")).build();
        try (Response response = realtime.http().newCall(metrics).execute()) {
            told.add(response.body().string());
        }
        for (String text : told) {
            assertThat(text).doesNotContain(words);
        }
        assertThat(told).hasSizeGreaterThan(12);
    }

    @Test
    @DisplayName("S1-117 D16 J2 the log has a line for each connect, close and refusal, and never a token or a payload")
    void log() throws Exception {
        String canary = "canary" + UUID.randomUUID().toString().replace("-", "");
        Person member = Person.member(org);
        String token = realtime.token(member);
        try (NodeProcess node = NodeProcess.start(realtime.settings())) {
            TestSocket socket = realtime.dial(
                    new Request.Builder().url(node.url("/ws?token=" + token)).build());
            String connection =
                    socket.next("connected").at("/payload/connection_id").textValue();
            realtime.broadcast(org, "org", "custom.secret", Map.of("text", canary));
            socket.next("custom.secret");
            socket.send(Map.of("type", "subscribe", "room", canary));
            socket.next("error");
            realtime.dial(new Request.Builder()
                            .url(node.url("/ws?token=" + canary))
                            .build())
                    .closed();
            socket.close();
            await().untilAsserted(() -> assertThat(node.output())
                    .anyMatch(line -> line.contains("connected") && line.contains("connection=" + connection))
                    .anyMatch(line -> line.contains("refused") && line.contains("reason=token_invalid"))
                    .anyMatch(line -> line.contains("closed")
                            && line.contains("connection=" + connection)
                            && line.contains("code=1000")));
            assertThat(String.join("\n", node.output())).doesNotContain(canary, token);
        }
    }

    @Test
    @DisplayName("B3 without an Origin a token lets in, and nothing else does")
    void noOrigin() {
        String upgrade = "/ws?token=" + realtime.token(Person.member(org));
        try (RawSocket raw = RawSocket.upgraded(realtime.port(), upgrade)) {
            raw.readText("connected");
        }
        try (RawSocket raw = new RawSocket(realtime.port())) {
            raw.send(RawSocket.upgrade(
                    "/ws",
                    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
                    "Sec-WebSocket-Version: 13",
                    "Cookie: token=" + realtime.token(Person.member(org))));
            assertThat(raw.head()).startsWith("HTTP/1.1 101 ");
            assertThat(raw.closed()).isEqualTo(new Closed(1008, "token_missing"));
        }
    }

    @Test
    @DisplayName("B15 an address that a client claims to have is not believed")
    void forwardedFor() {
        Person member = Person.member(org);
        TestSocket socket = realtime.dial(new Request.Builder()
                .url(realtime.url("/ws?token=" + realtime.token(member)))
                .header("X-Forwarded-For", "203.0.113.7")
                .header("Forwarded", "for=203.0.113.7")
                .build());
        socket.next("connected");
        JsonNode items = realtime.get("/ws/connections", realtime.token(Person.admin(org)))
                .body()
                .path("items");
        assertThat(items).hasSize(1);
        assertThat(items.get(0).path("address").textValue()).isIn("127.0.0.1", "0:0:0:0:0:0:0:1");
    }

    @Test
    @DisplayName("E14 E15 a producer whose clock is ten minutes off is refused, and is taken when it is right, once")
    void clockSkew() {
        Signature signature = new Signature(List.of(Secret.ofWebhook(RunningRealtime.EVENT_SECRET)));
        byte[] body = Json.bytes(RunningRealtime.batch(org, 1, RunningRealtime.ticks(0, 3, "org")));
        for (Duration off : List.of(Duration.ofMinutes(-10), Duration.ofMinutes(10))) {
            Instant time = Instant.now().plus(off);
            Answer refused = realtime.ingest(
                    "batch_skew", Long.toString(time.getEpochSecond()), signature.sign("batch_skew", time, body), body);
            assertThat(refused.status()).isEqualTo(401);
        }
        Instant now = Instant.now();
        String undecodable = "v1,not base64 at all";
        assertThat(realtime.ingest("batch_skew", Long.toString(now.getEpochSecond()), undecodable, body)
                        .status())
                .isEqualTo(401);
        Answer taken = realtime.ingest(
                "batch_skew", Long.toString(now.getEpochSecond()), signature.sign("batch_skew", now, body), body);
        assertThat(taken.status()).isEqualTo(200);
        assertThat(taken.body().path("accepted").asInt()).isEqualTo(3);
    }

    @Test
    @DisplayName("A13 from the commit of a revocation to the closed socket it takes a moment, under load too")
    void revocationTime() {
        List<Person> people = new ArrayList<>();
        List<TestSocket> sockets = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            people.add(Person.member(org));
            sockets.add(realtime.connect(people.get(i)));
        }
        List<Duration> took = new ArrayList<>();
        for (int i = 0; i < people.size(); i++) {
            realtime.publish(org, RunningRealtime.ticks(i * 20, 20, "org"));
            Map<String, Object> removed = Map.of("user_id", people.get(i).userId(), "role", "MEMBER", "ver", 2);
            realtime.publish(org, List.of(RunningRealtime.event("member.removed", List.of("org"), removed)));
            long committed = System.nanoTime();
            assertThat(sockets.get(i).closed()).isEqualTo(new Closed(1008, "user_disabled"));
            took.add(Duration.ofNanos(System.nanoTime() - committed));
        }
        took.sort(null);
        assertThat(took.get(took.size() / 2)).isLessThan(Duration.ofMillis(250));
        assertThat(took.get(took.size() - 1)).isLessThan(Duration.ofSeconds(1));
    }

    @Test
    @DisplayName("S2-045 everybody is given the same bytes")
    void oneEncoding() {
        try (RawSocket first = connected();
                RawSocket second = connected()) {
            realtime.broadcast(org, "org", "custom.tick", Map.of("text", "é < 日本"));
            ByteBuffer one = utf8(first.readText("custom.tick"));
            assertThat(utf8(second.readText("custom.tick"))).isEqualTo(one);
        }
    }

    private static ByteBuffer utf8(String text) {
        return ByteBuffer.wrap(text.getBytes(java.nio.charset.StandardCharsets.UTF_8));
    }

    private RawSocket connected() {
        RawSocket raw = RawSocket.upgraded(realtime.port(), "/ws?token=" + realtime.token(Person.member(org)));
        raw.readText("connected");
        return raw;
    }
}
