package dev.bellhop.realtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.realtime.testing.Person;
import dev.bellhop.realtime.testing.Programs;
import dev.bellhop.realtime.testing.RunningRealtime;
import dev.bellhop.realtime.testing.TestSocket;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import okhttp3.Request;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** {@code deploy/nginx.conf} in a real nginx, with two nodes behind it. Left out where there is no nginx, but not in CI. */
class NginxTest {
    @RegisterExtension
    static final RunningRealtime one = new RunningRealtime();

    @TempDir
    static Path directory;

    private static RunningRealtime two;
    private static Process nginx;
    private static int port;
    private static int innerPort;

    private final UUID org = UUID.randomUUID();
    private final HttpClient client = HttpClient.newHttpClient();

    @BeforeAll
    static void start() throws Exception {
        assumeTrue(Programs.find("nginx").isPresent() || System.getenv("CI") != null, "there is no nginx here");
        two = one.anotherNode();
        try (ServerSocket free = new ServerSocket(0);
                ServerSocket inner = new ServerSocket(0)) {
            port = free.getLocalPort();
            innerPort = inner.getLocalPort();
        }
        Path config = Files.writeString(directory.resolve("nginx.conf"), config());
        nginx = new ProcessBuilder(
                        Programs.find("nginx").orElseThrow().toString(),
                        "-p",
                        directory.toString(),
                        "-c",
                        config.toString(),
                        "-g",
                        "daemon off;")
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("output").toFile())
                .start();
        await("nginx serves")
                .ignoreExceptionsInstanceOf(IOException.class)
                .until(() -> status(HttpRequest.newBuilder(URI.create(url("/metrics")))) == 404);
    }

    /** The sample with the addresses of this test, and without TLS. */
    private static String config() throws IOException {
        return Files.readString(Path.of("../deploy/nginx.conf"))
                .replace("listen 443 ssl;", "listen 127.0.0.1:" + port + ";")
                .replaceAll("ssl_certificate[^;]*;", "")
                .replace("listen 127.0.0.1:8090;", "listen 127.0.0.1:" + innerPort + ";")
                .replace("127.0.0.1:8081", "127.0.0.1:" + one.port())
                .replace("127.0.0.1:8082", "127.0.0.1:" + two.port())
                .replace("/var/log/nginx/", directory + "/")
                .replace("/run/nginx.pid", directory + "/nginx.pid");
    }

    @AfterAll
    static void stop() throws InterruptedException {
        if (nginx != null) {
            nginx.destroy();
            assertThat(nginx.waitFor(10, TimeUnit.SECONDS)).isTrue();
        }
        if (two != null) {
            two.close();
        }
    }

    private static String url(String path) {
        return "http://127.0.0.1:" + port + path;
    }

    private static int status(HttpRequest.Builder request) throws IOException, InterruptedException {
        return HttpClient.newHttpClient()
                .send(request.build(), HttpResponse.BodyHandlers.discarding())
                .statusCode();
    }

    private static TestSocket dial(Person person, String query) {
        return one.dial(new Request.Builder()
                .url(url("/ws?token=" + one.token(person) + query))
                .build());
    }

    @Test
    @DisplayName("S1-115 sockets go to both nodes behind one address, and each hears what is posted to the other")
    void webSockets() {
        TestSocket first = dial(Person.member(org), "");
        TestSocket second = dial(Person.member(org), "");
        first.next("connected");
        second.next("connected");
        one.publish(org, RunningRealtime.ticks(1, 1, "org"));
        two.publish(org, RunningRealtime.ticks(2, 1, "org"));
        for (TestSocket socket : new TestSocket[] {first, second}) {
            assertThat(socket.next("custom.tick").at("/payload/n").asInt()).isEqualTo(1);
            assertThat(socket.next("custom.tick").at("/payload/n").asInt()).isEqualTo(2);
            socket.send(Map.of("type", "heartbeat"));
            socket.next("heartbeat_ack");
        }
    }

    @Test
    @DisplayName("S1-115 server-sent events pass one by one, not when a buffer is full")
    void serverSentEvents() {
        try (RunningRealtime.TestStream stream = one.stream(new Request.Builder()
                .url(url("/events?token=" + one.token(Person.member(org))))
                .build())) {
            stream.next("connected");
            for (int n = 0; n < 3; n++) {
                two.publish(org, RunningRealtime.ticks(n, 1, "org"));
                assertThat(stream.next("custom.tick").data().at("/payload/n").asInt())
                        .isEqualTo(n);
            }
        }
    }

    @Test
    @DisplayName("when a node stops, its client comes back through the same address and misses nothing")
    void aNodeStops() {
        Person member = Person.member(org);
        TestSocket[] sockets = {dial(member, ""), dial(member, "")};
        String cursor = "";
        for (TestSocket socket : sockets) {
            cursor = socket.next("connected").path("cursor").textValue();
        }
        two.stop();
        one.publish(org, RunningRealtime.ticks(1, 2, "org"));
        TestSocket again = dial(member, "&cursor=" + cursor);
        JsonNode hello = again.next("connected").path("payload");
        assertThat(hello.path("recovered").asBoolean()).isTrue();
        assertThat(again.next("custom.tick").at("/payload/n").asInt()).isEqualTo(1);
        assertThat(again.next("custom.tick").at("/payload/n").asInt()).isEqualTo(2);
        two.start();
    }

    @Test
    @DisplayName("the API's events go to any node by the inner port, and to the other one when one is down")
    void innerPort() throws Exception {
        String inner = "http://127.0.0.1:" + innerPort + "/events";
        int seq = 1;
        for (; seq <= 4; seq++) {
            assertThat(one.ingest(inner, RunningRealtime.batch(org, seq, RunningRealtime.ticks(seq, 1, "org")))
                            .status())
                    .isEqualTo(200);
        }
        two.stop();
        for (; seq <= 8; seq++) {
            assertThat(one.ingest(inner, RunningRealtime.batch(org, seq, RunningRealtime.ticks(seq, 1, "org")))
                            .status())
                    .isEqualTo(200);
        }
        two.start();
        assertThat(status(HttpRequest.newBuilder(URI.create(inner)))).isEqualTo(403);
        assertThat(status(HttpRequest.newBuilder(URI.create(inner.replace("/events", "/metrics")))))
                .isEqualTo(404);
    }

    @Test
    @DisplayName("the dashboard is at the same address")
    void dashboard() throws Exception {
        for (String path : List.of("/", "/index.html", "/bare.js", "/bare.css", "/favicon.svg", "/config.json")) {
            assertThat(status(HttpRequest.newBuilder(URI.create(url(path)))))
                    .as(path)
                    .isEqualTo(200);
        }
        assertThat(status(HttpRequest.newBuilder(URI.create(url("/assets/../metrics")))))
                .isEqualTo(404);
    }

    @Test
    @DisplayName("the proxy of docker-compose.yml is the sample, with its own addresses and without TLS")
    void compose() throws Exception {
        Path compose = Path.of("../deploy/nginx-compose.conf");
        String expected = withoutComments(Path.of("../deploy/nginx.conf"))
                .replaceAll(" *ssl_certificate[^;]*;\n", "")
                .replace("listen 443 ssl;", "listen 8000;")
                .replace("server_name bellhop.example;", "server_name _;")
                .replace("127.0.0.1:8081", "172.28.7.21:8081")
                .replace("127.0.0.1:8082", "172.28.7.22:8081")
                .replace("127.0.0.1:8080", "172.28.7.31:8080")
                .replace("127.0.0.1:8083", "172.28.7.32:8080")
                .replace("listen 127.0.0.1:8090;", "listen 8090;")
                .replace("/var/log/nginx/error.log", "/dev/stderr")
                .replace("/var/log/nginx/access.log", "/dev/stdout")
                .replace("/run/nginx.pid", "/tmp/nginx.pid");
        assertThat(withoutComments(compose)).isEqualTo(expected);
        String services = Files.readString(Path.of("../docker-compose.yml"));
        assertThat(services)
                .contains("172.28.7.21", "172.28.7.22", "172.28.7.31", "172.28.7.32", "http://172.28.7.10:8090");
    }

    private static String withoutComments(Path file) throws IOException {
        return Files.readString(file).replaceAll("(?m)^ *#.*\n", "");
    }

    @Test
    @DisplayName("what is for the inside stays inside, and no token gets into the log")
    void inside() throws Exception {
        HttpRequest.BodyPublisher body = HttpRequest.BodyPublishers.ofString("{}");
        assertThat(status(HttpRequest.newBuilder(URI.create(url("/events"))).POST(body)))
                .isEqualTo(403);
        assertThat(status(HttpRequest.newBuilder(URI.create(url("/metrics"))))).isEqualTo(404);
        assertThat(status(HttpRequest.newBuilder(URI.create(url("/health/ready")))))
                .isEqualTo(404);
        String token = one.token(Person.admin(org));
        assertThat(status(HttpRequest.newBuilder(URI.create(url("/ws/stats")))
                        .header("Authorization", "Bearer " + token)))
                .isEqualTo(200);
        assertThat(status(HttpRequest.newBuilder(URI.create(url("/events?token=bad")))))
                .isEqualTo(401);
        Path log = directory.resolve("access.log");
        await().until(() -> Files.readString(log).contains("\"GET /events\" 401"));
        assertThat(Files.readString(log)).doesNotContain("token=");
    }

    @Test
    @DisplayName("handshakes beyond the limit of an address are 429")
    void limits() throws Exception {
        URI address = URI.create(url("/ws"));
        var answers = IntStream.range(0, 600)
                .mapToObj(i -> client.sendAsync(
                        HttpRequest.newBuilder(address).build(), HttpResponse.BodyHandlers.discarding()))
                .toList();
        long refused = 0;
        for (var answer : answers) {
            refused += answer.get(10, TimeUnit.SECONDS).statusCode() == 429 ? 1 : 0;
        }
        assertThat(refused).isPositive().isLessThan(600);
        await().ignoreExceptionsInstanceOf(IOException.class)
                .until(() -> status(HttpRequest.newBuilder(address)) != 429);
    }
}
