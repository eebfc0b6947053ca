package dev.bellhop.realtime.delivery;

import dev.bellhop.model.wire.Cursor;
import dev.bellhop.model.wire.RoomName;
import dev.bellhop.realtime.delivery.Subscriber.Resume;
import dev.bellhop.realtime.delivery.Subscriber.Resume.Reason;
import dev.bellhop.realtime.log.EventLog;
import dev.bellhop.realtime.log.LoggedEvent;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * Holds the cursor of a client against the log: whether it belongs to it, whether everything after it is still kept, and how
 * much of that is for this client. From memory where that suffices. Belongs to its stream.
 */
final class CursorCheck {
    /** Above it a resume is refused and the client fetches its lists again. */
    static final int MAX_REPLAY = 10_000;

    /** @param cursor the client's own, parsed; null when refused */
    record Verdict(Resume resume, Cursor cursor) {}

    /** What the stream does for a cursor that is ahead of it. */
    interface Follower {
        /** Delivers up to a position that the log has, then runs the task; also when that could not be done. */
        void follow(long head, Runnable then);
    }

    private final UUID orgId;
    private final LogView view;
    private final EventLog log;
    private final Steps steps;
    private final Follower follower;

    CursorCheck(UUID orgId, LogView view, EventLog log, Steps steps, Follower follower) {
        this.orgId = orgId;
        this.view = view;
        this.log = log;
        this.steps = steps;
        this.follower = follower;
    }

    /**
     * @param text as the client gave it
     * @param rooms whose events count
     * @param then told the verdict, at once or in a later step
     * @param unavailable told instead when the log cannot be read
     */
    void judge(String text, Set<RoomName> rooms, Consumer<Verdict> then, Runnable unavailable) {
        Optional<Cursor> parsed = Cursor.parse(text);
        if (parsed.isEmpty()) {
            then.accept(refused(Reason.INVALID_CURSOR));
        } else {
            judge(parsed.get(), rooms, then, unavailable);
        }
    }

    private void judge(Cursor cursor, Set<RoomName> rooms, Consumer<Verdict> then, Runnable unavailable) {
        Tail tail = view.tail();
        if (!cursor.epoch().equals(view.epoch())) {
            then.accept(refused(Reason.EPOCH_CHANGED));
        } else if (cursor.position() > view.position()) {
            judgeAhead(cursor, rooms, then, unavailable);
        } else if (cursor.position() == view.position()) {
            then.accept(cursor.equals(view.head()) ? recovered(0, cursor) : refused(Reason.EPOCH_CHANGED));
        } else if (tail.holds(cursor.position())) {
            boolean same = cursor.fingerprint() == tail.at(cursor.position()).fingerprint();
            then.accept(
                    same
                            ? recovered(view.countAfter(cursor.position(), rooms), cursor)
                            : refused(Reason.EPOCH_CHANGED));
        } else {
            judgeByLog(cursor, rooms, then, unavailable);
        }
    }

    private static Verdict refused(Reason reason) {
        return new Verdict(new Resume.Refused(reason), null);
    }

    private static Verdict recovered(long missed, Cursor cursor) {
        return missed > MAX_REPLAY ? refused(Reason.TOO_MANY) : new Verdict(new Resume.Recovered(missed), cursor);
    }

    /** The client knows more than this node: it was on another one, or this one is late. The log decides. */
    private void judgeAhead(Cursor cursor, Set<RoomName> rooms, Consumer<Verdict> then, Runnable unavailable) {
        steps.ask(
                () -> log.state(orgId).head(),
                head -> {
                    if (head < cursor.position()) {
                        then.accept(refused(Reason.INVALID_CURSOR));
                        return;
                    }
                    follower.follow(head, () -> {
                        if (view.position() < cursor.position()) {
                            unavailable.run();
                        } else {
                            judge(cursor, rooms, then, unavailable);
                        }
                    });
                },
                failure -> unavailable.run());
    }

    private void judgeByLog(Cursor cursor, Set<RoomName> rooms, Consumer<Verdict> then, Runnable unavailable) {
        long head = view.position();
        steps.ask(
                () -> judgedByLog(cursor, rooms, head),
                verdict -> {
                    if (verdict.resume() instanceof Resume.Recovered older) {
                        addNewer(older.events(), head, cursor, rooms, then, unavailable);
                    } else {
                        then.accept(verdict);
                    }
                },
                failure -> unavailable.run());
    }

    /** What came while the log was asked: the tail holds it, or the log is asked again. */
    private void addNewer(
            long missed,
            long counted,
            Cursor cursor,
            Set<RoomName> rooms,
            Consumer<Verdict> then,
            Runnable unavailable) {
        if (view.tail().coversAfter(counted)) {
            then.accept(recovered(missed + view.countAfter(counted, rooms), cursor));
            return;
        }
        long head = view.position();
        steps.ask(
                () -> log.count(orgId, counted, head, rooms, MAX_REPLAY),
                more -> addNewer(missed + more, head, cursor, rooms, then, unavailable),
                failure -> unavailable.run());
    }

    private Verdict judgedByLog(Cursor cursor, Set<RoomName> rooms, long head) {
        EventLog.State state = log.state(orgId);
        long at = cursor.position();
        if (at < state.floor()) {
            return refused(Reason.TOO_OLD);
        }
        int found = state.floorFingerprint();
        if (at > state.floor()) {
            List<LoggedEvent> event = log.read(orgId, at - 1, at, 1);
            if (event.isEmpty()) {
                return refused(Reason.TOO_OLD); // retention came in between
            }
            found = Cursor.fingerprint(event.get(0).event().id());
        }
        if (found != cursor.fingerprint()) {
            return refused(Reason.EPOCH_CHANGED);
        }
        return recovered(log.count(orgId, at, head, rooms, MAX_REPLAY), cursor);
    }
}
