package dev.bellhop.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.standardwebhooks.Webhook;
import dev.bellhop.api.store.Ids;
import dev.bellhop.model.wire.Json;
import dev.bellhop.realtime.testing.TestSocket;
import java.io.UncheckedIOException;
import java.net.http.HttpRequest;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What is signed well goes through, also while the secret is replaced; what is not never gets into the log. */
class SignaturesEndToEndTest {
    @RegisterExtension
    static final RunningSystem system = new RunningSystem();

    private static final String SECRETS = "BELLHOP_EVENT_SECRETS";
    private static final String NEXT_SECRET = "whsec_ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";

    private static final String FOREIGN_SECRET = "whsec_QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8=";

    private ApiClient hr;
    private UUID orgId;
    private TestSocket socket;

    @BeforeEach
    void connect() {
        system.awaitEmptyOutbox();
        hr = system.as("hr@harbor.example");
        orgId = system.orgOf("hr@harbor.example");
        socket = system.connect("hr@harbor.example");
    }

    @Test
    @DisplayName(
            "a batch signed by the official library reaches the socket; sent again it is a duplicate and no second frame")
    void signedAndReplayed() throws Exception {
        String body = batch("signed");
        String id = batchId();
        HttpRequest.Builder post = post(system.settings().get(SECRETS), id, Instant.now(), body);
        assertThat(send(post).expect(200).path("accepted").intValue()).isEqualTo(1);
        JsonNode replay = send(post).expect(200);
        assertThat(replay.path("accepted").intValue()).isZero();
        assertThat(replay.path("duplicates").intValue()).isEqualTo(1);
        // Signed anew, as a producer does that never heard the answer.
        JsonNode again = send(post(system.settings().get(SECRETS), batchId(), Instant.now(), body))
                .expect(200);
        assertThat(again.path("duplicates").intValue()).isEqualTo(1);
        assertThat(socket.next("test.signed").path("payload").path("text").textValue())
                .isEqualTo("signed");
        assertNothingElseCame();
    }

    @Test
    @DisplayName("E7 the relay's own batch, captured and sent again, changes nothing")
    void capturedBatch() throws Exception {
        JsonNode entity = hr.post("/api/v1/entities", Map.of("type", "lead", "name", "Captured"))
                .expect(201);
        JsonNode frame = socket.next("entity.created");
        assertThat(frame.path("payload")).isEqualTo(entity);
        system.awaitEmptyOutbox();
        long seq = system.jdbi()
                .withHandle(handle -> handle.createQuery("select org_seq from api.outbox where event_id = :id")
                        .bind("id", UUID.fromString(Frames.id(frame)))
                        .mapTo(Long.class)
                        .one());
        ObjectNode event = Json.mapper().createObjectNode();
        event.put("id", Frames.id(frame)).put("type", "entity.created");
        event.set("rooms", frame.path("rooms"));
        event.set("payload", entity);
        event.put("occurred_at", frame.path("timestamp").textValue());
        String body = Json.text(Map.of(
                "source", "api-service", "org_id", orgId.toString(), "first_seq", seq, "events", List.of(event)));
        JsonNode receipt = send(post(system.settings().get(SECRETS), batchId(), Instant.now(), body))
                .expect(200);
        assertThat(receipt.path("acked").longValue()).isEqualTo(seq);
        assertThat(receipt.path("duplicates").intValue()).isEqualTo(1);
        assertNothingElseCame();
    }

    @Test
    @DisplayName("E1 E2 E3 E4 E13 forged, changed, stale and unsigned batches are 401 and leave no trace in the log")
    void refused() throws Exception {
        List<String> before = system.loggedIds(orgId, 0);
        String secret = system.settings().get(SECRETS);
        String body = batch("forged");
        String id = batchId();
        Instant now = Instant.now();
        String good = sign(secret, id, now, body);
        String other = sign(FOREIGN_SECRET, id, now, body);

        assertThat(status(id, now, other, body))
                .as("signed with another secret")
                .isEqualTo(401);
        assertThat(status(id, now, good, body.replace("forged", "Forged")))
                .as("another body")
                .isEqualTo(401);
        assertThat(status(id, now, good, body + " ")).as("one byte more").isEqualTo(401);
        assertThat(status(batchId(), now, good, body)).as("another id").isEqualTo(401);
        assertThat(status(id, now.plusSeconds(1), good, body))
                .as("another time")
                .isEqualTo(401);
        assertThat(status(id, now, "v1,", body)).as("no signature").isEqualTo(401);
        assertThat(status(id, now, good.replace("v1,", "v2,"), body))
                .as("another version")
                .isEqualTo(401);
        for (long seconds : new long[] {-302, -86_400, 310}) {
            Instant then = Instant.now().plusSeconds(seconds);
            assertThat(status(id, then, sign(secret, id, then, body), body))
                    .as("%d s off", seconds)
                    .isEqualTo(401);
        }
        ApiClient realtime = system.as("admin@harbor.example").at(system.realtimeUri());
        assertThat(realtime.post("/events", Json.tree(body)).status())
                .as("a user's token is no signature")
                .isEqualTo(401);
        assertThat(system.loggedIds(orgId, 0)).isEqualTo(before);
        assertNothingElseCame();
    }

    @Test
    @DisplayName(
            "F48 E6 the secret is replaced under load: no batch is refused, everything arrives, and then the old one is worth nothing")
    void rotation() throws Exception {
        String oldSecret = system.settings().get(SECRETS);
        long before =
                Frames.position(system.dial(system.webSocketUri(hr.token())).next("connected"));
        long sent = system.outboxIds(orgId, 0).size();
        AtomicBoolean enough = new AtomicBoolean();
        AtomicInteger written = new AtomicInteger();
        ExecutorService pool = Executors.newSingleThreadExecutor();
        Future<?> load = pool.submit(() -> {
            while (!enough.get()) {
                written.addAndGet(tryToWrite() ? 1 : 0);
            }
        });
        system.with(SECRETS, oldSecret + " " + NEXT_SECRET);
        system.restartRealtime(); // takes both
        awaitMore(written);
        assertThat(refusals()).isZero();
        system.with(SECRETS, NEXT_SECRET + " " + oldSecret);
        system.restartApi(); // signs with the next
        awaitMore(written);
        assertThat(refusals()).isZero();
        system.with(SECRETS, NEXT_SECRET);
        system.restartRealtime(); // takes the next only
        system.restartApi();
        awaitMore(written);
        enough.set(true);
        load.get();
        pool.shutdown();
        system.awaitEmptyOutbox();
        assertThat(refusals()).isZero();
        assertThat(system.loggedIds(orgId, before))
                .hasSizeGreaterThanOrEqualTo(written.get())
                .isEqualTo(system.outboxIds(orgId, sent));

        String id = batchId();
        Instant now = Instant.now();
        assertThat(status(id, now, sign(oldSecret, id, now, batch("old")), batch("old")))
                .isEqualTo(401);
        assertThat(refusals()).isEqualTo(1);
        send(post(NEXT_SECRET, id, now, batch("next"))).expect(200);
        // Two signatures, as a sender has while it does not know whether the receiver has changed.
        String both = batchId();
        String body = batch("both");
        assertThat(status(both, now, sign(oldSecret, both, now, body) + " " + sign(NEXT_SECRET, both, now, body), body))
                .isEqualTo(200);
    }

    /** @return false while the API restarts: it is not there, or says so with 503 */
    private boolean tryToWrite() {
        try {
            ApiClient.Answer answer = hr.post("/api/v1/entities", Map.of("type", "lead", "name", "rotating"));
            assertThat(answer.status()).as(answer.body()).isIn(201, 503);
            return answer.status() == 201;
        } catch (UncheckedIOException restarting) {
            return false;
        }
    }

    private static void awaitMore(AtomicInteger written) {
        int enough = written.get() + 20;
        await().atMost(Duration.ofSeconds(20)).until(() -> written.get() >= enough);
        system.awaitEmptyOutbox();
    }

    private static double refusals() {
        return system.realtimeMetric("bellhop_ingest_batches_total", "result=\"bad_mac\"")
                + system.realtimeMetric("bellhop_ingest_batches_total", "result=\"bad_timestamp\"")
                + system.realtimeMetric("bellhop_ingest_batches_total", "result=\"bad_header\"");
    }

    /** The next frame is of an event that is written now. */
    private void assertNothingElseCame() {
        JsonNode fence = hr.post("/api/v1/entities", Map.of("type", "lead", "name", "Fence"))
                .expect(201);
        assertThat(socket.next("entity.created").path("payload")).isEqualTo(fence);
    }

    private String batch(String text) {
        return Json.text(Map.of(
                "org_id",
                orgId.toString(),
                "events",
                List.of(Map.of(
                        "id",
                        Ids.next().toString(),
                        "type",
                        "test.signed",
                        "rooms",
                        List.of("org"),
                        "payload",
                        Map.of("text", text),
                        "occurred_at",
                        Instant.now()))));
    }

    private static String batchId() {
        return "batch_" + UUID.randomUUID().toString().replace("-", "");
    }

    private static String sign(String secret, String id, Instant time, String body) throws Exception {
        byte[] key = Base64.getDecoder().decode(secret.substring("whsec_".length()));
        return new Webhook(key).sign(id, time.getEpochSecond(), body);
    }

    private static HttpRequest.Builder post(String secret, String id, Instant time, String body) throws Exception {
        return post(id, time, sign(secret, id, time, body), body);
    }

    private static HttpRequest.Builder post(String id, Instant time, String signature, String body) {
        return new ApiClient(system.realtimeUri(), null)
                .request(
                        "/events",
                        "Content-Type",
                        "application/json",
                        "webhook-id",
                        id,
                        "webhook-timestamp",
                        Long.toString(time.getEpochSecond()),
                        "webhook-signature",
                        signature)
                .POST(HttpRequest.BodyPublishers.ofString(body));
    }

    private static int status(String id, Instant time, String signature, String body) {
        return send(post(id, time, signature, body)).status();
    }

    private static ApiClient.Answer send(HttpRequest.Builder request) {
        return new ApiClient(system.realtimeUri(), null).send(request);
    }
}
