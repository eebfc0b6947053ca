package dev.bellhop.realtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.bellhop.realtime.testing.Person;
import dev.bellhop.realtime.testing.RawSocket;
import dev.bellhop.realtime.testing.RunningRealtime;
import dev.bellhop.realtime.testing.RunningRealtime.Answer;
import dev.bellhop.realtime.testing.RunningRealtime.TestStream;
import dev.bellhop.realtime.testing.TestSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import okhttp3.MediaType;
import okhttp3.Request;
import okhttp3.RequestBody;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Clients that take their time, and those that come too often. Times are shortened; the order of things is not. */
class DeadlinesTest {
    private static final Duration HEADERS = Duration.ofMillis(1000);
    private static final Duration BODY = Duration.ofMillis(700);

    @RegisterExtension
    static final RunningRealtime realtime = new RunningRealtime()
            .with("BELLHOP_HEADER_TIMEOUT_MS", Long.toString(HEADERS.toMillis()))
            .with("BELLHOP_BODY_TIMEOUT_MS", Long.toString(BODY.toMillis()))
            .with("BELLHOP_MAX_CONNECTS_PER_SECOND", "50");

    private final UUID org = UUID.randomUUID();

    /** Sends a byte every now and then until the peer has closed, and says after how long it had. */
    private static Duration dribble(RawSocket raw) throws InterruptedException {
        long started = System.nanoTime();
        Thread dribbler = new Thread(() -> await().pollInterval(Duration.ofMillis(50))
                .atMost(Duration.ofSeconds(15))
                .until(() -> {
                    try {
                        raw.send("x");
                        return false;
                    } catch (java.io.UncheckedIOException closed) {
                        return true;
                    }
                }));
        dribbler.start();
        assertThat(raw.ends()).isTrue();
        Duration took = Duration.ofNanos(System.nanoTime() - started);
        dribbler.join();
        return took;
    }

    @Test
    @DisplayName("J8 B11 who says nothing, or dribbles its headers, is cut after a bound, a later request too")
    void slowHeaders() throws Exception {
        try (RawSocket silent = new RawSocket(realtime.port())) {
            assertThat(silent.ends()).isTrue();
        }
        try (RawSocket first =
                new RawSocket(realtime.port()).send("GET /health/live HTTP/1.1\r\nHost: a\r\nX-Slow: ")) {
            assertThat(dribble(first)).isBetween(HEADERS.dividedBy(2), HEADERS.multipliedBy(5));
        }
        try (RawSocket later = new RawSocket(realtime.port())) {
            later.send("GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n");
            assertThat(later.answer()).startsWith("HTTP/1.1 200 ");
            later.send("GET /health/live HTTP/1.1\r\nX-Slow: ");
            assertThat(dribble(later)).isLessThan(HEADERS.multipliedBy(5));
        }
    }

    @Test
    @DisplayName("J8 B11 a connection between two requests, an open socket and an open stream are left alone")
    void patient() {
        TestSocket socket = realtime.connect(Person.member(org));
        RawSocket kept = new RawSocket(realtime.port());
        try (TestStream stream = realtime.stream(Person.member(org))) {
            stream.next("connected");
            kept.send("GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n");
            assertThat(kept.answer()).startsWith("HTTP/1.1 200 ");
            try (RawSocket clock = new RawSocket(realtime.port())) {
                assertThat(clock.ends()).isTrue(); // one deadline has passed
            }
            try (RawSocket clock = new RawSocket(realtime.port())) {
                assertThat(clock.ends()).isTrue();
            }
            realtime.broadcast(org, "org", "custom.tick", Map.of("n", 1));
            socket.next("custom.tick");
            stream.next("custom.tick");
            kept.send("GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n");
            assertThat(kept.answer()).startsWith("HTTP/1.1 200 ");
        } finally {
            kept.close();
        }
    }

    @Test
    @DisplayName("B12 a body that is not complete after its time is 408, a problem, and the end of the connection")
    void slowBody() {
        try (RawSocket raw = new RawSocket(realtime.port())) {
            raw.send(
                    "POST /events HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{");
            assertThat(raw.answer())
                    .startsWith("HTTP/1.1 408 ")
                    .containsIgnoringCase("content-type: application/problem+json")
                    .contains("\"/problems/http-408\"");
            assertThat(raw.ends()).isTrue();
        }
        try (RawSocket raw = new RawSocket(realtime.port())) {
            raw.send("POST /events HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n");
            assertThat(raw.answer()).startsWith("HTTP/1.1 408 ");
        }
    }

    @Test
    @DisplayName("C16 who connects too often is 429 with Retry-After, and the count of connections is true afterwards")
    void connectStorm() throws Exception {
        Person member = Person.member(org);
        String path = "/ws?token=" + realtime.token(member);
        ExecutorService clients = Executors.newFixedThreadPool(8);
        List<Future<String>> answers = new ArrayList<>();
        for (int i = 0; i < 400; i++) {
            answers.add(clients.submit(() -> {
                try (RawSocket raw = new RawSocket(realtime.port())) {
                    raw.send(RawSocket.upgrade(
                            path, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13"));
                    return raw.head();
                }
            }));
        }
        int refused = 0;
        for (Future<String> answer : answers) {
            String head = answer.get(20, TimeUnit.SECONDS);
            if (head.startsWith("HTTP/1.1 429 ")) {
                refused++;
                assertThat(head).containsIgnoringCase("retry-after: 1");
            } else {
                assertThat(head).startsWith("HTTP/1.1 101 ");
            }
        }
        clients.shutdown();
        assertThat(refused).isPositive().isLessThan(400);
        Person service = Person.service();
        await().untilAsserted(() -> {
            Answer stats = realtime.get("/ws/connections", realtime.token(service));
            assertThat(stats.body().toString()).doesNotContain(member.userId());
        });
        await().untilAsserted(() ->
                assertThat(realtime.get("/health/live", null).status()).isEqualTo(200));
        TestSocket again = realtime.connect(Person.member(org));
        again.hearsNothingElse();
    }

    @Test
    @DisplayName("B14 another method of /events is 405, and Allow names the stream and the ingest")
    void allowed() {
        for (String method : List.of("PUT", "DELETE", "PATCH")) {
            Answer answer = realtime.call(new Request.Builder()
                    .url(realtime.url("/events"))
                    .method(method, RequestBody.create(new byte[0], MediaType.get("application/json"))));
            assertThat(answer.status()).isEqualTo(405);
            assertThat(answer.headers().get("Allow")).contains("GET", "POST");
            assertThat(answer.headers().get("Content-Type")).startsWith("application/problem+json");
        }
    }
}
