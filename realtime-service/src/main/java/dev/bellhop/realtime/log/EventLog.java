package dev.bellhop.realtime.log;

import dev.bellhop.model.wire.Cursor;
import dev.bellhop.model.wire.RoomName;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * The durable log of every organisation. Calls block on the store and are safe from any thread and any node; what they throw
 * means that the store could not be reached or is broken, and that nothing was changed unless said otherwise.
 */
public interface EventLog {
    /**
     * Where a log stands.
     *
     * @param head position of the last event, 0 for an empty log
     * @param headFingerprint of the id of that event (see {@link dev.bellhop.model.wire.Cursor}), 0 for an empty log
     * @param floor position of the newest event that is no longer kept; {@code floor + 1} is the oldest that can be read
     */
    record State(String epoch, long head, int headFingerprint, long floor, int floorFingerprint) {}

    /**
     * Adds events for one organisation and returns when they are durable. The requests are answered one by one, in order, in
     * a single transaction: either all of it is kept or the call throws.
     *
     * @return one outcome for each request
     */
    List<Append.Outcome> append(UUID orgId, List<Append> requests);

    /** Where the log stands; an organisation that was never heard of gets an empty log. */
    State state(UUID orgId);

    /** Heads of those of the organisations that have a log. */
    Map<UUID, Long> heads(Collection<UUID> orgIds);

    /** At most {@code limit} events from position {@code after + 1} to {@code upTo}, ascending, without a hole. */
    List<LoggedEvent> read(UUID orgId, long after, long upTo, int limit);

    /** As {@link #read}, of one room; there are holes between the positions. */
    List<LoggedEvent> readRoom(UUID orgId, RoomName room, long after, long upTo, int limit);

    /** The newest events of one room up to a position, ascending. */
    List<LoggedEvent> newest(UUID orgId, RoomName room, long upTo, int limit);

    /**
     * A cursor after which the newest events follow that name one of the rooms.
     *
     * @param count how many; where fewer are kept, the cursor stands at the oldest position that can be resumed from
     */
    Cursor beforeNewest(UUID orgId, Collection<RoomName> rooms, int count);

    /** An event with the time at which it was logged. */
    record Found(LoggedEvent logged, Instant appendedAt) {}

    /** Looks an event up by its id. */
    Optional<Found> find(UUID orgId, UUID eventId);

    /** How many events from position {@code after + 1} to {@code upTo} name one of the rooms; counts up to {@code most + 1}. */
    long count(UUID orgId, long after, long upTo, Collection<RoomName> rooms, long most);

    /**
     * The control events ({@code member.*}, {@code session.*}, {@code organization.*}) of that long ago and since, in log
     * order. They are kept that long whatever the retention of the log.
     *
     * @param upTo position of the last one that counts
     */
    List<LoggedEvent> controls(UUID orgId, Duration window, long upTo);

    /** @throws RuntimeException when the store cannot be reached */
    void check();
}
