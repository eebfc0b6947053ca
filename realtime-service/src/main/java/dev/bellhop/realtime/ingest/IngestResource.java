package dev.bellhop.realtime.ingest;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.model.events.EventType;
import dev.bellhop.model.problem.Problem;
import dev.bellhop.model.security.Signature;
import dev.bellhop.model.wire.EventBatch;
import dev.bellhop.model.wire.Json;
import dev.bellhop.model.wire.RoomName;
import dev.bellhop.model.wire.Timestamps;
import dev.bellhop.realtime.http.JsonBody;
import dev.bellhop.realtime.log.Append;
import dev.bellhop.realtime.log.LogWriter;
import dev.bellhop.realtime.log.NewEvent;
import io.javalin.http.Context;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code POST /events}: signed batches of services. The body is not looked at before the signature holds. */
public final class IngestResource {
    private static final Pattern SOURCE = Pattern.compile("[A-Za-z0-9._-]{1,64}");
    private static final Pattern TRACEPARENT = Pattern.compile("[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}");
    /** The years that RFC 3339 has and every store knows. */
    private static final Instant EARLIEST = Instant.parse("0001-01-01T00:00:00Z");

    private static final Instant TOO_LATE = Instant.parse("+10000-01-01T00:00:00Z");
    private static final Logger log = LoggerFactory.getLogger(IngestResource.class);

    private final Signature signature;
    private final EventRules rules;
    private final LogWriter writer;
    private final Clock clock;
    private final MeterRegistry meters;
    private final TakenIds taken = new TakenIds();

    public IngestResource(Signature signature, EventRules rules, LogWriter writer, Clock clock, MeterRegistry meters) {
        this.signature = signature;
        this.rules = rules;
        this.writer = writer;
        this.clock = clock;
        this.meters = meters;
    }

    public void post(Context ctx) throws java.io.IOException {
        byte[] body = JsonBody.bytes(ctx);
        verify(ctx, body);
        if (body.length > EventBatch.MAX_BYTES) {
            throw Problem.tooLarge("A batch is at most 1 MiB.");
        }
        JsonNode batch = Json.tree(new String(body, StandardCharsets.UTF_8));
        if (!batch.isObject()) {
            throw Problem.badRequest("malformed-json", "The body is not one JSON object.");
        }
        UUID orgId = uuid(batch.path("org_id"), "org_id");
        Append append = new Append(numbering(batch), events(batch.path("events")));
        String batchId = only(ctx, Signature.ID_HEADER);
        if (!taken.take(orgId, batchId, body)) {
            count("ID_REUSE");
            log.error("another batch under an id that was taken org={} webhook_id={}", orgId, batchId);
            throw Problem.conflict("id-reuse", "Another batch was taken under this webhook-id.");
        }
        ctx.future(() -> writer.append(orgId, append)
                .whenComplete((outcome, failure) -> {
                    if (!(outcome instanceof Append.Outcome.Appended)) {
                        taken.release(orgId, batchId, body);
                    }
                })
                .thenAccept(outcome -> ctx.json(receipt(append, outcome, orgId))));
    }

    private void verify(Context ctx, byte[] body) {
        Signature.Verdict verdict = signature.verify(
                only(ctx, Signature.ID_HEADER),
                only(ctx, Signature.TIMESTAMP_HEADER),
                only(ctx, Signature.SIGNATURE_HEADER),
                body,
                clock.instant());
        count(verdict.name());
        if (verdict != Signature.Verdict.VALID) {
            log.atWarn()
                    .addKeyValue("reason", verdict)
                    .addKeyValue("address", ctx.ip())
                    .log("a batch was refused");
            throw Problem.of(401, "invalid-signature", "Unauthorized", "The signature does not hold.");
        }
    }

    /** A header that was sent exactly once, else null. */
    private static String only(Context ctx, String name) {
        List<String> values = Collections.list(ctx.req().getHeaders(name));
        return values.size() == 1 ? values.get(0) : null;
    }

    private static Optional<Append.Numbering> numbering(JsonNode batch) {
        JsonNode source = batch.path("source");
        JsonNode firstSeq = batch.path("first_seq");
        if (!source.isMissingNode()
                && !source.isNull()
                && !(source.isTextual() && SOURCE.matcher(source.textValue()).matches())) {
            throw Problem.invalid(
                    "source", "format", "A source is 1 to 64 of letters, digits, dot, dash and underscore.");
        }
        if (firstSeq.isMissingNode() || firstSeq.isNull()) {
            return Optional.empty();
        }
        if (!source.isTextual()) {
            throw Problem.invalid("source", "required", "A producer that numbers its events has to name itself.");
        }
        if (!firstSeq.isIntegralNumber() || !firstSeq.canConvertToLong() || firstSeq.longValue() < 1) {
            throw Problem.invalid("first_seq", "format", "The number of the first event is a whole number from 1.");
        }
        return Optional.of(new Append.Numbering(source.textValue(), firstSeq.longValue()));
    }

    private List<NewEvent> events(JsonNode list) {
        if (!list.isArray() || list.isEmpty()) {
            throw Problem.invalid("events", "required", "A batch holds at least one event.");
        }
        if (list.size() > EventBatch.MAX_EVENTS) {
            throw Problem.tooLarge("A batch holds at most 500 events.");
        }
        List<NewEvent> events = new ArrayList<>(list.size());
        for (int i = 0; i < list.size(); i++) {
            try {
                events.add(event(list.get(i), "events." + i));
            } catch (Problem fault) {
                throw fault.with("index", i);
            }
        }
        return events;
    }

    private NewEvent event(JsonNode event, String field) {
        if (!event.isObject()) {
            throw Problem.invalid(field, "format", "An event is an object.");
        }
        JsonNode trace = event.path("traceparent");
        String type = EventRules.type(event.path("type"), field + ".type");
        List<RoomName> rooms = EventRules.rooms(event.path("rooms"), field + ".rooms");
        return new NewEvent(
                uuid(event.path("id"), field + ".id"),
                type,
                EventType.isHidden(type) ? List.of() : rooms,
                rules.payload(event.path("payload"), field + ".payload"),
                time(event.path("occurred_at"), field + ".occurred_at"),
                isTrace(trace.textValue()) ? trace.textValue() : null);
    }

    /** Whether it is a trace context as W3C has it; anything else is left out, as that text asks for. */
    static boolean isTrace(String text) {
        return text != null && TRACEPARENT.matcher(text).matches();
    }

    private static UUID uuid(JsonNode node, String field) {
        String text = node.textValue();
        try {
            if (text != null && text.length() == 36) {
                return UUID.fromString(text);
            }
        } catch (IllegalArgumentException e) {
            throw notUuid(field);
        }
        throw notUuid(field);
    }

    private static Problem notUuid(String field) {
        return Problem.invalid(field, "format", "A UUID is needed.");
    }

    private static Instant time(JsonNode node, String field) {
        try {
            Instant time = Timestamps.parse(node.isTextual() ? node.textValue() : "");
            if (!time.isBefore(EARLIEST) && time.isBefore(TOO_LATE)) {
                return time;
            }
        } catch (DateTimeParseException e) {
            throw notTime(field);
        }
        throw notTime(field);
    }

    private static Problem notTime(String field) {
        return Problem.invalid(field, "format", "An RFC 3339 time is needed.");
    }

    private EventBatch.Receipt receipt(Append append, Append.Outcome outcome, UUID orgId) {
        if (outcome instanceof Append.Outcome.SequenceGap gap) {
            count("GAP");
            throw Problem.conflict("sequence_gap", "Numbers are missing before this batch.")
                    .with("expected", gap.expected());
        }
        if (outcome instanceof Append.Outcome.SequenceDivergence divergence) {
            count("DIVERGENCE");
            log.error("another event under a number that was taken org={} seq={}", orgId, divergence.seq());
            throw Problem.conflict("sequence_divergence", "Another event was taken under this number.")
                    .with("seq", divergence.seq());
        }
        Append.Outcome.Appended appended = (Append.Outcome.Appended) outcome;
        Long acked = append.producer()
                .map(numbering -> numbering.firstSeq() + append.events().size() - 1)
                .orElse(null);
        meters.counter("bellhop.ingest.events").increment(appended.added().size());
        meters.counter("bellhop.ingest.duplicates").increment(appended.duplicates());
        return new EventBatch.Receipt(acked, appended.added().size(), appended.duplicates());
    }

    private void count(String result) {
        meters.counter("bellhop.ingest.batches", "result", result.toLowerCase(java.util.Locale.ROOT))
                .increment();
    }
}
