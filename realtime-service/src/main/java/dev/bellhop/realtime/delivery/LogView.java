package dev.bellhop.realtime.delivery;

import dev.bellhop.model.wire.Cursor;
import dev.bellhop.model.wire.RoomName;
import dev.bellhop.realtime.log.EventLog;
import dev.bellhop.realtime.log.LoggedEvent;
import java.util.List;
import java.util.Set;

/** How far this node has followed the log of one organisation, and the newest frames of it. Belongs to its stream. */
final class LogView {
    private final Tail tail;
    private String epoch = "";
    private int fingerprint;
    /** Position of the last event that was delivered. Written by the stream, read by anybody. */
    private volatile long position;

    LogView(FrameMemory memory) {
        tail = new Tail(memory);
    }

    /** Begins anew at the head of the log. */
    void restart(EventLog.State state, List<LoggedEvent> newest) {
        epoch = state.epoch();
        fingerprint = state.headFingerprint();
        tail.restartAfter(newest.isEmpty() ? state.head() : newest.get(0).position() - 1);
        newest.forEach(event -> tail.add(Frame.of(event, epoch)));
        position = state.head();
    }

    /** Gives up the frames; to be begun anew before it is used again. */
    void forget() {
        tail.restartAfter(position);
    }

    /** @param frame of the position that follows */
    void append(Frame frame) {
        tail.add(frame);
        fingerprint = frame.fingerprint();
        position = frame.position();
    }

    /** Whether another event was delivered at that frame's position; false also when nobody knows any more. */
    boolean contradicts(Frame frame) {
        return tail.holds(frame.position()) && tail.at(frame.position()).fingerprint() != frame.fingerprint();
    }

    long position() {
        return position;
    }

    String epoch() {
        return epoch;
    }

    Cursor head() {
        return new Cursor(epoch, position, fingerprint);
    }

    Tail tail() {
        return tail;
    }

    /** Events after a position, which the tail has to cover, that name one of the rooms. */
    long countAfter(long after, Set<RoomName> rooms) {
        long named = 0;
        for (long at = after + 1; at <= position; at++) {
            if (namesOne(tail.at(at).rooms(), rooms)) {
                named++;
            }
        }
        return named;
    }

    private static boolean namesOne(List<RoomName> names, Set<RoomName> rooms) {
        for (RoomName name : names) {
            if (rooms.contains(name)) {
                return true;
            }
        }
        return false;
    }
}
