package dev.bellhop.realtime.admin;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.util.RawValue;
import dev.bellhop.model.problem.Problem;
import dev.bellhop.model.security.Principal;
import dev.bellhop.model.security.Role;
import dev.bellhop.model.wire.Cursor;
import dev.bellhop.model.wire.Envelope;
import dev.bellhop.model.wire.Json;
import dev.bellhop.model.wire.RoomName;
import dev.bellhop.realtime.http.Authentication;
import dev.bellhop.realtime.log.EventLog;
import dev.bellhop.realtime.log.LoggedEvent;
import dev.bellhop.realtime.log.NewEvent;
import dev.bellhop.realtime.rooms.RoomPolicy;
import io.javalin.http.Context;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** {@code GET /ws/history}: the events of a room that are still kept, for whoever may be in it. */
public final class HistoryResource {
    private static final int DEFAULT_LIMIT = 50;
    private static final int MAX_LIMIT = 200;

    private final Authentication authentication;
    private final EventLog log;

    public HistoryResource(Authentication authentication, EventLog log) {
        this.authentication = authentication;
        this.log = log;
    }

    /**
     * With a cursor the events after it, oldest first; without one the newest, oldest first. The answer's cursor stands
     * behind the last event of the answer, or where the caller's stood when there is none.
     */
    public void history(Context ctx) {
        Principal caller = authentication.require(ctx, Role.ADMIN, Role.HR, Role.MANAGER, Role.MEMBER);
        RoomName room = room(ctx, caller);
        int limit = limit(ctx);
        UUID orgId = caller.org();
        EventLog.State state = log.state(orgId);
        String text = ctx.queryParam("cursor");
        List<LoggedEvent> events = text == null
                ? log.newest(orgId, room, state.head(), limit)
                : log.readRoom(orgId, room, verified(text, orgId, state).position(), state.head(), limit);
        ctx.contentType("application/json").result(Json.bytes(answer(events, state, text)));
    }

    private static RoomName room(Context ctx, Principal caller) {
        RoomName room = RoomName.parse(ctx.queryParam("room"))
                .orElseThrow(() -> Problem.badRequest("unknown-room", "room is not the name of a room."));
        if (!RoomPolicy.mayJoin(caller, room)) {
            throw Problem.forbidden("You may not be in " + room + ".");
        }
        return room;
    }

    private static int limit(Context ctx) {
        String text = ctx.queryParam("limit");
        if (text == null) {
            return DEFAULT_LIMIT;
        }
        if (!text.matches("[0-9]{1,4}") || Integer.parseInt(text) < 1 || Integer.parseInt(text) > MAX_LIMIT) {
            throw Problem.badRequest("invalid-limit", "limit is a whole number from 1 to 200.");
        }
        return Integer.parseInt(text);
    }

    /** Held against the log as the cursor of a client that comes back. */
    private Cursor verified(String text, UUID orgId, EventLog.State state) {
        Cursor cursor = Cursor.parse(text).orElseThrow(HistoryResource::invalidCursor);
        // First of all: a position means nothing in another log.
        if (!cursor.epoch().equals(state.epoch())) {
            throw gone("epoch_changed");
        }
        if (cursor.position() > state.head()) {
            throw invalidCursor();
        }
        if (cursor.position() < state.floor()) {
            throw gone("too_old");
        }
        int found = cursor.position() == state.floor()
                ? state.floorFingerprint()
                : log.read(orgId, cursor.position() - 1, cursor.position(), 1).stream()
                        .findFirst()
                        .map(event -> Cursor.fingerprint(event.event().id()))
                        .orElseThrow(() -> gone("too_old"));
        if (found != cursor.fingerprint()) {
            throw gone("epoch_changed");
        }
        return cursor;
    }

    private static Problem invalidCursor() {
        return Problem.badRequest("invalid_cursor", "The cursor is not one of this log.");
    }

    private static Problem gone(String slug) {
        return Problem.of(410, slug, "Gone", "The events after this cursor are not kept any more.");
    }

    private static ObjectNode answer(List<LoggedEvent> events, EventLog.State state, String asked) {
        ObjectNode answer = Json.mapper().createObjectNode();
        var items = answer.putArray("items");
        Optional<Cursor> last = Optional.empty();
        for (LoggedEvent logged : events) {
            NewEvent event = logged.event();
            Cursor cursor = new Cursor(state.epoch(), logged.position(), Cursor.fingerprint(event.id()));
            byte[] envelope = Envelope.event(
                    event.type(),
                    event.payload(),
                    event.occurredAt(),
                    event.id(),
                    event.rooms(),
                    event.traceparent(),
                    cursor);
            items.addRawValue(new RawValue(new String(envelope, StandardCharsets.UTF_8)));
            last = Optional.of(cursor);
        }
        Cursor head = new Cursor(state.epoch(), state.head(), state.headFingerprint());
        return answer.put("cursor", last.map(Cursor::toString).orElse(asked == null ? head.toString() : asked));
    }
}
