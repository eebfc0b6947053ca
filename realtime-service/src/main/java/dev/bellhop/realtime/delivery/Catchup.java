package dev.bellhop.realtime.delivery;

import dev.bellhop.model.wire.Cursor;
import dev.bellhop.model.wire.ServerMessage;
import dev.bellhop.realtime.delivery.Subscriber.Behind;
import dev.bellhop.realtime.delivery.Subscriber.RoomReplay;
import dev.bellhop.realtime.log.EventLog;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.BiConsumer;

/**
 * Brings connections that are behind up to the head: pulls what each is owed from the tail or the log while its queue drains,
 * never more than a window at once, and makes it live when nothing is missing. What is read of the log is shared by everybody
 * who needs it. Belongs to its stream.
 */
final class Catchup {
    /** Events of one read of the log; chunks start at multiples of it, so that everybody who is behind shares them. */
    static final int CHUNK = 256;

    /** A connection gets more once less than this is under way to it. */
    private static final int WINDOW_BYTES = 64 << 10;

    /** A connection that waits for the events after a position. */
    private record ChunkReader(Subscriber subscriber, long after) {}

    private final UUID orgId;
    private final LogView view;
    private final EventLog log;
    private final Steps steps;
    private final Clock clock;
    private final BiConsumer<Subscriber, RoomReplay> replayed;
    private final Map<Long, List<ChunkReader>> readers = new HashMap<>();
    private final Chunks chunks;
    private List<Frame> lastDue = List.of();
    private List<Bundle> lastBundles = List.of();

    /** @param replayed told when a room has brought what its client asked for, or was left */
    Catchup(
            UUID orgId,
            LogView view,
            EventLog log,
            Steps steps,
            Clock clock,
            FrameMemory memory,
            BiConsumer<Subscriber, RoomReplay> replayed) {
        this.orgId = orgId;
        this.view = view;
        this.log = log;
        this.steps = steps;
        this.clock = clock;
        this.replayed = replayed;
        this.chunks = new Chunks(memory);
    }

    /** Begins after the subscriber's position; {@code caught_up} is due at what is the head now. */
    void resume(Subscriber subscriber) {
        subscriber.behind = new Behind();
        subscriber.behind.caughtUpAt = view.position();
        pump(subscriber);
    }

    /** Sends what a room brought before the subscriber entered it, then goes on from where the subscriber is. */
    void replay(Subscriber subscriber, RoomReplay replay) {
        subscriber.live = false;
        if (subscriber.behind == null) {
            subscriber.behind = new Behind();
        }
        subscriber.behind.roomReplays.add(replay);
        pump(subscriber);
    }

    /** The queue of the subscriber ran empty. */
    void drained(Subscriber subscriber) {
        if (subscriber.behind != null) {
            subscriber.behind.waiting = false;
            pump(subscriber);
        }
    }

    /** Everything that was read of the log is void. */
    void forget() {
        chunks.clear();
        readers.clear();
        lastDue = List.of();
        lastBundles = List.of();
    }

    private void pump(Subscriber subscriber) {
        Behind behind = subscriber.behind;
        if (subscriber.gone || behind == null || behind.waiting) {
            return;
        }
        while (subscriber.queue.queuedBytes() < WINDOW_BYTES) {
            boolean moved = behind.roomReplays.isEmpty()
                    ? advance(subscriber, behind)
                    : advanceRoom(subscriber, behind, behind.roomReplays.peek());
            if (!moved) {
                subscriber.queue.flush();
                return;
            }
        }
        behind.waiting = true;
        subscriber.queue.tellWhenDrained();
    }

    /** @return false when there is nothing to be done now: it is live, or waits for the log */
    private boolean advance(Subscriber subscriber, Behind behind) {
        if (subscriber.position == behind.caughtUpAt) {
            behind.caughtUpAt = -1;
            sayCaughtUp(subscriber, behind.replayed, null);
        }
        if (subscriber.position == view.position()) {
            subscriber.live = true;
            subscriber.behind = null;
            return false;
        }
        Optional<List<Frame>> frames = framesAfter(subscriber.position, subscriber);
        if (frames.isEmpty()) {
            return false;
        }
        List<Frame> due = new ArrayList<>();
        int room = WINDOW_BYTES - subscriber.queue.queuedBytes();
        for (Frame frame : frames.get()) {
            subscriber.position = frame.position();
            subscriber.fingerprint = frame.fingerprint();
            if (subscriber.isInAnyOf(frame.rooms())) {
                due.add(frame);
                room -= frame.size();
            }
            if (subscriber.position == behind.caughtUpAt || room <= 0) {
                break;
            }
        }
        behind.replayed += due.size();
        bundlesOf(due).forEach(subscriber::offer);
        return true;
    }

    /** After a restart thousands miss the same events: what was encoded for the last one serves the next one too. */
    private List<Bundle> bundlesOf(List<Frame> due) {
        if (!due.equals(lastDue)) {
            lastDue = due;
            lastBundles = Bundle.of(due);
        }
        return lastBundles;
    }

    private boolean advanceRoom(Subscriber subscriber, Behind behind, RoomReplay replay) {
        boolean left = !subscriber.rooms().contains(replay.room);
        if (left || replay.position >= replay.upTo) {
            behind.roomReplays.remove();
            subscriber.wasBrought(replay.room, replay.after, replay.position);
            replayed.accept(subscriber, replay);
            sayCaughtUp(subscriber, replay.replayed, replay.ref);
            return true;
        }
        Optional<List<Frame>> frames = framesAfter(replay.position, subscriber);
        if (frames.isEmpty()) {
            return false;
        }
        List<Frame> due = new ArrayList<>();
        int room = WINDOW_BYTES - subscriber.queue.queuedBytes();
        for (Frame frame : frames.get()) {
            if (frame.position() > replay.upTo) {
                replay.position = replay.upTo;
                break;
            }
            replay.position = frame.position();
            if (frame.rooms().contains(replay.room) && !subscriber.isBroughtAnyway(frame)) {
                Frame replayed = frame.replayed();
                due.add(replayed);
                room -= replayed.size();
            }
            if (room <= 0) {
                break;
            }
        }
        replay.replayed += due.size();
        Bundle.of(due).forEach(subscriber::offer);
        return true;
    }

    private void sayCaughtUp(Subscriber subscriber, long replayed, String ref) {
        Cursor cursor = new Cursor(view.epoch(), subscriber.position, subscriber.fingerprint);
        subscriber.offer(ServerMessage.caughtUp(replayed, cursor, ref), clock.instant());
    }

    /** @return empty when they have to be read first; the connection is pumped again when they are there */
    private Optional<List<Frame>> framesAfter(long after, Subscriber subscriber) {
        if (view.tail().coversAfter(after)) {
            return Optional.of(view.tail().after(after, CHUNK));
        }
        long chunk = after - after % CHUNK;
        List<Frame> cached = chunks.get(chunk);
        if (reachesBehind(cached, after)) {
            int index = (int) (after + 1 - cached.get(0).position());
            return Optional.of(cached.subList(index, cached.size()));
        }
        subscriber.behind.waiting = true;
        List<ChunkReader> waiting = readers.computeIfAbsent(chunk, start -> new ArrayList<>());
        waiting.add(new ChunkReader(subscriber, after));
        if (waiting.size() == 1) {
            read(chunk);
        }
        return Optional.empty();
    }

    private static boolean reachesBehind(List<Frame> chunk, long after) {
        return !chunk.isEmpty()
                && chunk.get(0).position() <= after + 1
                && chunk.get(chunk.size() - 1).position() > after;
    }

    private void read(long chunk) {
        steps.ask(
                () -> log.read(orgId, chunk, chunk + CHUNK, CHUNK),
                events -> {
                    List<Frame> frames = events.stream()
                            .map(event -> Frame.of(event, view.epoch()))
                            .toList();
                    chunks.put(chunk, frames);
                    readers.remove(chunk).forEach(reader -> goOn(reader, frames));
                },
                failure -> readers.remove(chunk)
                        .forEach(reader -> reader.subscriber().owner.unavailable()));
    }

    private void goOn(ChunkReader reader, List<Frame> chunk) {
        Subscriber subscriber = reader.subscriber();
        if (subscriber.behind == null) {
            return;
        }
        subscriber.behind.waiting = false;
        if (reachesBehind(chunk, reader.after())) {
            pump(subscriber);
        } else {
            subscriber.owner.unavailable(); // retention was faster: the client comes back and is told too_old
        }
    }
}
