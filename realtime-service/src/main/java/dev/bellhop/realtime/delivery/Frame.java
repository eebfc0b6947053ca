package dev.bellhop.realtime.delivery;

import dev.bellhop.model.wire.Cursor;
import dev.bellhop.model.wire.Envelope;
import dev.bellhop.model.wire.RoomName;
import dev.bellhop.model.wire.ServerMessage;
import dev.bellhop.realtime.log.LoggedEvent;
import dev.bellhop.realtime.log.NewEvent;
import dev.bellhop.realtime.rooms.Standing;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * One message as it goes out, encoded once and shared by everybody who gets it. Immutable.
 */
public final class Frame {
    private static final Frame COMMENT = new Frame("", new byte[0], null, List.of(), null);

    private final String type;
    private final byte[] json;
    private final Cursor cursor;
    private final List<RoomName> rooms;
    /** The event itself where it changes somebody's standing, else null. */
    private final NewEvent control;

    private Frame(String type, byte[] json, Cursor cursor, List<RoomName> rooms, NewEvent control) {
        this.type = type;
        this.json = json;
        this.cursor = cursor;
        this.rooms = rooms;
        this.control = control;
    }

    public static Frame of(LoggedEvent logged, String epoch) {
        NewEvent event = logged.event();
        Cursor cursor = new Cursor(epoch, logged.position(), Cursor.fingerprint(event.id()));
        byte[] json = Envelope.event(
                event.type(),
                event.payload(),
                event.occurredAt(),
                event.id(),
                event.rooms(),
                event.traceparent(),
                cursor);
        return new Frame(event.type(), json, cursor, event.rooms(), Standing.isControl(event.type()) ? event : null);
    }

    public static Frame of(ServerMessage message, Instant now) {
        return new Frame(message.type(), Envelope.message(message, now), message.cursor(), List.of(), null);
    }

    /** What only clients of server-sent events get, and pass over: it keeps the line busy. */
    public static Frame comment() {
        return COMMENT;
    }

    /** This event as a client sees it that joined one of its rooms late: marked, without a cursor. */
    Frame replayed() {
        return new Frame(type, Envelope.replayed(json, cursor), null, rooms, null);
    }

    /** Place in the log; only of events. */
    long position() {
        return cursor.position();
    }

    /** Place in the log where it is an event, as it goes out the first time. */
    Optional<Long> logPosition() {
        return rooms.isEmpty() || cursor == null ? Optional.empty() : Optional.of(cursor.position());
    }

    int fingerprint() {
        return cursor.fingerprint();
    }

    List<RoomName> rooms() {
        return rooms;
    }

    Optional<NewEvent> control() {
        return Optional.ofNullable(control);
    }

    /** Bytes of UTF-8 JSON. */
    public int size() {
        return json.length;
    }

    /** UTF-8 JSON, read-only in spirit: the array is shared. */
    public ByteBuffer json() {
        return ByteBuffer.wrap(json);
    }

    /** The fields before the data in a {@code text/event-stream}; of a comment the comment itself. */
    String eventStreamHead() {
        if (this == COMMENT) {
            return ":";
        }
        return (cursor == null ? "" : "id: " + cursor + "\n") + "event: " + type + "\ndata: ";
    }
}
