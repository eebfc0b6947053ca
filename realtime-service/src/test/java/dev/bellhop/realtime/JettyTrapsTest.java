package dev.bellhop.realtime;

import static dev.bellhop.realtime.testing.RawSocket.upgrade;
import static dev.bellhop.realtime.testing.RunningRealtime.event;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.realtime.testing.Person;
import dev.bellhop.realtime.testing.RawSocket;
import dev.bellhop.realtime.testing.RunningRealtime;
import dev.bellhop.realtime.testing.RunningRealtime.Answer;
import dev.bellhop.realtime.testing.RunningRealtime.TestStream;
import dev.bellhop.realtime.testing.TestSocket;
import dev.bellhop.realtime.testing.TestSocket.Closed;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.IntStream;
import javax.management.ObjectName;
import okhttp3.MediaType;
import okhttp3.Request;
import okhttp3.RequestBody;
import org.eclipse.jetty.util.Jetty;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * What Javalin and Jetty do when they are left to themselves, by its number in the design, does not happen here. J5 (a
 * half-open peer stays) is in {@link HeartbeatTest}, whose pings are quick.
 */
class JettyTrapsTest {
    private static final String KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
    private static final String VERSION = "Sec-WebSocket-Version: 13";
    private static final String METRICS_TOKEN = "the token of the metrics";

    @RegisterExtension
    static final RunningRealtime realtime = new RunningRealtime()
            .with("BELLHOP_PING_INTERVAL_MS", "600000")
            .with("BELLHOP_METRICS_TOKEN", METRICS_TOKEN);

    private final UUID org = UUID.randomUUID();

    private String path(Person person) {
        return "/ws?token=" + realtime.token(person);
    }

    private static String answerTo(String request) {
        try (RawSocket raw = new RawSocket(realtime.port())) {
            return raw.send(request).answer();
        }
    }

    @Test
    @DisplayName("J1 B8 2,000 upgrades, refused ones and others, make no HTTP session and set no cookie")
    void noSessions() throws Exception {
        List<String> requests = List.of(
                upgrade("/ws", KEY, VERSION, "Origin: https://evil.example"),
                upgrade("/ws", VERSION),
                upgrade("/ws/nothing", KEY, VERSION),
                upgrade("/health/live", KEY, VERSION),
                upgrade("/ws", KEY, VERSION));
        for (int i = 0; i < 2000; i++) {
            assertThat(answerTo(requests.get(i % requests.size()))).doesNotContainIgnoringCase("Set-Cookie");
        }
        String histogram = (String) ManagementFactory.getPlatformMBeanServer()
                .invoke(
                        new ObjectName("com.sun.management:type=DiagnosticCommand"),
                        "gcClassHistogram",
                        new Object[] {null},
                        new String[] {String[].class.getName()});
        assertThat(histogram).contains("java.lang.String").doesNotContain("jetty.session.ManagedSession");
    }

    @Test
    @DisplayName("J2 a failure inside ends the socket with one word, and says nothing of its cause")
    void failuresSayNothing() {
        Person member = Person.member(org);
        realtime.postgres().refuseConnections();
        try (RawSocket raw = RawSocket.upgraded(realtime.port(), path(member))) {
            String last = raw.readText("disconnect");
            assertThat(last).contains("\"code\":1011", "\"reason\":\"internal_error\"", "\"reconnect\":true");
            assertThat(last).doesNotContainIgnoringCase("postgres").doesNotContainIgnoringCase("sql");
            assertThat(raw.closed()).isEqualTo(new Closed(1011, "internal_error"));
            assertThat(realtime.broadcast(org, "org", "custom.x", Map.of()).status())
                    .isEqualTo(503);
        } finally {
            realtime.postgres().acceptConnections();
        }
        await().atMost(Duration.ofSeconds(15))
                .untilAsserted(() -> realtime.dial(path(member)).next("connected"));
    }

    private static double metric(String line) {
        Request.Builder request =
                new Request.Builder().url(realtime.url("/metrics")).header("Authorization", "Bearer " + METRICS_TOKEN);
        try (okhttp3.Response response =
                realtime.http().newCall(request.build()).execute()) {
            return response.body()
                    .string()
                    .lines()
                    .filter(text -> text.startsWith(line + " "))
                    .mapToDouble(text -> Double.parseDouble(text.substring(line.length() + 1)))
                    .sum();
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /** Connections in the organisation's room. */
    private int members() {
        for (JsonNode room : realtime.get("/ws/rooms", realtime.token(Person.admin(org)))
                .body()
                .path("items")) {
            if (room.path("room").textValue().equals("org")) {
                return room.path("connections").asInt();
            }
        }
        return 0;
    }

    @Test
    @DisplayName(
            "J3 J4 C14 a reader that stalls is closed with 4008, no event is dropped in silence, and others hear all")
    void stalledReader() {
        Person member = Person.member(org);
        TestSocket quick = realtime.connect(member);
        double before = metric("bellhop_connections_closed_total{reason=\"slow_consumer\"}");
        try (RawSocket stalled = RawSocket.upgraded(new RawSocket(realtime.port(), 4096), path(member))) {
            stalled.readText("connected");
            String padding = "x".repeat(60_000);
            int published = 0;
            while (published % 10 != 0 || published == 0 || members() == 2) {
                assertThat(published).as("far more than buffers hold").isLessThan(500);
                Map<String, Object> payload = Map.of("n", published, "padding", padding);
                realtime.publish(org, List.of(event("custom.tick", List.of("org"), payload)));
                assertThat(quick.next("custom.tick").path("payload").path("n").asInt())
                        .isEqualTo(published);
                published++;
            }
            // What it did get is an unbroken beginning; then it is told, because it reads again in time.
            int next = 0;
            RawSocket.Received frame = stalled.read();
            while (frame.text().startsWith("{\"type\":\"custom.tick\"")) {
                assertThat(frame.text()).contains("\"n\":" + next);
                next++;
                frame = stalled.read();
            }
            assertThat(next).isLessThan(published);
            assertThat(frame.text()).contains("\"type\":\"disconnect\"", "\"code\":4008", "\"reconnect\":true");
            assertThat(stalled.closed()).isEqualTo(new Closed(4008, "slow_consumer"));
            stalled.frame(RawSocket.CLOSE, "");
        }
        await().untilAsserted(() -> assertThat(metric("bellhop_connections_closed_total{reason=\"slow_consumer\"}"))
                .isEqualTo(before + 1));
    }

    @Test
    @DisplayName("J6 F38 S1-058 a stop says good-bye to everybody with 1012 and spreads their return")
    void goodBye() throws Exception {
        List<TestSocket> sockets = IntStream.range(0, 60)
                .mapToObj(i -> realtime.connect(Person.member(org)))
                .toList();
        TestStream stream = realtime.stream(Person.member(org));
        stream.next("connected");
        long started = System.nanoTime();
        realtime.stop();
        assertThat(Duration.ofNanos(System.nanoTime() - started)).isLessThan(Duration.ofSeconds(10));
        try {
            List<Integer> waits = new ArrayList<>();
            for (TestSocket socket : sockets) {
                JsonNode last = socket.next("disconnect").path("payload");
                assertThat(last.path("code").asInt()).isEqualTo(1012);
                assertThat(last.path("reconnect").asBoolean()).isTrue();
                waits.add(last.path("retry_after_ms").asInt());
                assertThat(socket.closed()).isEqualTo(new Closed(1012, "restarting"));
            }
            assertThat(waits.stream().distinct().count()).isGreaterThan(40);
            assertThat(waits).allMatch(wait -> wait >= 0 && wait <= 3000);
            assertThat(stream.next("disconnect")
                            .data()
                            .path("payload")
                            .path("code")
                            .asInt())
                    .isEqualTo(1012);
            assertThat(stream.ended()).isEqualTo(200);
        } finally {
            realtime.start();
        }
    }

    @Test
    @DisplayName("J6 whoever is still let in while the service stops is sent away with 1012 like everybody")
    void letInDuringTheStop() throws Exception {
        BlockingQueue<TestSocket> letIn = new LinkedBlockingQueue<>();
        List<Thread> callers = IntStream.range(0, 4)
                .mapToObj(i -> new Thread(() -> {
                    TestSocket socket = realtime.dial(path(Person.member(org)));
                    while (socket.wasLetIn()) {
                        letIn.add(socket);
                        socket = realtime.dial(path(Person.member(org)));
                    }
                }))
                .toList();
        callers.forEach(Thread::start);
        await().until(() -> letIn.size() > 20);
        realtime.stop();
        try {
            for (Thread caller : callers) {
                caller.join();
            }
            assertThat(letIn.stream().map(TestSocket::closed)).containsOnly(new Closed(1012, "restarting"));
        } finally {
            realtime.start();
        }
    }

    @Test
    @DisplayName("J7 B12 300 bodies that dribble in take no thread: everybody else is answered at once")
    void slowBodies() {
        List<RawSocket> slow = new ArrayList<>();
        try {
            for (int i = 0; i < 300; i++) {
                RawSocket raw = new RawSocket(realtime.port());
                slow.add(raw);
                raw.send("POST /events HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                        + "Content-Length: 1000\r\n\r\n{");
            }
            for (int i = 0; i < 10; i++) {
                slow.forEach(raw -> raw.send(" "));
                long started = System.nanoTime();
                assertThat(realtime.get("/health/live", null).status()).isEqualTo(200);
                assertThat(Duration.ofNanos(System.nanoTime() - started)).isLessThan(Duration.ofSeconds(1));
            }
            RawSocket first = slow.get(0);
            first.send(" ".repeat(1000 - 11));
            assertThat(first.answer()).startsWith("HTTP/1.1 401 ");
        } finally {
            slow.forEach(RawSocket::close);
        }
    }

    @Test
    @DisplayName("J9 a page of another origin is refused before the upgrade")
    void foreignOrigin() {
        assertThat(answerTo(upgrade(path(Person.member(org)), KEY, VERSION, "Origin: https://evil.example")))
                .startsWith("HTTP/1.1 403 ")
                .contains("\"/problems/origin\"");
    }

    @Test
    @DisplayName("J10 B6 no key is 400, another version 426, an unknown path 404, each as a problem")
    void handshakes() {
        String path = path(Person.member(org));
        assertThat(answerTo(upgrade(path, VERSION))).startsWith("HTTP/1.1 400 ").contains("\"/problems/handshake\"");
        assertThat(answerTo(upgrade(path, KEY, "Sec-WebSocket-Version: 12")))
                .startsWith("HTTP/1.1 426 ")
                .contains("\"/problems/websocket-version\"");
        for (String unknown : List.of("/ws/nothing", "/websocket", "/ws/", "/nothing")) {
            assertThat(answerTo(upgrade(unknown, KEY, VERSION)))
                    .as(unknown)
                    .startsWith("HTTP/1.1 404 ")
                    .contains("application/problem+json", "\"/problems/not-found\"")
                    .doesNotContain("<");
        }
    }

    @Test
    @DisplayName("J11 B7 a token offered as the first sub-protocol is not echoed")
    void tokenNotEchoed() {
        String token = realtime.token(Person.member(org));
        for (String offered : List.of("bearer." + token + ", bellhop.v1", "bearer." + token)) {
            String answer = answerTo(upgrade("/ws", KEY, VERSION, "Sec-WebSocket-Protocol: " + offered));
            assertThat(answer).startsWith("HTTP/1.1 101 ").doesNotContain(token.substring(0, 20), "bearer");
        }
    }

    @Test
    @DisplayName("J12 compression is not agreed on, and a compressed frame is a violation")
    void noCompression() {
        try (RawSocket raw = new RawSocket(realtime.port())) {
            raw.send(upgrade(path(Person.member(org)), KEY, VERSION, "Sec-WebSocket-Extensions: permessage-deflate"));
            assertThat(raw.head()).startsWith("HTTP/1.1 101 ").doesNotContainIgnoringCase("extensions");
            raw.readText("connected");
            raw.frame(0xC1, "{}");
            assertThat(raw.closed().code()).isEqualTo(1002);
        }
    }

    private Answer broadcast(String body, String type, String encoding) {
        Request.Builder request = new Request.Builder()
                .url(realtime.url("/ws/broadcast"))
                .header("Authorization", "Bearer " + realtime.token(Person.admin(org)))
                .post(RequestBody.create(
                        body.getBytes(StandardCharsets.UTF_8), type == null ? null : MediaType.get(type)));
        return realtime.call(encoding == null ? request : request.header("Content-Encoding", encoding));
    }

    private Answer broadcast(String body) {
        return broadcast(body, "application/json", null);
    }

    @Test
    @DisplayName(
            "J13 F8 F12 F19 text is not JSON, a compressed or absurd body is no failure of ours, an address is not echoed")
    void contentTypes() {
        String good = "{\"room\":\"org\",\"type\":\"custom.x\",\"payload\":{\"n\":1}}";
        assertThat(broadcast(good).status()).isEqualTo(202);
        assertThat(broadcast(good, "text/plain", null).status()).isEqualTo(415);
        assertThat(broadcast(good, null, null).status()).isEqualTo(415);
        assertThat(broadcast(good, "application/x-www-form-urlencoded", null).status())
                .isEqualTo(415);
        assertThat(broadcast(good, "application/json", "gzip").status()).isEqualTo(415);
        assertThat(broadcast(good.replace("1}", "[".repeat(5000) + "]".repeat(5000) + "}"))
                        .status())
                .isEqualTo(400);
        assertThat(broadcast(good.replace("1}", "9".repeat(2000) + "}")).status())
                .isEqualTo(400);
        assertThat(broadcast(" ".repeat(2 << 20)).status()).isEqualTo(413);
        Answer lost = realtime.get("/%3Cscript%3Ealert(1)%3C/script%3E", null);
        assertThat(lost.status()).isIn(400, 404);
        assertThat(lost.headers().get("Content-Type")).startsWith("application/problem+json");
        String raw = answerTo("GET /%3Cscript%3E HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
        assertThat(raw).doesNotContain("<script");
        assertThat(answerTo("BREW /ws/stats HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"))
                .matches("(?s)HTTP/1.1 (40[45]|501) .*")
                .contains("application/problem+json");
    }

    @Test
    @DisplayName("J14 F9 a key that comes twice, and text behind the JSON, are refused")
    void strictJson() {
        for (String body : List.of(
                "{\"room\":\"org\",\"room\":\"global\",\"type\":\"custom.x\"}",
                "{\"room\":\"org\",\"type\":\"custom.x\"} x",
                "{\"room\":\"org\",\"type\":\"custom.x\",\"payload\":{\"a\":1,\"a\":2}}",
                "{\"room\":\"org\",\"type\":\"custom.x\"}{}")) {
            assertThat(broadcast(body).status()).as(body).isEqualTo(400);
        }
        assertThat(broadcast("{\"room\":\"org\",\"type\":\"custom.x\",\"payload\":{\"a\":\"\\ud800\"}}")
                        .status())
                .isEqualTo(422);
        assertThat(broadcast("{\"room\":\"org\",\"type\":\"custom.x\",\"payload\":{\"a\":\"\\u0000\"}}")
                        .status())
                .isEqualTo(202);
    }

    @Test
    @DisplayName("J15 line ends inside an event make no line of a stream")
    void noInjection() {
        try (TestStream stream = realtime.stream(Person.member(org))) {
            stream.next("connected");
            String text = "a\rdata: injected\r\nevent: evil\n\n: c\u2028";
            realtime.publish(org, List.of(event("custom.text", List.of("org"), Map.of("text", text))));
            assertThat(stream.next("custom.text")
                            .data()
                            .path("payload")
                            .path("text")
                            .textValue())
                    .isEqualTo(text);
        }
    }

    @Test
    @DisplayName("J16 no spelling of an address gets around who may read it")
    void pathTricks() {
        for (String address : List.of(
                "/metrics",
                "/metrics/",
                "//metrics",
                "/./metrics",
                "/ws/../metrics",
                "/ws/%2e%2e/metrics",
                "/%6detrics",
                "/metrics;a=b",
                "/;a/metrics",
                "/metrics%00",
                "/ws/..%2fmetrics",
                "/ws/stats/",
                "/ws/stats;x",
                "/ws//stats",
                "/ws/%73tats",
                "/WS/STATS",
                "\\metrics",
                "/metrics%2f")) {
            String answer = answerTo("GET " + address + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
            assertThat(answer).as(address).matches("(?s)HTTP/1.1 40[014] .*").doesNotContain("jvm_", "bellhop_");
        }
    }

    @Test
    @DisplayName("J17 B13 Jetty is one that is mended; what two parsers could read in two ways is refused")
    void jettyFloor() {
        int[] version = java.util.regex.Pattern.compile("\\.")
                .splitAsStream(Jetty.VERSION.replaceAll("[^0-9.].*", ""))
                .mapToInt(Integer::parseInt)
                .toArray();
        assertThat(version[0] * 10_000 + version[1] * 100 + version[2]).isGreaterThanOrEqualTo(120_112);
        String post = "POST /events HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n";
        for (String request : List.of(
                post + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
                post + "Content-Length: 4\r\nContent-Length: 5\r\n\r\n{}  ",
                post + "Content-Length: -1\r\n\r\n",
                post + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
                post + "X: a\r\n b\r\nContent-Length : 2\r\n\r\n{}",
                "GET / HTTP/1.1\r\n\r\n",
                "GARBAGE\r\n\r\n")) {
            assertThat(answerTo(request))
                    .as(request)
                    .startsWith("HTTP/1.1 400 ")
                    .contains("problem+json");
        }
        try (RawSocket raw = RawSocket.upgraded(realtime.port(), path(Person.member(org)))) {
            raw.sendAsFarAsItGoes(RawSocket.masked(0x83, new byte[10 << 20]));
            assertThat(raw.closed().code()).isEqualTo(1002);
        }
    }
}
