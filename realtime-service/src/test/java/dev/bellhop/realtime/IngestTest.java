package dev.bellhop.realtime;

import static dev.bellhop.realtime.testing.RunningRealtime.batch;
import static dev.bellhop.realtime.testing.RunningRealtime.event;
import static dev.bellhop.realtime.testing.RunningRealtime.ticks;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.standardwebhooks.Webhook;
import dev.bellhop.model.security.Secret;
import dev.bellhop.model.security.Signature;
import dev.bellhop.model.wire.Json;
import dev.bellhop.realtime.testing.Person;
import dev.bellhop.realtime.testing.RunningRealtime;
import dev.bellhop.realtime.testing.RunningRealtime.Answer;
import dev.bellhop.realtime.testing.TestSocket;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.zip.GZIPOutputStream;
import okhttp3.MediaType;
import okhttp3.Request;
import okhttp3.RequestBody;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code POST /events}: what is taken, what is refused, and what is in the log afterwards. */
class IngestTest {
    private static final String PREVIOUS_SECRET = "whsec_ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";
    private static final String RETIRED_SECRET = "whsec_QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8=";

    @RegisterExtension
    static final RunningRealtime realtime =
            new RunningRealtime().with("BELLHOP_EVENT_SECRETS", RunningRealtime.EVENT_SECRET + " " + PREVIOUS_SECRET);

    private final UUID org = UUID.randomUUID();

    private List<Long> positions() {
        return database()
                .withHandle(handle -> handle.createQuery(
                                "select position from realtime.event where org_id = ? order by position")
                        .bind(0, org)
                        .mapTo(Long.class)
                        .list());
    }

    private static Jdbi database() {
        return realtime.postgres().jdbi();
    }

    private static List<Long> upTo(long last) {
        return LongStream.rangeClosed(1, last).boxed().toList();
    }

    private static void receipt(Answer answer, Long acked, int accepted, int duplicates) {
        assertThat(answer.status()).as(answer.toString()).isEqualTo(200);
        JsonNode body = answer.body();
        assertThat(body.has("acked")).isTrue();
        assertThat(
                        body.path("acked").isNull()
                                ? null
                                : (Long) body.path("acked").asLong())
                .isEqualTo(acked);
        assertThat(body.path("accepted").asInt(-1)).isEqualTo(accepted);
        assertThat(body.path("duplicates").asInt(-1)).isEqualTo(duplicates);
    }

    private static void problem(Answer answer, int status, String slug) {
        assertThat(answer.status()).as(answer.toString()).isEqualTo(status);
        assertThat(answer.body().path("type").textValue()).isEqualTo("/problems/" + slug);
        assertThat(answer.body().path("status").asInt()).isEqualTo(status);
        assertThat(answer.headers().get("Content-Type")).startsWith("application/problem+json");
    }

    // ---- the fence ----

    @Test
    @DisplayName("E7 E9 E10 numbers are taken in order: a gap says what is expected, a repeat is a duplicate")
    void fence() {
        List<Map<String, Object>> events = ticks(0, 10, "org");
        receipt(realtime.ingest(batch(org, 1, events.subList(0, 3))), 3L, 3, 0);
        Answer gap = realtime.ingest(batch(org, 5, events.subList(4, 6)));
        problem(gap, 409, "sequence_gap");
        assertThat(gap.body().path("expected").asInt()).isEqualTo(4);
        receipt(realtime.ingest(batch(org, 1, events.subList(0, 3))), 3L, 0, 3);
        receipt(realtime.ingest(batch(org, 2, events.subList(1, 6))), 6L, 3, 2);
        receipt(realtime.ingest(batch(org, 2, events.subList(1, 3))), 3L, 0, 2);
        receipt(realtime.ingest(batch(org, 7, events.subList(6, 10))), 10L, 4, 0);
        assertThat(positions()).isEqualTo(upTo(10));
    }

    @Test
    @DisplayName("E10 the first batch of a producer starts at 1")
    void startsAtOne() {
        Answer gap = realtime.ingest(batch(org, 2, ticks(0, 1, "org")));
        problem(gap, 409, "sequence_gap");
        assertThat(gap.body().path("expected").asInt()).isEqualTo(1);
        assertThat(positions()).isEmpty();
    }

    @Test
    @DisplayName("E11 another event under a number that was taken is a divergence, and nothing of the batch is kept")
    void divergence() {
        List<Map<String, Object>> events = ticks(0, 4, "org");
        receipt(realtime.ingest(batch(org, 1, events)), 4L, 4, 0);
        Answer other = realtime.ingest(batch(org, 3, ticks(0, 3, "org")));
        problem(other, 409, "sequence_divergence");
        assertThat(other.body().path("seq").asInt()).isEqualTo(3);
        Answer moved = realtime.ingest(batch(org, 4, List.of(events.get(2), events.get(3))));
        problem(moved, 409, "sequence_divergence");
        Answer again = realtime.ingest(batch(org, 5, List.of(events.get(0))));
        problem(again, 409, "sequence_divergence");
        assertThat(positions()).isEqualTo(upTo(4));
        receipt(realtime.ingest(batch(org, 5, ticks(9, 1, "org"))), 5L, 1, 0);
    }

    @Test
    @DisplayName("producers and organisations count for themselves")
    void countsAreSeparate() {
        receipt(realtime.ingest(batch(org, 1, ticks(0, 2, "org"))), 2L, 2, 0);
        Map<String, Object> other = batch(org, 1, ticks(0, 2, "org"));
        other.put("source", "another-producer");
        receipt(realtime.ingest(other), 2L, 2, 0);
        receipt(realtime.ingest(batch(UUID.randomUUID(), 1, ticks(0, 2, "org"))), 2L, 2, 0);
        assertThat(positions()).isEqualTo(upTo(4));
    }

    @Test
    @DisplayName("a producer that does not number is de-duplicated by id, within a batch too, and gets acked null")
    void unnumbered() {
        List<Map<String, Object>> events = ticks(0, 3, "org");
        receipt(realtime.ingest(batch(org, events)), null, 3, 0);
        receipt(
                realtime.ingest(
                        batch(org, List.of(events.get(2), ticks(5, 1, "org").get(0)))),
                null,
                1,
                1);
        Map<String, Object> twice = ticks(6, 1, "org").get(0);
        receipt(realtime.ingest(batch(org, List.of(twice, twice))), null, 1, 1);
        assertThat(positions()).isEqualTo(upTo(5));
    }

    @Test
    @DisplayName("an id of any UUID version is good, and one organisation's ids are not another's")
    void ids() {
        Map<String, Object> event = ticks(0, 1, "org").get(0);
        event.put("id", UUID.fromString("6f1c1f0e-3a52-4c7e-9d0b-0c8a5b1d2e3f"));
        receipt(realtime.ingest(batch(org, List.of(event))), null, 1, 0);
        receipt(realtime.ingest(batch(UUID.randomUUID(), List.of(event))), null, 1, 0);
    }

    @Test
    @DisplayName("twelve producers without numbers at once: positions 1 to n without a hole")
    void concurrentProducers() {
        ExecutorService producers = Executors.newFixedThreadPool(12);
        TestSocket socket = realtime.connect(Person.member(org));
        try {
            List<CompletableFuture<Void>> running = new ArrayList<>();
            for (int p = 0; p < 12; p++) {
                int first = p * 1000;
                running.add(CompletableFuture.runAsync(
                        () -> {
                            for (int n = 0; n < 250; n += 5) {
                                realtime.publish(org, ticks(first + n, 5, "org"));
                            }
                        },
                        producers));
            }
            running.forEach(CompletableFuture::join);
        } finally {
            producers.shutdown();
        }
        assertThat(positions()).isEqualTo(upTo(3000));
        int[] next = new int[12];
        for (int i = 0; i < 3000; i++) {
            int n = socket.next("custom.tick").path("payload").path("n").asInt();
            assertThat(n % 1000).as("each producer's own order").isEqualTo(next[n / 1000]++);
        }
        socket.hearsNothingElse();
    }

    // ---- what an event has to be ----

    @Test
    @DisplayName("422 says which event of the batch and which field; nothing of the batch is taken")
    void badEvents() {
        Map<String, Object> faults = Map.of(
                "id", "not-a-uuid",
                "type", "UPPER.case",
                "rooms", List.of("property-1,property-2"),
                "payload", List.of(1),
                "occurred_at", "yesterday");
        faults.forEach((field, value) -> {
            List<Map<String, Object>> events = ticks(0, 3, "org");
            events.get(2).put(field, value);
            Answer answer = realtime.ingest(batch(org, events));
            problem(answer, 422, "validation");
            assertThat(answer.body().path("index").asInt(-1)).isEqualTo(2);
            assertThat(answer.body().path("errors").get(0).path("field").textValue())
                    .isEqualTo("events.2." + field);
        });
        for (String field : List.of("id", "type", "rooms", "payload", "occurred_at")) {
            List<Map<String, Object>> events = ticks(0, 1, "org");
            events.get(0).remove(field);
            problem(realtime.ingest(batch(org, events)), 422, "validation");
        }
        assertThat(positions()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "connected",
                "error",
                "disconnect",
                "ping",
                "subscribed",
                "heartbeat_ack",
                "presence.joined",
                "stats",
                "caught_up",
                "tick",
                "",
                ".",
                "a.",
                ".a",
                "a..b",
                "a.b-c",
                "a b.c",
                "entity.created\n",
                "é.b",
                "1.a"
            })
    @DisplayName("the server's own frames, and types that are not dotted words, are 422")
    void types(String type) {
        List<Map<String, Object>> events = ticks(0, 1, "org");
        events.get(0).put("type", type);
        problem(realtime.ingest(batch(org, events)), 422, "validation");
    }

    @Test
    @DisplayName("a type is at most 64 characters")
    void longType() {
        List<Map<String, Object>> events = ticks(0, 1, "org");
        events.get(0).put("type", "a." + "b".repeat(62));
        receipt(realtime.ingest(batch(org, events)), null, 1, 0);
        events.get(0).put("type", "a." + "b".repeat(63));
        problem(realtime.ingest(batch(org, events)), 422, "validation");
    }

    @Test
    @DisplayName("S1-030 unknown dotted types pass as they are, the first seed's spelling becomes the dotted one")
    void unknownTypesAndAliases() {
        TestSocket socket = realtime.connect(Person.hr(org));
        for (String type : List.of("laundry.basket.full", "application_submitted", "form_submitted")) {
            realtime.publish(org, List.of(event(type, List.of("global"), Map.of("a", 1))));
        }
        socket.next("laundry.basket.full");
        socket.next("application.submitted");
        socket.next("onboarding.form_submitted");
    }

    @Test
    @DisplayName("an event without rooms is logged and shown to nobody")
    void nobody() {
        TestSocket admin = realtime.connect(Person.admin(org));
        realtime.publish(org, ticks(0, 2));
        assertThat(positions()).isEqualTo(upTo(2));
        admin.hearsNothingElse();
    }

    @Test
    @DisplayName("times that no calendar of the store has are 422, not a failure")
    void absurdTimes() {
        for (String time : List.of(
                "+999999999-12-31T23:59:59Z",
                "-0001-01-01T00:00:00Z",
                "0000-01-01T00:00:00Z",
                "+10000-01-01T00:00:00Z",
                "2026-02-30T00:00:00Z",
                "2026-01-01T24:00:01Z",
                "2026-01-01",
                "1767225600",
                "")) {
            List<Map<String, Object>> events = ticks(0, 1, "org");
            events.get(0).put("occurred_at", time);
            problem(realtime.ingest(batch(org, events)), 422, "validation");
        }
        for (String time :
                List.of("0001-01-02T00:00:00Z", "9999-12-30T23:59:59.999999999Z", "2026-01-01T12:00:00+14:00")) {
            List<Map<String, Object>> events = ticks(0, 1, "org");
            events.get(0).put("occurred_at", time);
            receipt(realtime.ingest(batch(org, events)), null, 1, 0);
        }
    }

    @Test
    @DisplayName("a payload of 64 KiB passes, whole, and one byte more is 422")
    void payloadSize() {
        TestSocket socket = realtime.connect(Person.member(org));
        String text = "x".repeat((64 << 10) - "{\"text\":\"\"}".length());
        realtime.publish(org, List.of(event("custom.big", List.of("org"), Map.of("text", text))));
        assertThat(socket.next("custom.big").path("payload").path("text").textValue())
                .isEqualTo(text);
        Answer tooBig =
                realtime.ingest(batch(org, List.of(event("custom.big", List.of("org"), Map.of("text", text + "x")))));
        problem(tooBig, 422, "validation");
        assertThat(tooBig.body().path("errors").get(0).path("code").textValue()).isEqualTo("too_long");
    }

    @Test
    @DisplayName("F10 text that is not Unicode is 422 and stops nobody else's events")
    void loneSurrogates() {
        TestSocket socket = realtime.connect(Person.member(org));
        String event = "{\"id\":\"" + UUID.randomUUID() + "\",\"type\":\"custom.bad\",\"rooms\":[\"org\"],"
                + "\"payload\":{\"%s\":\"%s\"},\"occurred_at\":\"2026-01-01T12:00:00Z\"}";
        for (String payload : List.of(
                event.formatted("text", "\\ud800"),
                event.formatted("text", "\\udc00x"),
                event.formatted("text", "a\\ud83c\\ud83c"),
                event.formatted("\\ud800", "key"))) {
            Answer answer = signed("{\"org_id\":\"" + org + "\",\"events\":[" + payload + "]}");
            assertThat(answer.status()).as(payload + answer).isIn(400, 422);
        }
        receipt(
                signed("{\"org_id\":\"" + org + "\",\"events\":[" + event.formatted("text", "\\ud83c\\udfe8\\u0000")
                        + "]}"),
                null,
                1,
                0);
        assertThat(socket.next("custom.bad").path("payload").path("text").textValue())
                .isEqualTo("🏨\u0000");
    }

    @Test
    @DisplayName("F7 F8 F9 a body that is not one strict JSON object of a batch is 400 or 422")
    void malformedBodies() {
        for (String body : List.of(
                "",
                "null",
                "[]",
                "7",
                "{",
                "not json",
                "{} {}",
                "{\"org_id\":1,\"org_id\":2}",
                "[".repeat(5000),
                "{\"org_id\":\"" + org + "\",\"events\":" + "[".repeat(100) + "]".repeat(100) + "}",
                "\uFEFF{}")) {
            problem(signed(body), 400, "malformed-json");
        }
        for (String body : List.of(
                "{}",
                "{\"org_id\":\"" + org + "\"}",
                "{\"org_id\":\"" + org + "\",\"events\":[]}",
                "{\"org_id\":\"" + org + "\",\"events\":{}}",
                "{\"org_id\":\"" + org + "\",\"events\":[7]}",
                "{\"org_id\":\"acme\",\"events\":[{}]}",
                "{\"org_id\":7,\"events\":[{}]}")) {
            problem(signed(body), 422, "validation");
        }
        for (Object firstSeq : List.of(0, -1, "1", 1.5, Map.of())) {
            Map<String, Object> batch = batch(org, 1, ticks(0, 1, "org"));
            batch.put("first_seq", firstSeq);
            problem(realtime.ingest(batch), 422, "validation");
        }
        Map<String, Object> anonymous = batch(org, 1, ticks(0, 1, "org"));
        anonymous.remove("source");
        problem(realtime.ingest(anonymous), 422, "validation");
        assertThat(positions()).isEmpty();
    }

    private static Answer signed(String body) {
        return signed(body.getBytes(StandardCharsets.UTF_8), RunningRealtime.EVENT_SECRET, Instant.now());
    }

    private static Answer signed(byte[] body, String secret, Instant time) {
        Signature signature = new Signature(List.of(Secret.ofWebhook(secret)));
        return realtime.ingest(
                "batch_1", Long.toString(time.getEpochSecond()), signature.sign("batch_1", time, body), body);
    }

    // ---- sizes ----

    @Test
    @DisplayName("E12 500 events and 1 MiB are taken, more is 413")
    void sizes() {
        receipt(realtime.ingest(batch(org, ticks(0, 500, "org"))), null, 500, 0);
        problem(realtime.ingest(batch(org, ticks(0, 501, "org"))), 413, "too-large");

        List<Map<String, Object>> events = IntStream.range(0, 17)
                .mapToObj(i -> event("custom.big", List.of("org"), Map.of("text", "x".repeat(61_000))))
                .toList();
        byte[] body = Json.bytes(batch(org, events));
        byte[] exact = java.util.Arrays.copyOf(body, 1 << 20); // JSON may be followed by white space
        java.util.Arrays.fill(exact, body.length, exact.length, (byte) ' ');
        receipt(signed(exact, RunningRealtime.EVENT_SECRET, Instant.now()), null, 17, 0);
        byte[] more = java.util.Arrays.copyOf(exact, exact.length + 1);
        more[exact.length] = ' ';
        problem(signed(more, RunningRealtime.EVENT_SECRET, Instant.now()), 413, "too-large");
        assertThat(positions()).hasSize(517);
    }

    @Test
    @DisplayName("E12 F14 a body far beyond the limit is 413 before anybody looks at it")
    void giantBody() {
        Answer answer = signed(new byte[3 << 20], RunningRealtime.EVENT_SECRET, Instant.now());
        assertThat(answer.status()).isEqualTo(413);
        assertThat(answer.headers().get("Content-Type")).startsWith("application/problem+json");
    }

    @Test
    @DisplayName("E12 a body that comes in chunks is taken like any other, and is bounded like any other")
    void chunked() {
        byte[] body = Json.bytes(batch(org, ticks(0, 400, "org")));
        receipt(post(body, new Chunked(body), null), null, 400, 0);
        byte[] giant = new byte[2 << 20];
        assertThat(post(giant, new Chunked(giant), null).status()).isEqualTo(413);
    }

    /** A body of unknown length. */
    private static final class Chunked extends RequestBody {
        private final byte[] bytes;

        Chunked(byte[] bytes) {
            this.bytes = bytes;
        }

        @Override
        public MediaType contentType() {
            return MediaType.get("application/json");
        }

        @Override
        public void writeTo(okio.BufferedSink sink) throws java.io.IOException {
            for (int from = 0; from < bytes.length; from += 700) {
                sink.write(bytes, from, Math.min(700, bytes.length - from));
                sink.flush();
            }
        }
    }

    private static Answer post(byte[] signedBody, RequestBody body, String encoding) {
        Instant now = Instant.now();
        Signature signature = new Signature(List.of(Secret.ofWebhook(RunningRealtime.EVENT_SECRET)));
        String id = "batch_" + UUID.randomUUID().toString().replace("-", "");
        Request.Builder request = new Request.Builder()
                .url(realtime.url("/events"))
                .post(body)
                .header("webhook-id", id)
                .header("webhook-timestamp", Long.toString(now.getEpochSecond()))
                .header("webhook-signature", signature.sign(id, now, signedBody));
        return realtime.call(encoding == null ? request : request.header("Content-Encoding", encoding));
    }

    @Test
    @DisplayName("E12 F12 a compressed body, or one that is not JSON by its own word, is 415")
    void encodings() throws Exception {
        byte[] body = Json.bytes(batch(org, ticks(0, 1, "org")));
        ByteArrayOutputStream zipped = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(zipped)) {
            gzip.write(body);
        }
        RequestBody compressed = RequestBody.create(zipped.toByteArray(), MediaType.get("application/json"));
        problem(post(zipped.toByteArray(), compressed, "gzip"), 415, "unsupported-media-type");
        for (String type :
                List.of("text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16")) {
            problem(post(body, RequestBody.create(body, MediaType.get(type)), null), 415, "unsupported-media-type");
        }
        assertThat(positions()).isEmpty();
        for (String type : List.of("application/json; charset=utf-8", "application/json;charset=UTF-8")) {
            byte[] another = Json.bytes(batch(org, ticks(0, 1, "org")));
            receipt(post(another, RequestBody.create(another, MediaType.get(type)), "identity"), null, 1, 0);
        }
    }

    // ---- signatures ----

    @Test
    @DisplayName("E1 E2 E3 E4 E5 E13 a signature that does not hold is one and the same 401, and leaves no row")
    void badSignatures() {
        byte[] body = Json.bytes(batch(org, ticks(0, 1, "org")));
        Instant now = Instant.now();
        String time = Long.toString(now.getEpochSecond());
        Signature signature = new Signature(List.of(Secret.ofWebhook(RunningRealtime.EVENT_SECRET)));
        String good = signature.sign("batch_1", now, body);
        byte[] forged = body.clone();
        forged[forged.length - 2] ^= 1;
        Instant old = now.minusSeconds(310);
        Instant early = now.plusSeconds(310);
        String five = String.join(" ", good, good, good, good, good);
        List<Answer> answers = List.of(
                realtime.ingest(null, time, good, body),
                realtime.ingest("batch_1", null, good, body),
                realtime.ingest("batch_1", time, null, body),
                realtime.ingest("batch_2", time, good, body),
                realtime.ingest("batch.1", time, signature.sign("batch.1", now, body), body),
                realtime.ingest("batch_1", "+" + time.substring(1), good, body),
                realtime.ingest("batch_1", time, good, forged),
                realtime.ingest("batch_1", time, "v1a," + good.substring(3), body),
                realtime.ingest("batch_1", time, five, body),
                realtime.ingest("batch_1", time, "", body),
                signed(body, RunningRealtime.EVENT_SECRET, old),
                signed(body, RunningRealtime.EVENT_SECRET, early),
                signed(body, RETIRED_SECRET, now),
                realtime.post("/events", realtime.token(Person.admin(org)), batch(org, ticks(0, 1, "org"))),
                realtime.post("/events", realtime.token(Person.service()), batch(org, ticks(0, 1, "org"))));
        for (Answer answer : answers) {
            problem(answer, 401, "invalid-signature");
            assertThat(answer.body()).isEqualTo(answers.get(0).body());
        }
        assertThat(positions()).isEmpty();
        long streams = database()
                .withHandle(handle -> handle.createQuery("select count(*) from realtime.stream where org_id = ?")
                        .bind(0, org)
                        .mapTo(Long.class)
                        .one());
        assertThat(streams).isZero();
    }

    @Test
    @DisplayName("E1 a signature header that comes twice is refused")
    void headersTwice() {
        byte[] body = Json.bytes(batch(org, ticks(0, 1, "org")));
        Instant now = Instant.now();
        String good = new Signature(List.of(Secret.ofWebhook(RunningRealtime.EVENT_SECRET))).sign("batch_1", now, body);
        Request.Builder request = new Request.Builder()
                .url(realtime.url("/events"))
                .post(RequestBody.create(body, MediaType.get("application/json")))
                .header("webhook-id", "batch_1")
                .header("webhook-timestamp", Long.toString(now.getEpochSecond()))
                .addHeader("webhook-signature", good)
                .addHeader("webhook-signature", good);
        problem(realtime.call(request), 401, "invalid-signature");
    }

    @Test
    @DisplayName("E6 both active secrets are taken, and what the official library signs")
    void activeSecrets() throws Exception {
        Instant now = Instant.now();
        receipt(signed(Json.bytes(batch(org, ticks(0, 1, "org"))), PREVIOUS_SECRET, now), null, 1, 0);
        String body = Json.text(batch(org, ticks(1, 1, "org")));
        String official = new Webhook(RunningRealtime.EVENT_SECRET).sign("batch_2", now.getEpochSecond(), body);
        receipt(
                realtime.ingest(
                        "batch_2",
                        Long.toString(now.getEpochSecond()),
                        official,
                        body.getBytes(StandardCharsets.UTF_8)),
                null,
                1,
                0);
    }

    @Test
    @DisplayName("E8 an id that was taken with another body is 409, a refused body may be mended, a repeat is a repeat")
    void idReuse() {
        Instant now = Instant.now();
        byte[] body = Json.bytes(batch(org, ticks(0, 2, "org")));
        byte[] bad = Json.bytes(batch(org, 7, ticks(0, 1, "org")));
        problem(signed(bad, RunningRealtime.EVENT_SECRET, now), 409, "sequence_gap");
        receipt(signed(body, RunningRealtime.EVENT_SECRET, now), null, 2, 0);
        receipt(signed(body, RunningRealtime.EVENT_SECRET, now), null, 0, 2);
        byte[] another = Json.bytes(batch(org, ticks(2, 1, "org")));
        problem(signed(another, RunningRealtime.EVENT_SECRET, now), 409, "id-reuse");
        assertThat(positions()).isEqualTo(upTo(2));
        UUID elsewhere = UUID.randomUUID();
        receipt(
                signed(Json.bytes(batch(elsewhere, ticks(0, 1, "org"))), RunningRealtime.EVENT_SECRET, now),
                null,
                1,
                0);
    }

    // ---- the log is down ----

    @Test
    @DisplayName(
            "F16 with the log out of reach a batch is 503 with Retry-After, nothing is half-written, and all goes on after")
    void logDown() {
        receipt(realtime.ingest(batch(org, 1, ticks(0, 5, "org"))), 5L, 5, 0);
        TestSocket socket = realtime.connect(Person.member(org));
        List<Map<String, Object>> next = ticks(5, 5, "org");
        realtime.postgres().refuseConnections();
        try {
            Answer answer = realtime.ingest(batch(org, 6, next));
            problem(answer, 503, "unavailable");
            assertThat(Integer.parseInt(answer.headers().get("Retry-After"))).isPositive();
            assertThat(answer.body().toString()).doesNotContain("postgres", "jdbc", "SQL", "Exception");
            assertThat(realtime.get("/health/ready", null).status()).isEqualTo(503);
            assertThat(realtime.get("/health/live", null).status()).isEqualTo(200);
            socket.send(Map.of("type", "heartbeat"));
            socket.next("heartbeat_ack");
        } finally {
            realtime.postgres().acceptConnections();
        }
        await().atMost(Duration.ofSeconds(15))
                .untilAsserted(() ->
                        assertThat(realtime.get("/health/ready", null).status()).isEqualTo(200));
        assertThat(positions()).isEqualTo(upTo(5));
        receipt(realtime.ingest(batch(org, 6, next)), 10L, 5, 0);
        assertThat(positions()).isEqualTo(upTo(10));
        for (int n = 5; n < 10; n++) {
            assertThat(socket.next("custom.tick").path("payload").path("n").asInt())
                    .isEqualTo(n);
        }
    }
}
