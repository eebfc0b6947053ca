package dev.bellhop.realtime.log;

import dev.bellhop.model.security.Principal;
import dev.bellhop.model.wire.RoomName;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/**
 * A time in which a connection was in the same rooms.
 *
 * @param name of the user
 * @param address of the peer
 * @param fromPosition it was owed the events after this position
 * @param resumed it came with a cursor and was given what it had missed
 */
public record Span(
        UUID id,
        UUID orgId,
        String connectionId,
        Principal principal,
        String name,
        String transport,
        String address,
        Instant connectedAt,
        List<RoomName> rooms,
        long fromPosition,
        boolean resumed,
        Instant startedAt) {

    /**
     * How it ended.
     *
     * @param toPosition the last position that it was given
     * @param endedBy reason of the close, {@code peer}, {@code rooms_changed}, or {@link #REPLAYED}
     */
    public record End(UUID id, UUID orgId, long toPosition, Instant endedAt, String endedBy) {
        /** It was one room's older events, which says nothing of other rooms. */
        public static final String REPLAYED = "replayed";
    }
}
