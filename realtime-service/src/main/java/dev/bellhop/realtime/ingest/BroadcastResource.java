package dev.bellhop.realtime.ingest;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.uuid.Generators;
import com.fasterxml.uuid.impl.TimeBasedEpochGenerator;
import dev.bellhop.model.events.EventType;
import dev.bellhop.model.events.NotificationEvent;
import dev.bellhop.model.events.NotificationEvent.Severity;
import dev.bellhop.model.problem.Problem;
import dev.bellhop.model.security.Principal;
import dev.bellhop.model.security.Role;
import dev.bellhop.model.wire.Cursor;
import dev.bellhop.model.wire.Json;
import dev.bellhop.model.wire.RoomName;
import dev.bellhop.realtime.delivery.OrgStreams;
import dev.bellhop.realtime.http.Authentication;
import dev.bellhop.realtime.http.JsonBody;
import dev.bellhop.realtime.log.Append;
import dev.bellhop.realtime.log.LogWriter;
import dev.bellhop.realtime.log.LoggedEvent;
import dev.bellhop.realtime.log.NewEvent;
import io.javalin.http.Context;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/** {@code POST /ws/broadcast} and {@code POST /ws/notify-user}: an operator or a service says something by hand. */
public final class BroadcastResource {
    private static final Set<String> BROADCAST_FIELDS =
            Set.of("room", "rooms", "target_role", "type", "payload", "org_id");
    private static final Set<String> NOTIFY_FIELDS =
            Set.of("user_id", "title", "message", "severity", "payload", "org_id");
    private static final int MAX_TITLE = 200;
    private static final int MAX_MESSAGE = 4000;

    private final Authentication authentication;
    private final EventRules rules;
    private final LogWriter writer;
    private final OrgStreams streams;
    private final Clock clock;
    private final TimeBasedEpochGenerator ids = Generators.timeBasedEpochGenerator();

    public BroadcastResource(
            Authentication authentication, EventRules rules, LogWriter writer, OrgStreams streams, Clock clock) {
        this.authentication = authentication;
        this.rules = rules;
        this.writer = writer;
        this.streams = streams;
        this.clock = clock;
    }

    /** @param recipients connections of this node that it went to */
    public record Accepted(UUID id, String cursor, int recipients) {}

    public void broadcast(Context ctx) throws JsonProcessingException {
        Principal caller = authentication.require(ctx, Role.ADMIN, Role.SERVICE);
        JsonNode body = body(ctx, BROADCAST_FIELDS);
        UUID orgId = organization(caller, body);
        String type = EventRules.type(body.path("type"), "type");
        if (EventType.isReserved(type) || EventType.isHidden(type)) {
            throw Problem.invalid("type", "reserved", "Only the API service says this.");
        }
        JsonNode payload = body.path("payload");
        publish(ctx, orgId, type, rooms(body), payload.isMissingNode() ? "{}" : rules.payload(payload, "payload"));
    }

    private static List<RoomName> rooms(JsonNode body) {
        long ways = List.of("room", "rooms", "target_role").stream()
                .filter(body::has)
                .count();
        if (ways != 1) {
            throw Problem.invalid("room", "required", "Give exactly one of room, rooms and target_role.");
        }
        if (body.has("target_role")) {
            return List.of(Role.parse(body.path("target_role").textValue())
                    .map(RoomName::role)
                    .orElseThrow(() -> Problem.invalid("target_role", "format", "There is no such role.")));
        }
        return body.has("room")
                ? List.of(EventRules.room(body.path("room"), "room"))
                : EventRules.rooms(body.path("rooms"), "rooms");
    }

    public void notifyUser(Context ctx) throws JsonProcessingException {
        Principal caller = authentication.require(ctx, Role.ADMIN, Role.SERVICE);
        JsonNode body = body(ctx, NOTIFY_FIELDS);
        UUID orgId = organization(caller, body);
        String userId = body.path("user_id").textValue();
        if (!RoomName.isId(userId)) {
            throw Problem.invalid("user_id", "required", "The id of a user is needed.");
        }
        NotificationEvent.Notified event = new NotificationEvent.Notified(userId, notification(body));
        publish(
                ctx,
                orgId,
                event.type().wireName(),
                event.rooms(),
                rules.payload(Json.mapper().valueToTree(event.payload()), "payload"));
    }

    private static NotificationEvent.ToUser notification(JsonNode body) {
        JsonNode severity = body.path("severity");
        JsonNode payload = body.path("payload");
        if (!payload.isMissingNode() && !payload.isNull() && !payload.isObject()) {
            throw Problem.invalid("payload", "format", "A payload is an object.");
        }
        return new NotificationEvent.ToUser(
                null,
                text(body, "title", MAX_TITLE).orElse(null),
                text(body, "message", MAX_MESSAGE)
                        .orElseThrow(() -> Problem.invalid("message", "required", "A message is needed.")),
                severity.isMissingNode() || severity.isNull()
                        ? Severity.INFO
                        : Severity.parse(severity.textValue())
                                .orElseThrow(() -> Problem.invalid("severity", "format", "info, warning or critical.")),
                payload.isObject() ? Json.mapper().convertValue(payload, OBJECT) : null);
    }

    private static final com.fasterxml.jackson.core.type.TypeReference<Map<String, Object>> OBJECT =
            new com.fasterxml.jackson.core.type.TypeReference<>() {};

    private static Optional<String> text(JsonNode body, String field, int most) {
        JsonNode node = body.path(field);
        if (node.isMissingNode() || node.isNull()) {
            return Optional.empty();
        }
        if (!node.isTextual() || node.textValue().isBlank()) {
            throw Problem.invalid(field, "format", "A text is needed.");
        }
        if (node.textValue().length() > most) {
            throw Problem.invalid(field, "too_long", "At most " + most + " characters.");
        }
        return Optional.of(node.textValue());
    }

    private static JsonNode body(Context ctx, Set<String> known) throws JsonProcessingException {
        JsonNode body = Json.tree(new String(JsonBody.bytes(ctx), StandardCharsets.UTF_8));
        if (!body.isObject()) {
            throw Problem.badRequest("malformed-json", "The body is not one JSON object.");
        }
        for (Iterator<String> names = body.fieldNames(); names.hasNext(); ) {
            String name = names.next();
            if (!known.contains(name)) {
                throw Problem.invalid(name, "unknown", "There is no such field.");
            }
        }
        return body;
    }

    /** An ADMIN speaks in its own organisation, a service says in which. */
    private static UUID organization(Principal caller, JsonNode body) {
        JsonNode named = body.path("org_id");
        if (named.isMissingNode() || named.isNull()) {
            return caller.orgId()
                    .orElseThrow(() -> Problem.invalid("org_id", "required", "A service names the organisation."));
        }
        UUID orgId;
        try {
            orgId = UUID.fromString(named.asText());
        } catch (IllegalArgumentException e) {
            throw Problem.invalid("org_id", "format", "A UUID is needed.");
        }
        if (!caller.isService() && !caller.org().equals(orgId)) {
            throw Problem.forbidden("This is not your organisation.");
        }
        return orgId;
    }

    private void publish(Context ctx, UUID orgId, String type, List<RoomName> rooms, String payload) {
        String traceparent = ctx.header("traceparent");
        NewEvent event = new NewEvent(
                ids.generate(),
                type,
                rooms,
                payload,
                clock.instant().truncatedTo(ChronoUnit.MICROS),
                IngestResource.isTrace(traceparent) ? traceparent : null);
        ctx.future(() -> writer.append(orgId, new Append(Optional.empty(), List.of(event)))
                .thenCombine(streams.audience(orgId, rooms), (outcome, recipients) -> {
                    Append.Outcome.Appended appended = (Append.Outcome.Appended) outcome;
                    LoggedEvent logged = appended.added().get(0);
                    Cursor cursor = new Cursor(appended.epoch(), logged.position(), Cursor.fingerprint(event.id()));
                    return new Accepted(event.id(), cursor.toString(), recipients);
                })
                .thenAccept(accepted -> ctx.status(202).json(accepted)));
    }
}
