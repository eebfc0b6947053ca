package dev.bellhop.realtime.delivery;

import dev.bellhop.model.security.Principal;
import dev.bellhop.model.wire.Cursor;
import dev.bellhop.model.wire.ErrorCode;
import dev.bellhop.model.wire.RoomName;
import dev.bellhop.model.wire.ServerMessage;
import dev.bellhop.realtime.rooms.Standing;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Predicate;

/**
 * One connection as its organisation's stream sees it: which rooms it is in, how far it has got, and where its frames go.
 * Everything but the queue belongs to the stream and is touched by nobody else.
 */
public final class Subscriber {
    /** The connection behind it. Called by the stream, one call at a time; must not block. */
    public interface Owner {
        /**
         * Asked once, before it joins: the rooms that it is in from the start.
         *
         * @return empty when it may not be here; the owner ends it then
         */
        Optional<Set<RoomName>> enter(Standing standing);

        boolean isUser(String userId);

        Who who();

        /** Whom it speaks for, with the rights of now. */
        Principal principal();

        /** {@code websocket} or {@code sse}. */
        String kind();

        /** Of the peer. */
        String address();

        /** Whether its user may be in a room now. */
        boolean mayJoin(RoomName room);

        /** Something that it asked for was not given; it was told. */
        void refused(ErrorCode code);

        /**
         * The user's rights have changed; asked at the place of the change in the log.
         *
         * @return what to change of its rooms; empty when nothing changes, or when it may not be here any more and is ended
         */
        Optional<RoomChange> standingChanged(Standing standing);

        /**
         * It is in its rooms; what happens from now on reaches it. Queues the {@code connected} frame, which leaves with
         * what follows.
         *
         * @param cursor where the stream goes on from
         */
        void joined(Resume resume, Cursor cursor, Set<RoomName> rooms);

        /** The log has to be read before it hears anything. */
        void keptWaiting();

        /** What it hears first was handed to the transport: what it says may be read. */
        void listen();

        /** Its queue is full. */
        void tooSlow();

        /** What it is owed cannot be read now; it has to come back later with its cursor. */
        void unavailable();
    }

    /** @param since when it connected */
    public record Who(String connectionId, String userId, String name, Instant since) {}

    /**
     * Rooms that fit new rights.
     *
     * @param allowed whether it may stay in a room
     * @param added rooms that it is in by itself from now on
     */
    public record RoomChange(Predicate<RoomName> allowed, List<RoomName> added) {}

    /** What became of the cursor with which a client came. */
    public sealed interface Resume {
        /** It came without one. */
        record Fresh() implements Resume {}

        /** @param events how many follow before {@code caught_up} */
        record Recovered(long events) implements Resume {}

        record Refused(Reason reason) implements Resume {}

        enum Reason {
            EPOCH_CHANGED,
            TOO_OLD,
            TOO_MANY,
            INVALID_CURSOR;

            public String wireName() {
                return name().toLowerCase(java.util.Locale.ROOT);
            }
        }
    }

    /** What a room brought that it does not bring any more; kept so that a later replay does not repeat it. */
    private record Stay(RoomName room, long from, long to) {}

    private static final int MAX_STAYS = 200;

    final SendQueue queue;
    final Owner owner;

    /** Room to the position from which on it brings events. */
    private final Map<RoomName, Long> rooms = new HashMap<>(8);
    /** Null while no room was left or replayed. */
    private List<Stay> stays;
    /** What it asked for and was not done yet, in its order; null while empty. */
    ArrayDeque<Runnable> requests;
    /** What it asked for before waits for the log. */
    boolean answering;
    /** Its requests are being done. */
    boolean serving;

    /** Gets events as they happen. While false it is behind, and events wait for it in the log. */
    boolean live;
    /** Everything up to here was passed to it or was not for it. While live the stream's own position counts. */
    long position;
    /** Of the event at that position. */
    int fingerprint;
    /** What it is owed before it goes on from its position. Null while it is live. */
    Behind behind;
    /** Has frames in its queue that were not flushed yet. */
    boolean touched;
    /** The span that is being recorded, null before and after. */
    UUID span;
    /** It is gone; nothing is to be given to it. */
    boolean gone;

    public Subscriber(SendQueue queue, Owner owner) {
        this.queue = queue;
        this.owner = owner;
    }

    Set<RoomName> rooms() {
        return rooms.keySet();
    }

    void enter(RoomName room, long from) {
        rooms.put(room, from);
    }

    void leave(RoomName room, long at) {
        Long from = rooms.remove(room);
        if (from != null) {
            wasBrought(room, from, at);
        }
    }

    /** A room brought its events from after one position up to another. */
    void wasBrought(RoomName room, long from, long to) {
        if (stays == null) {
            stays = new ArrayList<>(2);
        }
        if (stays.size() == MAX_STAYS) {
            stays.remove(0);
        }
        stays.add(new Stay(room, from, to));
    }

    /** Queues without flushing; a connection that has no place for it is too slow. */
    void offer(Bundle bundle) {
        if (!queue.offer(bundle)) {
            owner.tooSlow();
        }
    }

    /** Queues a message that leaves with what follows. */
    public void offer(ServerMessage message, Instant now) {
        offer(Bundle.of(Frame.of(message, now)));
    }

    boolean isInAnyOf(List<RoomName> names) {
        for (RoomName room : names) {
            if (rooms.containsKey(room)) {
                return true;
            }
        }
        return false;
    }

    /** Whether an event came, or will come, to this connection by one of its rooms. */
    boolean isBroughtAnyway(Frame frame) {
        for (RoomName room : frame.rooms()) {
            Long from = rooms.get(room);
            if (from != null && frame.position() > from) {
                return true;
            }
        }
        return stays != null
                && stays.stream()
                        .anyMatch(stay -> frame.position() > stay.from()
                                && frame.position() <= stay.to()
                                && frame.rooms().contains(stay.room()));
    }

    /** What a connection is owed that is not live. */
    static final class Behind {
        /** Older events of rooms that it joined late; served first. */
        final Deque<RoomReplay> roomReplays = new ArrayDeque<>();
        /** Position at which {@code caught_up} of the resume is due; -1 when it is not. */
        long caughtUpAt = -1;
        /** Events sent so far of the resume. */
        long replayed;
        /** The stream was asked for a chunk of the log, or the queue for a sign that it is empty. */
        boolean waiting;
    }

    /** The missed events of one room. */
    static final class RoomReplay {
        final RoomName room;
        final long after;
        final long upTo;
        final String ref;
        long position;
        long replayed;

        RoomReplay(RoomName room, long after, long upTo, String ref) {
            this.room = room;
            this.after = after;
            this.position = after;
            this.upTo = upTo;
            this.ref = ref;
        }
    }
}
