package dev.bellhop.realtime.connections;

import dev.bellhop.model.security.Principal;
import dev.bellhop.model.security.Tokens;
import dev.bellhop.model.wire.CloseCode;
import dev.bellhop.model.wire.ErrorCode;
import dev.bellhop.model.wire.RoomName;
import dev.bellhop.realtime.http.TokenChecks;
import dev.bellhop.realtime.rooms.RoomPolicy;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.util.Fields;

/** What a client wants that connects, by WebSocket or by SSE, and whether it may. */
final class Handshake {
    /** The only sub-protocol that is ever echoed. */
    static final String SUBPROTOCOL = "bellhop.v1";

    private static final String BEARER_PROTOCOL = "bearer.";

    /** The outcome. */
    sealed interface Outcome {
        record Refused(CloseCode code, String detail) implements Outcome {}

        /**
         * @param cursor as given, or null
         * @param wantedRooms extra rooms, as given
         * @param fromHistory the cursor is not the client's but stands before the events that it asked for
         */
        record Accepted(Principal principal, String cursor, List<String> wantedRooms, boolean fromHistory)
                implements Outcome {}
    }

    /**
     * What a client gets of what it asked for.
     *
     * @param rooms to be in from the start
     * @param refusals of rooms that were asked for
     */
    record Entry(Set<RoomName> rooms, List<Refusal> refusals) {}

    /** A room that was asked for and is not given. */
    record Refusal(ErrorCode code, String message) {}

    private final TokenChecks tokens;

    Handshake(TokenChecks tokens) {
        this.tokens = tokens;
    }

    Outcome read(Request request) {
        Fields query = Query.parameters(request);
        Optional<String> token = token(request, query);
        if (token.isEmpty()) {
            return new Outcome.Refused(CloseCode.TOKEN_MISSING, "no token");
        }
        Tokens.Verdict verdict = tokens.verify(token.get());
        if (verdict instanceof Tokens.Verdict.Expired) {
            return new Outcome.Refused(CloseCode.TOKEN_EXPIRED, "expired");
        }
        if (verdict instanceof Tokens.Verdict.Invalid invalid) {
            return new Outcome.Refused(CloseCode.TOKEN_INVALID, invalid.why());
        }
        Principal principal = ((Tokens.Verdict.Valid) verdict).principal();
        return principal.isService()
                ? new Outcome.Refused(CloseCode.TOKEN_INVALID, "service")
                : accepted(principal, query);
    }

    /** In the order of how seldom each ends up in somebody's log. */
    private static Optional<String> token(Request request, Fields query) {
        String authorization = request.getHeaders().get(HttpHeader.AUTHORIZATION);
        if (authorization != null && authorization.regionMatches(true, 0, "Bearer ", 0, 7)) {
            return Optional.of(authorization.substring(7).trim());
        }
        for (String protocol : request.getHeaders().getCSV(HttpHeader.SEC_WEBSOCKET_SUBPROTOCOL, false)) {
            if (protocol.startsWith(BEARER_PROTOCOL)) {
                return Optional.of(protocol.substring(BEARER_PROTOCOL.length()));
            }
        }
        return Optional.ofNullable(query.getValue("token")).filter(text -> !text.isEmpty());
    }

    private static Outcome accepted(Principal principal, Fields query) {
        String rooms = query.getValue("rooms");
        String cursor = query.getValue("cursor");
        return new Outcome.Accepted(
                principal,
                cursor == null || cursor.isEmpty() ? null : cursor,
                rooms == null || rooms.isEmpty() ? List.of() : List.of(rooms.split(",", -1)),
                false);
    }

    /**
     * The rooms that a user has by itself, and of those that it asked for the ones that it may be in.
     *
     * @param mostRooms 0 for no limit
     */
    static Entry entry(Principal principal, List<String> wanted, int mostRooms) {
        Set<RoomName> rooms = new LinkedHashSet<>(RoomPolicy.joinedByItself(principal));
        List<Refusal> refusals = new ArrayList<>();
        for (String name : wanted) {
            Optional<RoomName> room = RoomName.parse(name);
            if (room.isEmpty()) {
                refusals.add(unknownRoom());
            } else if (!RoomPolicy.mayJoin(principal, room.get())) {
                refusals.add(forbiddenRoom(room.get()));
            } else if (mostRooms > 0 && rooms.size() >= mostRooms && !rooms.contains(room.get())) {
                refusals.add(new Refusal(ErrorCode.TOO_MANY_ROOMS, "at most " + mostRooms + " rooms"));
            } else {
                rooms.add(room.get());
            }
        }
        return new Entry(rooms, refusals);
    }

    /** Says nothing of the name: it may hold anything. */
    static Refusal unknownRoom() {
        return new Refusal(ErrorCode.UNKNOWN_ROOM, "no room has such a name");
    }

    static Refusal forbiddenRoom(RoomName room) {
        return new Refusal(ErrorCode.FORBIDDEN_ROOM, "you may not be in " + room);
    }
}
