package dev.bellhop.realtime.connections;

import dev.bellhop.model.problem.Problem;
import dev.bellhop.model.security.Principal;
import dev.bellhop.model.wire.RoomName;
import dev.bellhop.realtime.log.EventLog;
import dev.bellhop.realtime.rooms.Standing;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;

/** Where a stream begins that asks for the newest events: at a cursor before them, as if it had been there. */
final class HistoryStart {
    private static final int MAX_EVENTS = 1000;

    private final EventLog log;
    private final Function<UUID, Standing> standings;
    private final int roomsPerConnection;

    /** @param standings of an organisation; may block */
    HistoryStart(EventLog log, Function<UUID, Standing> standings, int roomsPerConnection) {
        this.log = log;
        this.standings = standings;
        this.roomsPerConnection = roomsPerConnection;
    }

    /** @throws Problem 400 for anything but a whole number from 1 to 1000 */
    static int count(String text) {
        if (!text.matches("[0-9]{1,4}") || Integer.parseInt(text) < 1 || Integer.parseInt(text) > MAX_EVENTS) {
            throw Problem.badRequest("invalid-history", "history is a whole number from 1 to 1000.");
        }
        return Integer.parseInt(text);
    }

    /**
     * A cursor after which that many events follow for that person in the rooms of now, or as many as are kept. Blocks on
     * the log.
     *
     * @return empty when the person may not connect at all
     */
    Optional<String> cursor(Principal token, List<String> wantedRooms, int count) {
        if (standings.apply(token.org()).judge(token) instanceof Standing.Verdict.Good good) {
            Set<RoomName> rooms = Handshake.entry(good.principal(), wantedRooms, roomsPerConnection)
                    .rooms();
            return Optional.of(log.beforeNewest(token.org(), rooms, count).toString());
        }
        return Optional.empty();
    }
}
