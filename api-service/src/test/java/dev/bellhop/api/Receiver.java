package dev.bellhop.api;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.bellhop.model.security.Secret;
import dev.bellhop.model.security.Signature;
import dev.bellhop.model.wire.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;

/**
 * The far end of the relay: checks signatures, keeps a log for each organisation, fences by {@code first_seq}, and fails in
 * the ways that networks and servers do when a test says so.
 */
public final class Receiver implements AutoCloseable {
    /** Event of the log. */
    public record Logged(long seq, UUID id, String type, List<String> rooms, JsonNode payload, String traceparent) {}

    /** One post as it came in. */
    public record Post(String id, String timestamp, String body, long firstSeq, int events) {}

    /** What to do with a post that is in order. */
    public enum Fault {
        NONE,
        /** Take it and cut the connection instead of answering. */
        LOSE_ANSWER,
        ERROR_500,
        UNAVAILABLE_503,
        REDIRECT_302,
        HTML_200,
        SHORT_ACK
    }

    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final Signature signature;
    /** Guarded by this. */
    private final Map<UUID, List<Logged>> logs = new HashMap<>();

    private final List<Post> posts = new CopyOnWriteArrayList<>();
    private final List<String> refusedSignatures = new CopyOnWriteArrayList<>();
    private volatile Function<Post, Fault> faults = post -> Fault.NONE;
    private volatile String poison = "";

    public Receiver(List<Secret> secrets) {
        this.signature = new Signature(secrets);
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 100);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        server.createContext("/events", this::handle);
        server.setExecutor(threads);
        server.start();
    }

    public URI url() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    /** Decides for every post that passed its checks. */
    public void fail(Function<Post, Fault> decision) {
        faults = decision;
    }

    /** Refuses, with its index, an event whose payload holds this text. */
    public void refuse(String text) {
        poison = text;
    }

    /** Everything of one organisation, in order. */
    public synchronized List<Logged> log(UUID orgId) {
        return List.copyOf(logs.getOrDefault(orgId, List.of()));
    }

    /** Goes back in time, as a server restored from a backup does. */
    public synchronized void forgetAfter(UUID orgId, int length) {
        logs.put(orgId, new ArrayList<>(log(orgId).subList(0, length)));
    }

    public List<Post> posts() {
        return posts;
    }

    public List<String> refusedSignatures() {
        return refusedSignatures;
    }

    private void handle(HttpExchange exchange) throws IOException {
        byte[] body = exchange.getRequestBody().readAllBytes();
        String id = exchange.getRequestHeaders().getFirst(Signature.ID_HEADER);
        String timestamp = exchange.getRequestHeaders().getFirst(Signature.TIMESTAMP_HEADER);
        String signatures = exchange.getRequestHeaders().getFirst(Signature.SIGNATURE_HEADER);
        Signature.Verdict verdict = signature.verify(id, timestamp, signatures, body, Instant.now());
        if (verdict != Signature.Verdict.VALID) {
            refusedSignatures.add(verdict.name());
            answer(exchange, 401, "{}");
            return;
        }
        String text = new String(body, StandardCharsets.UTF_8);
        JsonNode batch;
        try {
            batch = Json.tree(text);
        } catch (JsonProcessingException e) {
            answer(exchange, 400, "{\"type\":\"/problems/malformed-json\"}");
            return;
        }
        Post post = new Post(
                id,
                timestamp,
                text,
                batch.path("first_seq").asLong(),
                batch.path("events").size());
        posts.add(post);
        Fault fault = faults.apply(post);
        switch (fault) {
            case ERROR_500 -> answer(exchange, 500, "{}");
            case UNAVAILABLE_503 -> {
                exchange.getResponseHeaders().set("Retry-After", "1");
                answer(exchange, 503, "{}");
            }
            case REDIRECT_302 -> {
                exchange.getResponseHeaders().set("Location", "/events");
                answer(exchange, 302, "");
            }
            case HTML_200 -> answer(exchange, 200, "<html>welcome to the proxy</html>");
            case SHORT_ACK -> answer(exchange, 200, "{\"acked\":" + (post.firstSeq() - 1) + "}");
            case LOSE_ANSWER -> {
                take(batch);
                exchange.close();
            }
            case NONE -> {
                Answer answer = take(batch);
                answer(exchange, answer.status(), answer.body());
            }
        }
    }

    private record Answer(int status, String body) {}

    private synchronized Answer take(JsonNode batch) {
        UUID orgId = UUID.fromString(batch.path("org_id").textValue());
        List<Logged> log = logs.computeIfAbsent(orgId, unseen -> new ArrayList<>());
        long firstSeq = batch.path("first_seq").asLong();
        if (firstSeq > log.size() + 1) {
            return new Answer(409, "{\"type\":\"/problems/sequence_gap\",\"expected\":" + (log.size() + 1) + "}");
        }
        List<Logged> fresh = new ArrayList<>();
        for (int i = 0; i < batch.path("events").size(); i++) {
            JsonNode event = batch.path("events").get(i);
            long seq = firstSeq + i;
            UUID id = UUID.fromString(event.path("id").textValue());
            if (seq <= log.size()) {
                if (!log.get((int) seq - 1).id().equals(id)) {
                    return new Answer(409, "{\"type\":\"/problems/sequence_divergence\"}");
                }
                continue;
            }
            if (!poison.isEmpty() && event.path("payload").toString().contains(poison)) {
                return new Answer(422, "{\"type\":\"/problems/validation\",\"index\":" + i + "}");
            }
            fresh.add(new Logged(
                    seq,
                    id,
                    event.path("type").textValue(),
                    rooms(event),
                    event.path("payload"),
                    event.path("traceparent").textValue()));
        }
        log.addAll(fresh);
        return new Answer(
                200,
                "{\"acked\":" + (firstSeq + batch.path("events").size() - 1) + ",\"accepted\":" + fresh.size()
                        + ",\"duplicates\":0}");
    }

    private static List<String> rooms(JsonNode event) {
        List<String> rooms = new ArrayList<>();
        event.path("rooms").forEach(room -> rooms.add(room.textValue()));
        return rooms;
    }

    private static void answer(HttpExchange exchange, int status, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
