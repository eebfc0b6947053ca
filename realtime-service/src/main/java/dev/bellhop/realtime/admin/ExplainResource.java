package dev.bellhop.realtime.admin;

import dev.bellhop.model.problem.Problem;
import dev.bellhop.model.security.Principal;
import dev.bellhop.model.security.Role;
import dev.bellhop.model.wire.RoomName;
import dev.bellhop.realtime.http.Authentication;
import dev.bellhop.realtime.log.EventLog;
import dev.bellhop.realtime.log.EventLog.Found;
import dev.bellhop.realtime.log.Span;
import dev.bellhop.realtime.log.SpanLog;
import dev.bellhop.realtime.log.SpanStore;
import dev.bellhop.realtime.rooms.RoomPolicy;
import io.javalin.http.Context;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** {@code GET /ws/explain}: why a user did or did not get an event, derived from when it was connected and in which rooms. */
public final class ExplainResource {
    /** Why, of the whole answer or of one connection; from best to worst for the user. */
    private enum Reason {
        DELIVERED,
        RECOVERED_LATER,
        SLOW_CONSUMER,
        NOT_IN_ROOM,
        PERMISSION,
        NOT_CONNECTED;

        String wireName() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }
    }

    public record EventSummary(UUID id, String type, long position, List<RoomName> rooms) {}

    public record Step(String step, Instant at) {}

    public record ConnectionOutcome(UUID connectionId, String outcome) {}

    /** @param verdict {@code delivered} or {@code not_delivered} */
    public record Explanation(
            EventSummary event,
            String userId,
            String verdict,
            String reason,
            List<Step> steps,
            List<ConnectionOutcome> connections) {}

    /** What one connection has to do with the event. */
    private record Judged(SpanStore.Stored span, Reason reason) {}

    private final Authentication authentication;
    private final EventLog log;
    private final SpanLog spans;

    public ExplainResource(Authentication authentication, EventLog log, SpanLog spans) {
        this.authentication = authentication;
        this.log = log;
        this.spans = spans;
    }

    public void explain(Context ctx) {
        Principal caller = authentication.require(ctx, Role.ADMIN, Role.SERVICE);
        UUID orgId = caller.orgId().orElseGet(() -> uuid(ctx, "org_id"));
        UUID eventId = uuid(ctx, "event");
        String userId = ctx.queryParam("user");
        if (!RoomName.isId(userId)) {
            throw Problem.badRequest("invalid-user", "user is the id of a user.");
        }
        Found found = log.find(orgId, eventId).orElseThrow(Problem::notFound);
        ctx.json(explain(found, userId, spans.of(orgId, userId)));
    }

    private static UUID uuid(Context ctx, String name) {
        try {
            return UUID.fromString(Optional.ofNullable(ctx.queryParam(name)).orElse(""));
        } catch (IllegalArgumentException e) {
            throw Problem.badRequest("invalid-" + name.replace('_', '-'), name + " is a UUID.");
        }
    }

    private static Explanation explain(Found found, String userId, List<SpanStore.Stored> known) {
        List<Judged> judged = known.stream()
                .map(span -> judge(found, span))
                .flatMap(Optional::stream)
                .toList();
        Reason reason = judged.stream()
                .map(Judged::reason)
                .min(Comparator.naturalOrder())
                .orElse(Reason.NOT_CONNECTED);
        boolean delivered = reason == Reason.DELIVERED || reason == Reason.RECOVERED_LATER;
        return new Explanation(
                new EventSummary(
                        found.logged().event().id(),
                        found.logged().event().type(),
                        found.logged().position(),
                        found.logged().event().rooms()),
                userId,
                delivered ? "delivered" : "not_delivered",
                reason.wireName(),
                steps(found, judged),
                judged.stream()
                        .map(one -> new ConnectionOutcome(
                                one.span().connectionId(), one.reason().wireName()))
                        .distinct()
                        .toList());
    }

    /** @return empty for a connection that was not there when the event was, and was not given it later */
    private static Optional<Judged> judge(Found found, SpanStore.Stored span) {
        long position = found.logged().position();
        boolean lostBefore = span.toPosition().isEmpty()
                && span.endedAt()
                        .filter(end -> end.isBefore(found.appendedAt()))
                        .isPresent();
        boolean covered =
                position > span.fromPosition() && position <= span.toPosition().orElse(Long.MAX_VALUE) && !lostBefore;
        boolean inRoom = found.logged().event().rooms().stream()
                .anyMatch(room -> span.rooms().contains(room.toString()));
        boolean ofOtherRoom =
                !inRoom && span.endedBy().filter(Span.End.REPLAYED::equals).isPresent();
        if (covered && !ofOtherRoom) {
            boolean later = span.resumed() && span.startedAt().isAfter(found.appendedAt());
            Reason reason = inRoom
                    ? later ? Reason.RECOVERED_LATER : Reason.DELIVERED
                    : mightJoin(found, span) ? Reason.NOT_IN_ROOM : Reason.PERMISSION;
            return Optional.of(new Judged(span, reason));
        }
        boolean dropped = inRoom
                && position > span.fromPosition()
                && span.endedBy().filter("slow_consumer"::equals).isPresent()
                && !span.endedAt().orElse(Instant.MIN).isBefore(found.appendedAt());
        return dropped ? Optional.of(new Judged(span, Reason.SLOW_CONSUMER)) : Optional.empty();
    }

    private static boolean mightJoin(Found found, SpanStore.Stored span) {
        Principal then = new Principal(
                "",
                Optional.empty(),
                Role.parse(span.role()).orElse(Role.MEMBER),
                "",
                span.properties(),
                span.departments(),
                Optional.empty(),
                0,
                "",
                span.startedAt(),
                span.startedAt());
        return found.logged().event().rooms().stream().anyMatch(room -> RoomPolicy.mayJoin(then, room));
    }

    private static List<Step> steps(Found found, List<Judged> judged) {
        List<Step> steps = new ArrayList<>();
        steps.add(new Step("occurred", found.logged().event().occurredAt()));
        steps.add(new Step("logged", found.appendedAt()));
        for (Judged one : judged) {
            steps.add(new Step(
                    one.span().resumed() ? "resumed" : "connected", one.span().startedAt()));
            one.span()
                    .endedAt()
                    .ifPresent(at ->
                            steps.add(new Step("ended: " + one.span().endedBy().orElse("unknown"), at)));
        }
        steps.sort(Comparator.comparing(Step::at));
        return steps;
    }
}
