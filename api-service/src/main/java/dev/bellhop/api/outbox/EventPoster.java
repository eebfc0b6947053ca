package dev.bellhop.api.outbox;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.model.security.Secret;
import dev.bellhop.model.security.Signature;
import dev.bellhop.model.wire.Json;
import java.io.IOException;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import okhttp3.HttpUrl;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;

/**
 * {@code POST /events} of the realtime service, signed anew at every attempt. Follows no redirect, waits 2 s for a
 * connection and 5 s for an answer. Thread-safe.
 */
final class EventPoster implements AutoCloseable {
    private static final MediaType JSON = MediaType.get("application/json; charset=utf-8");
    private static final int MAX_ANSWER_BYTES = 64 << 10;
    private static final Duration LONGEST_RETRY_AFTER = Duration.ofMinutes(1);
    private static final Pattern EVENT_INDEX = Pattern.compile("events[.\\[](\\d{1,3})\\b.*");

    private final HttpUrl target;
    private final Signature signature;
    private final Clock clock;
    private final OkHttpClient client = new OkHttpClient.Builder()
            .followRedirects(false)
            .followSslRedirects(false)
            .retryOnConnectionFailure(false)
            .protocols(List.of(Protocol.HTTP_1_1))
            .connectTimeout(Duration.ofSeconds(2))
            .callTimeout(Duration.ofSeconds(5))
            .build();

    EventPoster(URI realtimeUrl, List<Secret> secrets, Clock clock) {
        this.target = HttpUrl.get(realtimeUrl.resolve("/events").toString());
        this.signature = new Signature(secrets);
        this.clock = clock;
    }

    Delivery post(Batch batch) {
        Instant now = clock.instant();
        Request request = new Request.Builder()
                .url(target)
                .header(Signature.ID_HEADER, batch.id())
                .header(Signature.TIMESTAMP_HEADER, Long.toString(now.getEpochSecond()))
                .header(Signature.SIGNATURE_HEADER, signature.sign(batch.id(), now, batch.body()))
                .post(RequestBody.create(batch.body(), JSON))
                .build();
        try (Response response = client.newCall(request).execute()) {
            String answer = response.peekBody(MAX_ANSWER_BYTES).string();
            return judge(batch, response, object(answer));
        } catch (IOException e) {
            return new Delivery.Failed(e.getClass().getSimpleName(), Optional.empty());
        }
    }

    private static JsonNode object(String answer) {
        try {
            return Json.tree(answer);
        } catch (JsonProcessingException notJson) {
            return Json.mapper().createObjectNode();
        }
    }

    private static Delivery judge(Batch batch, Response response, JsonNode answer) {
        int status = response.code();
        if (status == 200) {
            return answer.path("acked").asLong(-1) >= batch.last()
                    ? new Delivery.Acked()
                    : new Delivery.Failed("short_ack", Optional.empty());
        }
        // The problem's type ends with the name that the protocol gives it, in either spelling.
        String problem = answer.path("type").asText("").replace('-', '_');
        if (status == 409
                && problem.endsWith("sequence_gap")
                && answer.path("expected").isIntegralNumber()) {
            return new Delivery.Gap(answer.path("expected").asLong());
        }
        if (status == 409 && problem.endsWith("sequence_divergence")) {
            return new Delivery.Diverged();
        }
        if (status == 400 || status == 413 || status == 422) {
            return new Delivery.Refused(index(answer, batch), "status " + status);
        }
        return new Delivery.Failed("status " + status, retryAfter(response));
    }

    private static OptionalInt index(JsonNode answer, Batch batch) {
        int index = answer.path("index").asInt(-1);
        Matcher field =
                EVENT_INDEX.matcher(answer.path("errors").path(0).path("field").asText(""));
        if (index < 0 && field.matches()) {
            index = Integer.parseInt(field.group(1));
        }
        return index >= 0 && index < batch.rows().size() ? OptionalInt.of(index) : OptionalInt.empty();
    }

    private static Optional<Duration> retryAfter(Response response) {
        String header = response.header("Retry-After", "");
        if (!header.matches("[0-9]{1,9}")) {
            return Optional.empty();
        }
        Duration wait = Duration.ofSeconds(Long.parseLong(header));
        return Optional.of(wait.compareTo(LONGEST_RETRY_AFTER) > 0 ? LONGEST_RETRY_AFTER : wait);
    }

    @Override
    public void close() {
        client.dispatcher().executorService().shutdown();
        client.connectionPool().evictAll();
    }
}
