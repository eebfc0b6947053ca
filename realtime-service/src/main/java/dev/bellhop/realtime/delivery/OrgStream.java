package dev.bellhop.realtime.delivery;

import dev.bellhop.model.wire.Cursor;
import dev.bellhop.model.wire.ErrorCode;
import dev.bellhop.model.wire.RoomName;
import dev.bellhop.model.wire.ServerMessage;
import dev.bellhop.realtime.delivery.Subscriber.Catchup;
import dev.bellhop.realtime.delivery.Subscriber.Resume;
import dev.bellhop.realtime.delivery.Subscriber.Resume.Reason;
import dev.bellhop.realtime.delivery.Subscriber.RoomChange;
import dev.bellhop.realtime.delivery.Subscriber.RoomReplay;
import dev.bellhop.realtime.log.EventLog;
import dev.bellhop.realtime.log.LoggedEvent;
import dev.bellhop.realtime.log.NewEvent;
import dev.bellhop.realtime.log.Span;
import dev.bellhop.realtime.log.SpanLog;
import dev.bellhop.realtime.rooms.Standing;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One organisation on this node: how far its log was followed, its newest frames, its rooms and everybody in them.
 *
 * <p>All of it happens one step at a time, in the order in which it was asked for: whoever finds the stream idle lets a
 * delivery thread run it. So there is no lock around the rooms, an event reaches a connection in log order or not at all, and
 * joining a room has a place between two events. Nothing here blocks: the log is read by other threads, which hand back what
 * they read as a step of its own.
 *
 * <p>A connection is <em>live</em>, and is given events as they come, or <em>behind</em>: then what it misses is pulled for
 * it, from the tail or the log, as its queue drains, until nothing is missing and it is live again.
 */
public final class OrgStream {
    /** Above it a resume is refused and the client fetches its lists again. */
    public static final int MAX_REPLAY = 10_000;

    /** Steps before another organisation gets the thread. */
    private static final int STEPS_A_TURN = 64;
    /** Events that leave together at most. */
    private static final int EVENTS_A_ROUND = 512;
    /** Events of one read of the log; chunks start at multiples of it, so that everybody who is behind shares them. */
    private static final int CHUNK = 256;

    private static final int CACHED_CHUNKS = 16;
    /** A connection that is behind gets more once less than this is under way to it. */
    private static final int REPLAY_WINDOW_BYTES = 64 << 10;

    private static final Logger log = LoggerFactory.getLogger(OrgStream.class);

    /** What a stream needs from its node; shared by all. */
    record Node(
            EventLog log,
            NodeThreads threads,
            Clock clock,
            int tailBytes,
            Duration presenceGrace,
            DeliveryMeter meter,
            SpanLog spans) {}

    private final UUID orgId;
    private final Node node;

    private final ConcurrentLinkedQueue<Runnable> steps = new ConcurrentLinkedQueue<>();
    /** Steps added and not done; whoever lifts it from 0 starts the stream. */
    private final AtomicInteger stepsLeft = new AtomicInteger();
    /** Appended here, not delivered yet. */
    private final ConcurrentLinkedQueue<Frame> incoming = new ConcurrentLinkedQueue<>();

    private final Rooms rooms = new Rooms();

    // From here on: touched by steps only.
    private final Tail tail;
    private final Presence presence;
    private final Set<Subscriber> subscribers = new HashSet<>();
    private final List<Runnable> waitingForOpen = new ArrayList<>();
    private final List<Runnable> waitingForLog = new ArrayList<>();
    private final Map<Long, List<Frame>> chunks = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, List<Frame>> eldest) {
            return size() > CACHED_CHUNKS;
        }
    };
    private final Map<Long, List<ChunkReader>> chunkReaders = new HashMap<>();

    private volatile boolean open;
    /** Replaced with every opening, before {@link #open} is set. */
    private volatile Standing standing = new Standing();

    private boolean opening;
    private String epoch;
    private int fingerprint;
    /** The log is being read because it is known to reach further than this stream. */
    private boolean reading;
    /** How far the log is known to reach. */
    private long knownHead;
    /** Counts the times that the log went back; what was read of an earlier one is void. */
    private int generation;

    /** Position of the last event that was delivered. Written by steps, read by anybody. */
    private volatile long position;

    OrgStream(UUID orgId, Node node) {
        this.orgId = orgId;
        this.node = node;
        this.tail = new Tail(node.tailBytes());
        this.presence = new Presence(rooms, node.presenceGrace());
    }

    // ---- asked for by others, from any thread ----

    /** Events that this node has appended, ascending. */
    void appended(String epochOfLog, List<LoggedEvent> events) {
        for (LoggedEvent event : events) {
            incoming.add(Frame.of(event, epochOfLog));
        }
        step(this::deliverIncoming);
    }

    /** The log reaches at least that far. A hint: it may be late, early or missing. */
    void logReaches(long head) {
        if (head > position) {
            step(() -> {
                if (open) {
                    readUpTo(head);
                }
            });
        }
    }

    /** Position of the last event that was delivered. */
    long position() {
        return position;
    }

    /**
     * Lets a connection in, into the rooms that its owner names.
     *
     * @param cursor as the client gave it, or null
     */
    public void join(Subscriber subscriber, String cursor) {
        whenOpen(
                subscriber,
                () -> subscriber.owner.enter(standing).ifPresent(wanted -> {
                    subscribers.add(subscriber);
                    if (cursor == null) {
                        admit(subscriber, wanted, new Resume.Fresh(), head());
                    } else {
                        judge(cursor, wanted, subscriber, verdict -> {
                            boolean recovered = verdict.resume() instanceof Resume.Recovered;
                            admit(subscriber, wanted, verdict.resume(), recovered ? verdict.cursor() : head());
                        });
                    }
                }));
    }

    /**
     * Adds a room to a connection that was let in. The answer is a frame of that name, and the missed events and
     * {@code caught_up} when a cursor was given; or an {@code error}.
     *
     * @param mostRooms 0 for no limit
     */
    public void subscribe(Subscriber subscriber, RoomName room, String since, String ref, int mostRooms) {
        whenOpen(subscriber, () -> {
            if (!mayEnter(subscriber, room, ref, mostRooms)) {
                return;
            }
            if (since == null) {
                enter(subscriber, room);
                say(subscriber, ServerMessage.subscribed(room, ref));
                return;
            }
            judge(since, Set.of(room), subscriber, verdict -> {
                if (verdict.resume() instanceof Resume.Refused refused) {
                    String why = refused.reason().wireName() + ": subscribe without since and fetch the records again";
                    refuse(subscriber, ErrorCode.INVALID_MESSAGE, why, ref);
                } else if (mayEnter(subscriber, room, ref, mostRooms)) {
                    replayRoom(subscriber, room, verdict.cursor().position(), ref);
                }
            });
        });
    }

    private boolean mayEnter(Subscriber subscriber, RoomName room, String ref, int mostRooms) {
        if (!subscriber.owner.mayJoin(room)) {
            refuse(subscriber, ErrorCode.FORBIDDEN_ROOM, "you may not be in " + room, ref);
            return false;
        }
        boolean isNew = !subscriber.rooms().contains(room);
        if (isNew && mostRooms > 0 && subscriber.rooms().size() >= mostRooms) {
            refuse(subscriber, ErrorCode.TOO_MANY_ROOMS, "at most " + mostRooms + " rooms", ref);
            return false;
        }
        return true;
    }

    private void refuse(Subscriber subscriber, ErrorCode code, String why, String ref) {
        subscriber.owner.refused(code);
        say(subscriber, ServerMessage.error(code, why, ref));
    }

    /** Takes a connection out of a room and says so. */
    public void unsubscribe(Subscriber subscriber, RoomName room, String reason, String ref) {
        whenOpen(subscriber, () -> {
            exit(subscriber, room);
            say(subscriber, ServerMessage.unsubscribed(room, reason, ref));
        });
    }

    /** Fits the rooms of a connection to its new rights, and says what changed. */
    public void adjust(Subscriber subscriber, Function<Standing, Optional<RoomChange>> change) {
        whenOpen(subscriber, () -> change.apply(standing).ifPresent(rooms -> adjustNow(subscriber, rooms)));
    }

    private void adjustNow(Subscriber subscriber, RoomChange change) {
        for (RoomName room : List.copyOf(subscriber.rooms())) {
            if (!change.allowed().test(room)) {
                exit(subscriber, room);
                presence.stopWatching(subscriber, room);
                say(subscriber, ServerMessage.unsubscribed(room, "permission_revoked", null));
            }
        }
        for (RoomName room : change.added()) {
            if (!subscriber.rooms().contains(room)) {
                enter(subscriber, room);
                say(subscriber, ServerMessage.subscribed(room, null));
            }
        }
    }

    /** Who may still be here; empty until the stream has opened. From any thread. */
    public Optional<Standing> standing() {
        return open ? Optional.of(standing) : Optional.empty();
    }

    /** Tells a connection who is in a room, and from now on who comes and goes. */
    public void watch(Subscriber subscriber, RoomName room, String ref) {
        whenOpen(subscriber, () -> {
            if (subscriber.owner.mayJoin(room)) {
                say(subscriber, presence.answer(subscriber, room, ref, this::say));
            } else {
                refuse(subscriber, ErrorCode.FORBIDDEN_ROOM, "you may not be in " + room, ref);
            }
        });
    }

    /** Time to tell who came and went. */
    void presenceTick() {
        step(() -> presence.tick(this::say));
    }

    /** The connections of this node that are in a room. From any thread. */
    public CompletableFuture<List<Subscriber.Who>> members(RoomName room) {
        CompletableFuture<List<Subscriber.Who>> answer = new CompletableFuture<>();
        step(() -> answer.complete(
                rooms.in(room).stream().map(member -> member.owner.who()).toList()));
        return answer;
    }

    /** Queues a frame that tells the connection how far it has got. */
    public void ping(Subscriber subscriber) {
        step(() -> {
            if (open && subscribers.contains(subscriber) && (subscriber.live || subscriber.catchup != null)) {
                say(subscriber, ServerMessage.ping(cursorOf(subscriber)));
            }
        });
    }

    /**
     * The connection is gone.
     *
     * @param reason of the close, or {@code peer}
     * @param firstDropped position of the first event that was queued and did not leave, where that is known
     */
    public void leave(Subscriber subscriber, String reason, Optional<Long> firstDropped) {
        step(() -> {
            endSpan(subscriber, firstDropped.map(dropped -> dropped - 1).orElse(positionOf(subscriber)), reason);
            subscriber.gone = true;
            subscribers.remove(subscriber);
            presence.stopWatching(subscriber);
            List.copyOf(subscriber.rooms()).forEach(room -> exit(subscriber, room));
        });
    }

    /** The queue of a connection that is behind ran empty. */
    public void drained(Subscriber subscriber) {
        step(() -> {
            if (subscriber.catchup != null) {
                subscriber.catchup.waiting = false;
                pump(subscriber);
            }
        });
    }

    /** Connections of this node that an event for these rooms goes to. From any thread, without waiting where it can. */
    public CompletableFuture<Integer> audience(List<RoomName> names) {
        if (names.size() < 2) {
            return CompletableFuture.completedFuture(names.isEmpty() ? 0 : rooms.size(names.get(0)));
        }
        CompletableFuture<Integer> answer = new CompletableFuture<>();
        step(() -> answer.complete(rooms.inAny(names).size()));
        return answer;
    }

    /** Rooms that have a member on this node, and how many. From any thread. */
    public Map<RoomName, Integer> roomSizes() {
        return rooms.sizes();
    }

    // ---- the machinery of steps ----

    private void step(Runnable task) {
        steps.add(task);
        if (stepsLeft.getAndIncrement() == 0) {
            node.threads().delivery().execute(this::turn);
        }
    }

    private void turn() {
        int done = 0;
        while (done < STEPS_A_TURN) {
            Runnable task = steps.poll();
            if (task == null) {
                break;
            }
            done++;
            try {
                task.run();
            } catch (RuntimeException | Error fault) {
                log.error("a step of the stream failed org={}", orgId, fault);
            }
        }
        if (stepsLeft.addAndGet(-done) > 0) {
            node.threads().delivery().execute(this::turn);
        }
    }

    /**
     * Asks the log on another thread; what it says becomes a step, unless the log went back meanwhile: then everybody who
     * asked was sent away.
     */
    private <T> void ask(Supplier<T> question, Consumer<T> answered, Consumer<RuntimeException> failed) {
        int asked = generation;
        node.threads().reader().execute(() -> {
            Runnable outcome;
            try {
                T answer = question.get();
                outcome = () -> answered.accept(answer);
            } catch (RuntimeException failure) {
                log.warn("the log cannot be read org={} position={} cause={}", orgId, position, failure.toString());
                outcome = () -> failed.accept(failure);
            }
            Runnable step = outcome;
            step(() -> {
                if (asked == generation) {
                    step.run();
                }
            });
        });
    }

    // ---- opening ----

    private void whenOpen(Subscriber subscriber, Runnable task) {
        step(() -> {
            if (subscriber.gone) {
                return;
            }
            if (open) {
                task.run();
                return;
            }
            waitingForOpen.add(() -> {
                if (open) {
                    task.run();
                } else {
                    subscriber.owner.unavailable();
                }
            });
            openStream();
        });
    }

    /** What a stream starts with: where the log stands and its newest events. */
    private record Opening(EventLog.State state, List<LoggedEvent> newest, List<LoggedEvent> controls) {}

    private void openStream() {
        if (opening) {
            return;
        }
        opening = true;
        ask(
                () -> {
                    EventLog.State state = node.log().state(orgId);
                    long after = Math.max(state.floor(), state.head() - CHUNK);
                    return new Opening(
                            state,
                            node.log().read(orgId, after, state.head(), CHUNK),
                            node.log().controls(orgId, Standing.WINDOW, state.head()));
                },
                this::opened,
                failure -> {
                    opening = false;
                    runAll(waitingForOpen);
                });
    }

    private void opened(Opening found) {
        EventLog.State state = found.state();
        epoch = state.epoch();
        fingerprint = state.headFingerprint();
        long before =
                found.newest().isEmpty() ? state.head() : found.newest().get(0).position() - 1;
        tail.restartAfter(before);
        found.newest().forEach(event -> tail.add(Frame.of(event, epoch)));
        position = state.head();
        knownHead = position;
        standing = new Standing();
        found.controls().forEach(control -> standing.add(control.event()));
        open = true;
        opening = false;
        runAll(waitingForOpen);
        deliverIncoming();
    }

    private static void runAll(List<Runnable> tasks) {
        List<Runnable> now = List.copyOf(tasks);
        tasks.clear();
        now.forEach(Runnable::run);
    }

    // ---- events on their way out ----

    private void deliverIncoming() {
        if (!open) {
            if (!opening) {
                incoming.clear(); // read from the log when somebody comes
            }
            return;
        }
        List<Frame> round = new ArrayList<>();
        for (Frame next = incoming.poll();
                next != null;
                next = round.size() < EVENTS_A_ROUND ? incoming.poll() : null) {
            round.add(next);
        }
        deliver(round);
        if (!incoming.isEmpty()) {
            step(this::deliverIncoming);
        }
    }

    /** Takes what follows without a hole; what lies beyond a hole makes the stream read the log. */
    private void deliver(List<Frame> frames) {
        List<Frame> next = new ArrayList<>(frames.size());
        for (Frame frame : frames) {
            long expected = position + 1;
            if (frame.position() > expected) {
                readUpTo(frame.position());
                break;
            }
            if (frame.position() < expected) {
                // Delivered before, by a read of the log. Or another event at a place that was taken.
                if (!tail.holds(frame.position()) || tail.at(frame.position()).fingerprint() != frame.fingerprint()) {
                    logWentBack();
                    return;
                }
                continue;
            }
            if (frame.control().isPresent()) {
                fanOut(next); // what stands before a change of rights goes out under the old ones
                next.clear();
                tail.add(frame);
                fingerprint = frame.fingerprint();
                position = expected;
                change(frame.control().get());
            } else {
                tail.add(frame);
                fingerprint = frame.fingerprint();
                position = expected;
            }
            next.add(frame);
        }
        knownHead = Math.max(knownHead, position);
        fanOut(next);
    }

    private void change(NewEvent control) {
        Optional<String> user = standing.add(control);
        for (Subscriber subscriber : List.copyOf(subscribers)) {
            if (user.isEmpty() || subscriber.owner.isUser(user.get())) {
                subscriber.owner.standingChanged(standing).ifPresent(change -> adjustNow(subscriber, change));
            }
        }
    }

    /** Frames that are for the same rooms go to each of their members in one go; everybody is flushed once, at the end. */
    private void fanOut(List<Frame> frames) {
        List<Subscriber> touched = new ArrayList<>();
        for (int from = 0; from < frames.size(); ) {
            List<RoomName> audience = frames.get(from).rooms();
            int to = from + 1;
            while (to < frames.size() && frames.get(to).rooms().equals(audience)) {
                to++;
            }
            offerTo(rooms.inAny(audience), frames.subList(from, to), touched);
            from = to;
        }
        for (Subscriber subscriber : touched) {
            subscriber.touched = false;
            subscriber.queue.flush();
        }
    }

    private void offerTo(Collection<Subscriber> members, List<Frame> frames, List<Subscriber> touched) {
        for (Subscriber subscriber : members) {
            if (!subscriber.live) {
                continue;
            }
            for (Frame frame : frames) {
                if (!subscriber.queue.offer(frame)) {
                    subscriber.owner.tooSlow();
                    break;
                }
            }
            node.meter().delivered(frames.size());
            if (!subscriber.touched) {
                subscriber.touched = true;
                touched.add(subscriber);
            }
        }
    }

    private void readUpTo(long head) {
        knownHead = Math.max(knownHead, head);
        if (reading || position >= knownHead) {
            return;
        }
        reading = true;
        long after = position;
        ask(
                () -> node.log().read(orgId, after, Long.MAX_VALUE, EVENTS_A_ROUND),
                events -> {
                    reading = false;
                    deliver(events.stream().map(event -> Frame.of(event, epoch)).toList());
                    if (events.isEmpty()) {
                        logWentBack();
                    } else if (position < knownHead) {
                        readUpTo(knownHead);
                    } else {
                        runAll(waitingForLog);
                    }
                },
                failure -> {
                    reading = false;
                    runAll(waitingForLog);
                });
    }

    /**
     * The store holds less or other events than were delivered: it was restored from an older copy. What this node believes
     * is void; everybody comes back with a cursor, which is then held against what is really there.
     */
    private void logWentBack() {
        log.error("the log went back in time org={} position={}", orgId, position);
        generation++;
        open = false;
        reading = false;
        incoming.clear();
        chunks.clear();
        chunkReaders.clear();
        waitingForLog.clear();
        List.copyOf(subscribers).forEach(subscriber -> subscriber.owner.unavailable());
    }

    // ---- rooms ----

    private void admit(Subscriber subscriber, Set<RoomName> wanted, Resume resume, Cursor from) {
        if (subscriber.gone) {
            return;
        }
        subscriber.position = from.position();
        subscriber.fingerprint = from.fingerprint();
        wanted.forEach(room -> {
            subscriber.enter(room, from.position());
            rooms.add(room, subscriber);
            presence.changed(room);
        });
        beginSpan(subscriber, resume instanceof Resume.Recovered);
        subscriber.owner.joined(resume, from, wanted);
        if (resume instanceof Resume.Recovered) {
            subscriber.catchup = new Catchup();
            subscriber.catchup.caughtUpAt = position;
            pump(subscriber);
        } else {
            subscriber.live = true;
        }
    }

    private void enter(Subscriber subscriber, RoomName room) {
        if (!subscriber.rooms().contains(room)) {
            subscriber.enter(room, positionOf(subscriber));
            rooms.add(room, subscriber);
            presence.changed(room);
            changeSpan(subscriber);
        }
    }

    private void exit(Subscriber subscriber, RoomName room) {
        subscriber.leave(room, positionOf(subscriber));
        rooms.remove(room, subscriber);
        presence.changed(room);
        changeSpan(subscriber);
    }

    // ---- what is remembered for those who ask why ----

    private void beginSpan(Subscriber subscriber, boolean resumed) {
        subscriber.span = UUID.randomUUID();
        node.spans()
                .begin(new Span(
                        subscriber.span,
                        orgId,
                        subscriber.owner.who().connectionId(),
                        subscriber.owner.principal(),
                        subscriber.owner.kind(),
                        List.copyOf(subscriber.rooms()),
                        positionOf(subscriber),
                        resumed,
                        node.clock().instant()));
    }

    private void changeSpan(Subscriber subscriber) {
        if (subscriber.span != null) {
            endSpan(subscriber, positionOf(subscriber), "rooms_changed");
            beginSpan(subscriber, false);
        }
    }

    private void endSpan(Subscriber subscriber, long at, String reason) {
        if (subscriber.span != null) {
            node.spans().end(new Span.End(subscriber.span, at, node.clock().instant(), reason));
            subscriber.span = null;
        }
    }

    private void replayRoom(Subscriber subscriber, RoomName room, long after, String ref) {
        if (subscriber.gone) {
            return;
        }
        if (subscriber.live) {
            subscriber.position = position;
            subscriber.fingerprint = fingerprint;
        }
        RoomReplay replay = new RoomReplay(room, after, subscriber.position, ref);
        enter(subscriber, room);
        subscriber.live = false;
        if (subscriber.catchup == null) {
            subscriber.catchup = new Catchup();
        }
        subscriber.catchup.roomReplays.add(replay);
        say(subscriber, ServerMessage.subscribed(room, ref));
        pump(subscriber);
    }

    private long positionOf(Subscriber subscriber) {
        return subscriber.live ? position : subscriber.position;
    }

    private Cursor cursorOf(Subscriber subscriber) {
        return subscriber.live ? head() : new Cursor(epoch, subscriber.position, subscriber.fingerprint);
    }

    private Cursor head() {
        return new Cursor(epoch, position, fingerprint);
    }

    private void say(Subscriber subscriber, ServerMessage message) {
        offer(subscriber, Frame.of(message, node.clock().instant()));
        subscriber.queue.flush();
    }

    private static void offer(Subscriber subscriber, Frame frame) {
        if (!subscriber.queue.offer(frame)) {
            subscriber.owner.tooSlow();
        }
    }

    // ---- who is behind ----

    /** @param cursor the client's own, parsed; null when refused */
    private record Verdict(Resume resume, Cursor cursor) {}

    /** Holds a cursor against the log and counts what was missed since. */
    private void judge(String text, Set<RoomName> wanted, Subscriber subscriber, Consumer<Verdict> then) {
        Optional<Cursor> parsed = Cursor.parse(text);
        if (parsed.isEmpty()) {
            then.accept(refused(Reason.INVALID_CURSOR));
            return;
        }
        Cursor cursor = parsed.get();
        if (!cursor.epoch().equals(epoch)) {
            then.accept(refused(Reason.EPOCH_CHANGED));
        } else if (cursor.position() > position) {
            catchUpWithLog(cursor, wanted, subscriber, then);
        } else if (cursor.position() == position) {
            boolean same = cursor.fingerprint() == fingerprint;
            then.accept(same ? recovered(0, cursor) : refused(Reason.EPOCH_CHANGED));
        } else if (tail.holds(cursor.position())) {
            boolean same = cursor.fingerprint() == tail.at(cursor.position()).fingerprint();
            then.accept(
                    same ? recovered(countInTail(cursor.position(), wanted), cursor) : refused(Reason.EPOCH_CHANGED));
        } else {
            judgeByLog(cursor, wanted, subscriber, then);
        }
    }

    private static Verdict refused(Reason reason) {
        return new Verdict(new Resume.Refused(reason), null);
    }

    private static Verdict recovered(long missed, Cursor cursor) {
        return missed > MAX_REPLAY ? refused(Reason.TOO_MANY) : new Verdict(new Resume.Recovered(missed), cursor);
    }

    /** The client knows more than this node: it was on another one, or this one is late. The log decides. */
    private void catchUpWithLog(Cursor cursor, Set<RoomName> wanted, Subscriber subscriber, Consumer<Verdict> then) {
        ask(
                () -> node.log().state(orgId).head(),
                head -> {
                    if (head < cursor.position()) {
                        then.accept(refused(Reason.INVALID_CURSOR));
                    } else if (position >= cursor.position()) {
                        judge(cursor.toString(), wanted, subscriber, then);
                    } else {
                        waitingForLog.add(() -> {
                            if (position < cursor.position()) {
                                subscriber.owner.unavailable();
                            } else {
                                judge(cursor.toString(), wanted, subscriber, then);
                            }
                        });
                        readUpTo(head);
                    }
                },
                failure -> subscriber.owner.unavailable());
    }

    private long countInTail(long after, Set<RoomName> wanted) {
        long missed = 0;
        for (long at = after + 1; at <= position; at++) {
            if (namesOneOf(tail.at(at), wanted)) {
                missed++;
            }
        }
        return missed;
    }

    private static boolean namesOneOf(Frame frame, Set<RoomName> wanted) {
        for (RoomName room : frame.rooms()) {
            if (wanted.contains(room)) {
                return true;
            }
        }
        return false;
    }

    private void judgeByLog(Cursor cursor, Set<RoomName> wanted, Subscriber subscriber, Consumer<Verdict> then) {
        long head = position;
        ask(
                () -> judgedByLog(cursor, wanted, head),
                verdict -> then.accept(
                        verdict.resume() instanceof Resume.Recovered older
                                ? recovered(older.events() + newerThan(head, wanted), cursor)
                                : verdict),
                failure -> subscriber.owner.unavailable());
    }

    private Verdict judgedByLog(Cursor cursor, Set<RoomName> wanted, long head) {
        EventLog.State state = node.log().state(orgId);
        long at = cursor.position();
        if (at < state.floor()) {
            return refused(Reason.TOO_OLD);
        }
        int found = state.floorFingerprint();
        if (at > state.floor()) {
            List<LoggedEvent> event = node.log().read(orgId, at - 1, at, 1);
            if (event.isEmpty()) {
                return refused(Reason.TOO_OLD); // retention came in between
            }
            found = Cursor.fingerprint(event.get(0).event().id());
        }
        if (found != cursor.fingerprint()) {
            return refused(Reason.EPOCH_CHANGED);
        }
        return recovered(node.log().count(orgId, at, head, wanted, MAX_REPLAY), cursor);
    }

    /** What came while the log was asked. The tail holds it, unless far more came than is replayed to anybody. */
    private long newerThan(long head, Set<RoomName> wanted) {
        return tail.coversAfter(head) ? countInTail(head, wanted) : MAX_REPLAY + 1L;
    }

    /** Gives a connection that is behind as much as its queue should hold, and makes it live when nothing is missing. */
    private void pump(Subscriber subscriber) {
        Catchup catchup = subscriber.catchup;
        if (subscriber.gone || catchup == null || catchup.waiting) {
            return;
        }
        while (subscriber.queue.queuedBytes() < REPLAY_WINDOW_BYTES) {
            boolean moved = catchup.roomReplays.isEmpty()
                    ? advance(subscriber, catchup)
                    : advanceRoom(subscriber, catchup, catchup.roomReplays.peek());
            if (!moved) {
                subscriber.queue.flush();
                return;
            }
        }
        catchup.waiting = true;
        subscriber.queue.tellWhenDrained();
    }

    /** @return false when there is nothing to be done now: it is live, or waits for the log */
    private boolean advance(Subscriber subscriber, Catchup catchup) {
        if (subscriber.position == catchup.caughtUpAt) {
            catchup.caughtUpAt = -1;
            say(subscriber, ServerMessage.caughtUp(catchup.replayed, cursorOf(subscriber), null));
        }
        if (subscriber.position == position) {
            subscriber.live = true;
            subscriber.catchup = null;
            return false;
        }
        Optional<List<Frame>> frames = framesAfter(subscriber.position, subscriber);
        if (frames.isEmpty()) {
            return false;
        }
        for (Frame frame : frames.get()) {
            subscriber.position = frame.position();
            subscriber.fingerprint = frame.fingerprint();
            if (subscriber.isInAnyOf(frame.rooms())) {
                offer(subscriber, frame);
                catchup.replayed++;
            }
            if (subscriber.position == catchup.caughtUpAt || subscriber.queue.queuedBytes() >= REPLAY_WINDOW_BYTES) {
                break;
            }
        }
        return true;
    }

    private boolean advanceRoom(Subscriber subscriber, Catchup catchup, RoomReplay replay) {
        if (replay.position >= replay.upTo) {
            catchup.roomReplays.remove();
            say(subscriber, ServerMessage.caughtUp(replay.replayed, cursorOf(subscriber), replay.ref));
            return true;
        }
        Optional<List<Frame>> frames = framesAfter(replay.position, subscriber);
        if (frames.isEmpty()) {
            return false;
        }
        for (Frame frame : frames.get()) {
            if (frame.position() > replay.upTo) {
                replay.position = replay.upTo;
                break;
            }
            replay.position = frame.position();
            if (frame.rooms().contains(replay.room)
                    && subscriber.rooms().contains(replay.room)
                    && !subscriber.isBroughtAnyway(frame)) {
                offer(subscriber, frame.replayed());
                replay.replayed++;
            }
            if (subscriber.queue.queuedBytes() >= REPLAY_WINDOW_BYTES) {
                break;
            }
        }
        return true;
    }

    /** @return empty when they have to be read first; the connection is pumped again when they are there */
    private Optional<List<Frame>> framesAfter(long after, Subscriber subscriber) {
        if (tail.coversAfter(after)) {
            return Optional.of(tail.after(after, CHUNK));
        }
        long chunk = chunkOf(after);
        List<Frame> cached = chunks.getOrDefault(chunk, List.of());
        if (reachesBehind(cached, after)) {
            int index = (int) (after + 1 - cached.get(0).position());
            return Optional.of(cached.subList(index, cached.size()));
        }
        subscriber.catchup.waiting = true;
        List<ChunkReader> readers = chunkReaders.computeIfAbsent(chunk, start -> new ArrayList<>());
        readers.add(new ChunkReader(subscriber, after));
        if (readers.size() == 1) {
            readChunk(chunk);
        }
        return Optional.empty();
    }

    /** A connection that waits for the events after a position. */
    private record ChunkReader(Subscriber subscriber, long after) {}

    private static long chunkOf(long after) {
        return after - after % CHUNK;
    }

    private static boolean reachesBehind(List<Frame> chunk, long after) {
        return !chunk.isEmpty()
                && chunk.get(0).position() <= after + 1
                && chunk.get(chunk.size() - 1).position() > after;
    }

    private void readChunk(long chunk) {
        ask(
                () -> node.log().read(orgId, chunk, chunk + CHUNK, CHUNK),
                events -> {
                    List<Frame> frames =
                            events.stream().map(event -> Frame.of(event, epoch)).toList();
                    chunks.put(chunk, frames);
                    chunkReaders.remove(chunk).forEach(reader -> goOn(reader, frames));
                },
                failure -> chunkReaders
                        .remove(chunk)
                        .forEach(reader -> reader.subscriber().owner.unavailable()));
    }

    private void goOn(ChunkReader reader, List<Frame> chunk) {
        Subscriber subscriber = reader.subscriber();
        if (subscriber.catchup == null) {
            return;
        }
        subscriber.catchup.waiting = false;
        if (reachesBehind(chunk, reader.after())) {
            pump(subscriber);
        } else {
            subscriber.owner.unavailable(); // retention was faster: the client comes back and is told too_old
        }
    }
}
