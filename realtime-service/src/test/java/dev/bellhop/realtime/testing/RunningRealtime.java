package dev.bellhop.realtime.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.uuid.Generators;
import dev.bellhop.db.PostgresExtension;
import dev.bellhop.model.security.Secret;
import dev.bellhop.model.security.Signature;
import dev.bellhop.model.security.Tokens;
import dev.bellhop.model.wire.Json;
import dev.bellhop.realtime.Config;
import dev.bellhop.realtime.RealtimeService;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;
import okhttp3.sse.EventSource;
import okhttp3.sse.EventSourceListener;
import okhttp3.sse.EventSources;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** The real service on a real PostgreSQL and a free port, and hands to talk to it. */
public final class RunningRealtime implements BeforeAllCallback, AfterAllCallback, AutoCloseable {
    public static final String JWT_SECRET = "a secret of the tests, long enough for HS256";
    public static final String EVENT_SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    private static final MediaType JSON = MediaType.get("application/json");

    private final PostgresExtension postgres;
    private final Map<String, String> settings = new HashMap<>();
    private final List<TestSocket> sockets = new ArrayList<>();
    private final Tokens tokens = Tokens.hs256(Secret.ofText(JWT_SECRET), Clock.systemUTC());
    private final Signature signature = new Signature(List.of(Secret.ofWebhook(EVENT_SECRET)));
    private final OkHttpClient client = client();
    private RealtimeService service;
    /** Test classes that have begun and not ended: the registering one, and those nested in it. */
    private int classes;

    public RunningRealtime() {
        this(new PostgresExtension());
    }

    private RunningRealtime(PostgresExtension postgres) {
        this.postgres = postgres;
    }

    private static OkHttpClient client() {
        OkHttpClient client =
                new OkHttpClient.Builder().readTimeout(Duration.ofSeconds(10)).build();
        client.dispatcher().setMaxRequests(20_000);
        client.dispatcher().setMaxRequestsPerHost(20_000);
        return client;
    }

    /** A setting other than the default; before the start. */
    public RunningRealtime with(String name, String value) {
        settings.put(name, value);
        return this;
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        if (classes++ > 0) {
            return; // a nested class lives with its outer one
        }
        postgres.create();
        start();
    }

    @Override
    public void afterAll(ExtensionContext context) {
        if (--classes > 0) {
            return;
        }
        close();
        postgres.drop();
    }

    /** Another node on the same log. */
    public RunningRealtime anotherNode() {
        RunningRealtime node = new RunningRealtime(postgres);
        node.settings.putAll(settings);
        node.start();
        return node;
    }

    /** Ends the node and leaves its log. */
    @Override
    public void close() {
        sockets.forEach(TestSocket::cut);
        stop();
        client.dispatcher().executorService().shutdown();
        client.connectionPool().evictAll();
    }

    public void start() {
        service = RealtimeService.start(Config.from(settings()));
    }

    /** With which it runs, or another node on the same log would. */
    public Map<String, String> settings() {
        Map<String, String> all = new HashMap<>(settings);
        all.putIfAbsent("BELLHOP_REALTIME_PORT", "0");
        all.put("BELLHOP_HOST", "127.0.0.1");
        if (!settings.containsKey("BELLHOP_REDIS_URL")) {
            all.put("BELLHOP_DATABASE_URL", postgres.url());
        }
        all.put("BELLHOP_JWT_SECRET", JWT_SECRET);
        all.putIfAbsent("BELLHOP_EVENT_SECRETS", EVENT_SECRET);
        return all;
    }

    public void stop() {
        service.close();
    }

    public RealtimeService service() {
        return service;
    }

    public PostgresExtension postgres() {
        return postgres;
    }

    public OkHttpClient http() {
        return client;
    }

    public int port() {
        return service.port();
    }

    public String url(String path) {
        return "http://127.0.0.1:" + service.port() + path;
    }

    // ---- tokens ----

    public Tokens tokens() {
        return tokens;
    }

    public String token(Person person) {
        return token(person, Duration.ofMinutes(15));
    }

    public String token(Person person, Duration life) {
        return tokens.issue(person.principal(life));
    }

    // ---- sockets ----

    /** A socket of that person, after its {@code connected} frame. */
    public TestSocket connect(Person person) {
        TestSocket socket = dial("/ws?token=" + token(person));
        socket.next("connected");
        return socket;
    }

    /** A socket at that path and query, before its first frame. */
    public TestSocket dial(String pathAndQuery) {
        return dial(new Request.Builder().url(url(pathAndQuery)).build());
    }

    public TestSocket dial(Request request) {
        TestSocket socket = new TestSocket(client, request);
        sockets.add(socket);
        return socket;
    }

    // ---- server-sent events ----

    /** One event of a stream. */
    public record SseEvent(String id, String type, JsonNode data) {}

    /** A stream of server-sent events, read by OkHttp. */
    public static final class TestStream extends EventSourceListener implements AutoCloseable {
        private final BlockingQueue<SseEvent> heard = new LinkedBlockingQueue<>();
        private final java.util.concurrent.CompletableFuture<Integer> ended =
                new java.util.concurrent.CompletableFuture<>();
        private EventSource source;

        @Override
        public void onEvent(EventSource eventSource, String id, String type, String data) {
            try {
                heard.add(new SseEvent(id, type, Json.tree(data)));
            } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void onClosed(EventSource eventSource) {
            ended.complete(200);
        }

        @Override
        public void onFailure(EventSource eventSource, Throwable cause, Response response) {
            ended.complete(response == null ? -1 : response.code());
        }

        /** The next event, which has to be of that type; pings, which come when they like, are passed over. */
        public SseEvent next(String type) {
            try {
                SseEvent event = heard.poll(5, TimeUnit.SECONDS);
                while (event != null && "ping".equals(event.type()) && !type.equals("ping")) {
                    event = heard.poll(5, TimeUnit.SECONDS);
                }
                if (event == null || !type.equals(event.type())) {
                    throw new AssertionError("expected " + type + ", heard " + event);
                }
                return event;
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }

        /** The status with which it was refused, or 200 when the server ended it. */
        public int ended() throws Exception {
            return ended.get(5, TimeUnit.SECONDS);
        }

        @Override
        public void close() {
            source.cancel();
        }
    }

    public TestStream stream(Request request) {
        TestStream stream = new TestStream();
        OkHttpClient patient = client.newBuilder().readTimeout(Duration.ZERO).build();
        stream.source = EventSources.createFactory(patient).newEventSource(request, stream);
        return stream;
    }

    public TestStream stream(Person person) {
        return stream(
                new Request.Builder().url(url("/events?token=" + token(person))).build());
    }

    // ---- HTTP ----

    /** What came back. */
    public record Answer(int status, JsonNode body, Map<String, String> headers) {}

    public Answer get(String path, String token) {
        Request.Builder request = new Request.Builder().url(url(path));
        return call(token == null ? request : request.header("Authorization", "Bearer " + token));
    }

    public Answer post(String path, String token, Object body) {
        Request.Builder request = new Request.Builder().url(url(path)).post(RequestBody.create(Json.bytes(body), JSON));
        return call(token == null ? request : request.header("Authorization", "Bearer " + token));
    }

    public Answer call(Request.Builder request) {
        try (Response response = client.newCall(request.build()).execute()) {
            Map<String, String> headers = new LinkedHashMap<>();
            response.headers().forEach(pair -> headers.put(pair.getFirst(), pair.getSecond()));
            String body = response.body().string();
            return new Answer(response.code(), body.isEmpty() ? Json.mapper().nullNode() : Json.tree(body), headers);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** An event by the hand of an operator, in that room. */
    public Answer broadcast(UUID orgId, String room, String type, Map<String, ?> payload) {
        return post(
                "/ws/broadcast", token(Person.admin(orgId)), Map.of("room", room, "type", type, "payload", payload));
    }

    // ---- signed batches ----

    /** An event of a batch. */
    public static Map<String, Object> event(String type, List<String> rooms, Map<String, ?> payload) {
        Map<String, Object> event = new LinkedHashMap<>();
        event.put("id", Generators.timeBasedEpochGenerator().generate());
        event.put("type", type);
        event.put("rooms", rooms);
        event.put("payload", payload);
        event.put("occurred_at", Instant.now());
        return event;
    }

    /** A batch of a producer that does not number. */
    public static Map<String, Object> batch(UUID orgId, List<Map<String, Object>> events) {
        return new LinkedHashMap<>(Map.of("org_id", orgId, "events", events));
    }

    /** A batch of a producer that numbers. */
    public static Map<String, Object> batch(UUID orgId, long firstSeq, List<Map<String, Object>> events) {
        Map<String, Object> batch = batch(orgId, events);
        batch.put("source", "test-producer");
        batch.put("first_seq", firstSeq);
        return batch;
    }

    /** {@code count} events {@code custom.tick} for these rooms, numbered from {@code first} in their payload {@code n}. */
    public static List<Map<String, Object>> ticks(int first, int count, String... rooms) {
        List<Map<String, Object>> events = new ArrayList<>(count);
        for (int n = first; n < first + count; n++) {
            events.add(event("custom.tick", List.of(rooms), Map.of("n", n)));
        }
        return events;
    }

    /** Posts events that have to be taken. */
    public void publish(UUID orgId, List<Map<String, Object>> events) {
        Answer answer = ingest(batch(orgId, events));
        if (answer.status() != 200 || answer.body().path("accepted").asInt() != events.size()) {
            throw new AssertionError("not taken: " + answer);
        }
    }

    /** Posts a batch with a good signature. */
    public Answer ingest(Map<String, Object> batch) {
        return ingest(url("/events"), batch);
    }

    /** As {@link #ingest(Map)}, to another address, behind which there is a node. */
    public Answer ingest(String address, Map<String, Object> batch) {
        byte[] body = Json.bytes(batch);
        String id = "batch_" + UUID.randomUUID().toString().replace("-", "");
        Instant now = Instant.now();
        return ingest(address, id, Long.toString(now.getEpochSecond()), signature.sign(id, now, body), body);
    }

    /** Posts bytes with these headers, each left out when null. */
    public Answer ingest(String id, String timestamp, String signatures, byte[] body) {
        return ingest(url("/events"), id, timestamp, signatures, body);
    }

    private Answer ingest(String address, String id, String timestamp, String signatures, byte[] body) {
        Request.Builder request = new Request.Builder().url(address).post(RequestBody.create(body, JSON));
        header(request, Signature.ID_HEADER, id);
        header(request, Signature.TIMESTAMP_HEADER, timestamp);
        header(request, Signature.SIGNATURE_HEADER, signatures);
        return call(request);
    }

    private static void header(Request.Builder request, String name, String value) {
        if (value != null) {
            request.header(name, value);
        }
    }
}
