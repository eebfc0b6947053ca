package dev.bellhop.realtime.delivery;

import dev.bellhop.model.wire.Cursor;
import dev.bellhop.model.wire.ErrorCode;
import dev.bellhop.model.wire.RoomName;
import dev.bellhop.model.wire.ServerMessage;
import dev.bellhop.realtime.delivery.Subscriber.Resume;
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
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
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
    /** Events that leave together at most. */
    private static final int EVENTS_A_ROUND = 512;

    private static final Logger log = LoggerFactory.getLogger(OrgStream.class);

    /** What a stream needs from its node; shared by all. */
    record Node(
            EventLog log,
            Predicate<UUID> appending,
            NodeThreads threads,
            Clock clock,
            FrameMemory memory,
            Duration presenceGrace,
            DeliveryMeter meter,
            SpanLog spans) {}

    private final UUID orgId;
    private final Node node;

    private final Steps steps;
    /** Appended here, not delivered yet. */
    private final ConcurrentLinkedQueue<Frame> incoming = new ConcurrentLinkedQueue<>();

    private final Rooms rooms = new Rooms();
    private final LogView view;

    // From here on: touched by steps only, but for what is volatile.
    private final CursorCheck cursors;
    private final Catchup catchup;
    private final Presence presence;
    private final Pace pace;
    /** Whose cursor is being looked at. */
    private final Set<Subscriber> joining = new HashSet<>();

    private final Set<Subscriber> subscribers = new HashSet<>();
    private final List<Runnable> waitingForOpen = new ArrayList<>();
    private final List<Runnable> waitingForLog = new ArrayList<>();
    private final List<Runnable> waitingForRound = new ArrayList<>();
    private volatile boolean open;
    /** Replaced with every opening, before {@link #open} is set. */
    private volatile Standing standing = new Standing();

    /** Counts the changes of {@link #standing}. */
    private long standingChanges;

    private boolean opening;
    /** The log is being read because it is known to reach further than this stream. */
    private boolean reading;
    /** The log is being asked whether it still ends as this stream does. */
    private boolean comparing;
    /** The other nodes' connections are being asked for, for those who watch a room. */
    private boolean asking;

    /** How far the log is known to reach. */
    private long knownHead;

    OrgStream(UUID orgId, Node node) {
        this.orgId = orgId;
        this.node = node;
        this.steps = new Steps(node.threads().delivery(), node.threads().reader(), this::stepFailed);
        this.view = new LogView(node.memory());
        this.cursors = new CursorCheck(orgId, view, node.log(), steps, this::follow);
        this.catchup = new Catchup(orgId, view, node.log(), steps, node.clock(), node.memory(), this::noteReplay);
        this.presence = new Presence(rooms, node.presenceGrace());
        this.pace = new Pace(
                () -> node.appending().test(orgId),
                System::nanoTime,
                node.threads().timer(),
                steps,
                this::deliverIncoming);
    }

    // ---- asked for by others, from any thread ----

    /** Events that this node has appended, ascending. */
    void appended(String epochOfLog, List<LoggedEvent> events) {
        for (LoggedEvent event : events) {
            incoming.add(Frame.of(event, epochOfLog));
        }
        steps.add(pace::begin);
    }

    /** Nobody is here any more, so nothing is kept; who comes all the same opens the stream again. */
    void forget() {
        steps.add(() -> {
            if (open && subscribers.isEmpty() && joining.isEmpty()) {
                shut();
                view.forget();
            }
        });
    }

    /** Runs a short task once what was appended before has been given to the sockets. */
    void afterDelivery(Runnable task) {
        steps.add(() -> {
            if (incoming.isEmpty()) {
                task.run();
            } else {
                waitingForRound.add(task);
            }
        });
    }

    /** The log reaches at least that far. A hint: it may be late, early or missing. */
    void logReaches(long head) {
        if (head > view.position()) {
            steps.add(() -> {
                if (open) {
                    pace.beginNow(); // which may bring all that there is to read
                    readUpTo(head);
                }
            });
        }
    }

    /** The log was found to end there. It may have been read before the last events were appended, or they are gone. */
    void logEndsAt(long head) {
        if (head < view.position()) {
            steps.add(() -> {
                if (open) {
                    compareHead();
                }
            });
        }
        logReaches(head);
    }

    /** Position of the last event that was delivered. */
    long position() {
        return view.position();
    }

    /**
     * Lets a connection in, into the rooms that its owner names.
     *
     * @param cursor as the client gave it, or null
     */
    public void join(Subscriber subscriber, String cursor) {
        whenOpen(subscriber, () -> {
            joining.add(subscriber);
            enterWith(subscriber, cursor);
        });
    }

    private void enterWith(Subscriber subscriber, String cursor) {
        Optional<Set<RoomName>> wanted = subscriber.owner.enter(standing);
        if (wanted.isEmpty() || cursor == null) {
            wanted.ifPresent(rooms -> admit(subscriber, rooms, new Resume.Fresh(), view.head()));
            return;
        }
        long known = standingChanges;
        Consumer<CursorCheck.Verdict> judged = verdict -> {
            if (subscriber.gone) {
                return;
            }
            // The log may have been asked meanwhile, and the rights may have changed in that time.
            if (standingChanges != known && !subscriber.owner.enter(standing).equals(wanted)) {
                enterWith(subscriber, cursor);
                return;
            }
            boolean recovered = verdict.resume() instanceof Resume.Recovered;
            admit(subscriber, wanted.get(), verdict.resume(), recovered ? verdict.cursor() : view.head());
        };
        cursors.judge(cursor, wanted.get(), judged, subscriber.owner::unavailable);
        if (joining.contains(subscriber)) {
            subscriber.owner.keptWaiting();
        }
    }

    /**
     * Adds a room to a connection that was let in. The answer is a frame of that name, and the missed events and
     * {@code caught_up} when a cursor was given; or an {@code error}.
     *
     * @param mostRooms 0 for no limit
     */
    public void subscribe(Subscriber subscriber, RoomName room, String since, String ref, int mostRooms) {
        inOrder(subscriber, () -> {
            if (!mayEnter(subscriber, room, ref, mostRooms)) {
                return;
            }
            if (since == null) {
                enter(subscriber, room);
                say(subscriber, ServerMessage.subscribed(room, ref));
                return;
            }
            Consumer<CursorCheck.Verdict> judged = verdict -> {
                if (verdict.resume() instanceof Resume.Refused refused) {
                    String why = refused.reason().wireName() + ": subscribe without since and fetch the records again";
                    refuse(subscriber, ErrorCode.INVALID_MESSAGE, why, ref);
                } else if (mayEnter(subscriber, room, ref, mostRooms)) {
                    replayRoom(subscriber, room, verdict.cursor().position(), ref);
                }
                subscriber.answering = false;
                serve(subscriber);
            };
            subscriber.answering = true;
            cursors.judge(since, Set.of(room), judged, subscriber.owner::unavailable);
        });
    }

    /** Does what a client asks for once what it asked for before is done; that may have to wait for the log. */
    private void inOrder(Subscriber subscriber, Runnable request) {
        whenOpen(subscriber, () -> {
            if (subscriber.requests == null) {
                subscriber.requests = new ArrayDeque<>(2);
            }
            subscriber.requests.add(request);
            serve(subscriber);
        });
    }

    private static void serve(Subscriber subscriber) {
        if (subscriber.serving) {
            return;
        }
        subscriber.serving = true;
        while (!subscriber.answering && !subscriber.gone && subscriber.requests != null) {
            Runnable request = subscriber.requests.remove();
            if (subscriber.requests.isEmpty()) {
                subscriber.requests = null;
            }
            request.run();
        }
        subscriber.serving = false;
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
        inOrder(subscriber, () -> {
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
                say(subscriber, ServerMessage.unsubscribed(room, "permission_revoked", null));
            }
        }
        presence.stopWatching(subscriber, change.allowed());
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
        whenOpen(
                subscriber,
                () -> askElsewhere(() -> {
                    if (subscriber.gone) {
                        return;
                    }
                    if (subscriber.owner.mayJoin(room)) {
                        say(subscriber, presence.answer(subscriber, room, ref, this::say));
                    } else {
                        refuse(subscriber, ErrorCode.FORBIDDEN_ROOM, "you may not be in " + room, ref);
                    }
                }));
    }

    /**
     * Finds who is on the other nodes, then goes on; at once where there are none, and with what was known when the store cannot be
     * asked.
     */
    private void askElsewhere(Runnable then) {
        if (node.spans().others().isEmpty()) {
            presence.elsewhere(List.of());
            then.run();
            return;
        }
        steps.ask(
                () -> node.spans().elsewhere(Optional.of(orgId)),
                found -> {
                    presence.elsewhere(found);
                    then.run();
                },
                failure -> then.run());
    }

    /** Time to tell who came and went. */
    void presenceTick() {
        steps.add(() -> {
            if (presence.isWatched() && !asking) {
                asking = true;
                askElsewhere(() -> {
                    asking = false;
                    presence.tick(this::say);
                });
            }
        });
    }

    /** The connections of this node that are in a room. From any thread. */
    public CompletableFuture<List<Subscriber.Who>> members(RoomName room) {
        CompletableFuture<List<Subscriber.Who>> answer = new CompletableFuture<>();
        steps.add(() -> answer.complete(
                rooms.in(room).stream().map(member -> member.owner.who()).toList()));
        return answer;
    }

    /** Queues a frame that tells the connection how far it has got. */
    public void ping(Subscriber subscriber) {
        steps.add(() -> {
            if (open && subscribers.contains(subscriber)) {
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
        steps.add(() -> {
            endSpan(subscriber, firstDropped.map(dropped -> dropped - 1).orElse(positionOf(subscriber)), reason);
            subscriber.gone = true;
            joining.remove(subscriber);
            subscribers.remove(subscriber);
            presence.stopWatching(subscriber);
            List.copyOf(subscriber.rooms()).forEach(room -> exit(subscriber, room));
        });
    }

    /** The queue of a connection that is behind ran empty. */
    public void drained(Subscriber subscriber) {
        steps.add(() -> catchup.drained(subscriber));
    }

    /** Connections of this node that an event for these rooms goes to. From any thread, without waiting where it can. */
    public CompletableFuture<Integer> audience(List<RoomName> names) {
        if (names.size() < 2) {
            return CompletableFuture.completedFuture(names.isEmpty() ? 0 : rooms.size(names.get(0)));
        }
        CompletableFuture<Integer> answer = new CompletableFuture<>();
        steps.add(() -> answer.complete(rooms.inAny(names).size()));
        return answer;
    }

    /** Rooms that have a member on this node, and how many. From any thread. */
    public Map<RoomName, Integer> roomSizes() {
        return rooms.sizes();
    }

    // ---- opening ----

    private void whenOpen(Subscriber subscriber, Runnable task) {
        steps.add(() -> {
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
            subscriber.owner.keptWaiting();
        });
    }

    /** What a stream starts with: where the log stands and its newest events. */
    private record Opening(EventLog.State state, List<LoggedEvent> newest, List<LoggedEvent> controls) {}

    private void openStream() {
        if (opening) {
            return;
        }
        opening = true;
        steps.ask(
                () -> {
                    EventLog.State state = node.log().state(orgId);
                    long after = Math.max(state.floor(), state.head() - Catchup.CHUNK);
                    return new Opening(
                            state,
                            node.log().read(orgId, after, state.head(), Catchup.CHUNK),
                            node.log().controls(orgId, Standing.WINDOW, state.head()));
                },
                this::opened,
                failure -> {
                    opening = false;
                    runAll(waitingForOpen);
                    pace.beginNow();
                });
    }

    private void opened(Opening found) {
        view.restart(found.state(), found.newest());
        knownHead = view.position();
        standing = new Standing();
        found.controls().forEach(control -> standing.add(control.event()));
        standingChanges++;
        open = true;
        opening = false;
        runAll(waitingForOpen);
        pace.beginNow();
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
                runAll(waitingForRound);
            }
            return;
        }
        List<Frame> round = new ArrayList<>();
        for (Frame next = incoming.poll();
                next != null;
                next = round.size() < EVENTS_A_ROUND ? incoming.poll() : null) {
            round.add(next);
        }
        if (round.size() < EVENTS_A_ROUND) {
            waitingForRound.forEach(steps::add);
            waitingForRound.clear();
        }
        deliver(round);
        if (!incoming.isEmpty()) {
            steps.add(pace::begin);
        }
    }

    /** Takes what follows without a hole; what lies beyond a hole makes the stream read the log. */
    private void deliver(List<Frame> frames) {
        List<Frame> next = new ArrayList<>(frames.size());
        for (Frame frame : frames) {
            long expected = view.position() + 1;
            if (frame.position() > expected) {
                readUpTo(frame.position());
                break;
            }
            if (frame.position() < expected) {
                // Delivered before, by a read of the log. Or another event at a place that was taken.
                if (view.contradicts(frame)) {
                    startOver("the log went back in time");
                    return;
                }
                if (!view.tail().holds(frame.position())) {
                    compareHead();
                }
                continue;
            }
            if (frame.control().isPresent()) {
                fanOut(next); // what stands before a change of rights goes out under the old ones
                next.clear();
            }
            view.append(frame);
            frame.control().ifPresent(this::change);
            next.add(frame);
        }
        knownHead = Math.max(knownHead, view.position());
        fanOut(next);
    }

    /** Nobody here knows any more what stood at that place; the log is asked whether it still ends as this stream does. */
    private void compareHead() {
        if (comparing) {
            return;
        }
        comparing = true;
        Cursor head = view.head();
        steps.ask(
                () -> isStillIn(head),
                same -> {
                    comparing = false;
                    if (!same) {
                        startOver("the log went back in time");
                    }
                },
                failure -> comparing = false);
    }

    private boolean isStillIn(Cursor cursor) {
        EventLog.State state = node.log().state(orgId);
        if (!cursor.epoch().equals(state.epoch()) || cursor.position() > state.head()) {
            return false;
        }
        if (cursor.position() == state.head()) {
            return cursor.fingerprint() == state.headFingerprint();
        }
        if (cursor.position() == state.floor()) {
            return cursor.fingerprint() == state.floorFingerprint();
        }
        return node.log().read(orgId, cursor.position() - 1, cursor.position(), 1).stream()
                .anyMatch(event -> Cursor.fingerprint(event.event().id()) == cursor.fingerprint());
    }

    private void change(NewEvent control) {
        Optional<String> user = standing.add(control);
        standingChanges++;
        for (Subscriber subscriber : List.copyOf(subscribers)) {
            if (user.isEmpty() || subscriber.owner.isUser(user.get())) {
                subscriber.owner.standingChanged(standing).ifPresent(change -> adjustNow(subscriber, change));
            }
        }
    }

    /**
     * Frames that are for the same rooms go to each of their members in one go; everybody is flushed once, at the end. Other
     * threads are given way after each write: on a machine with few cores what comes in would wait a time slice at each of its
     * steps while a large room is written to.
     */
    @SuppressWarnings("ThreadPriorityCheck") // a hint that costs nothing where nobody waits
    private void fanOut(List<Frame> frames) {
        List<Subscriber> touched = new ArrayList<>();
        for (int from = 0; from < frames.size(); ) {
            List<RoomName> audience = frames.get(from).rooms();
            int to = from + 1;
            while (to < frames.size() && frames.get(to).rooms().equals(audience)) {
                to++;
            }
            Collection<Subscriber> members = rooms.inAny(audience);
            if (!members.isEmpty()) {
                Bundle.of(frames.subList(from, to), members.size())
                        .forEach(bundle -> offerTo(members, bundle, touched));
            }
            from = to;
        }
        for (Subscriber subscriber : touched) {
            flush(subscriber);
            Thread.yield();
        }
        pace.roundEnded(touched.size());
    }

    private static void flush(Subscriber subscriber) {
        subscriber.touched = false;
        subscriber.queue.flush();
    }

    private void offerTo(Collection<Subscriber> members, Bundle bundle, List<Subscriber> touched) {
        int offered = 0;
        for (Subscriber subscriber : members) {
            if (subscriber.live) {
                offered++;
                subscriber.offer(bundle);
                if (!subscriber.touched) {
                    subscriber.touched = true;
                    touched.add(subscriber);
                }
            }
        }
        node.meter().delivered(offered * bundle.events());
    }

    private void readUpTo(long head) {
        knownHead = Math.max(knownHead, head);
        if (reading || view.position() >= knownHead) {
            return;
        }
        reading = true;
        Cursor last = view.head();
        long after = last.position();
        steps.ask(
                // With the last one that was delivered: what follows another event at its place is another log.
                () -> node.log().read(orgId, Math.max(0, after - 1), Long.MAX_VALUE, EVENTS_A_ROUND),
                found -> {
                    reading = false;
                    boolean isOther = !found.isEmpty()
                            && found.get(0).position() == after
                            && Cursor.fingerprint(found.get(0).event().id()) != last.fingerprint();
                    if (isOther) {
                        startOver("the log went back in time");
                        return;
                    }
                    List<LoggedEvent> events = found.stream()
                            .filter(event -> event.position() > after)
                            .toList();
                    deliver(events.stream()
                            .map(event -> Frame.of(event, view.epoch()))
                            .toList());
                    if (events.isEmpty()) {
                        startOver("the log holds less than was delivered");
                    } else if (view.position() < knownHead) {
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

    /** Delivers up to a position that the log is known to have, then goes on; also when the log could not be read. */
    private void follow(long head, Runnable then) {
        if (view.position() >= head) {
            then.run();
        } else {
            waitingForLog.add(then);
            readUpTo(head);
        }
    }

    /** A fault in our own code. Who knows what was left undone: everybody starts over. */
    private void stepFailed(Throwable fault) {
        log.error("a step of the stream failed org={}", orgId, fault);
        startOver("a step failed");
    }

    private void shut() {
        steps.forgetQuestions();
        open = false;
        opening = false;
        reading = false;
        comparing = false;
        asking = false;
        incoming.clear();
        catchup.forget();
        waitingForLog.clear();
    }

    /**
     * What this node believes of the log is void: the store was restored from an older copy, or we erred. Everybody comes back
     * with a cursor, which is then held against what is really there.
     */
    private void startOver(String why) {
        log.error("stream starts over org={} position={} cause={}", orgId, view.position(), why);
        shut();
        runAll(waitingForOpen);
        List.copyOf(joining).forEach(subscriber -> subscriber.owner.unavailable());
        List.copyOf(subscribers).forEach(subscriber -> subscriber.owner.unavailable());
    }

    // ---- rooms ----

    private void admit(Subscriber subscriber, Set<RoomName> wanted, Resume resume, Cursor from) {
        joining.remove(subscriber);
        subscribers.add(subscriber);
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
            catchup.resume(subscriber);
        } else {
            subscriber.live = true;
        }
        subscriber.queue.flush();
        subscriber.owner.listen();
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

    private void replayRoom(Subscriber subscriber, RoomName room, long after, String ref) {
        if (subscriber.gone) {
            return;
        }
        if (subscriber.live) {
            subscriber.position = view.position();
            subscriber.fingerprint = view.head().fingerprint();
        }
        RoomReplay replay = new RoomReplay(room, after, subscriber.position, ref);
        enter(subscriber, room);
        say(subscriber, ServerMessage.subscribed(room, ref));
        catchup.replay(subscriber, replay);
    }

    private long positionOf(Subscriber subscriber) {
        return subscriber.live ? view.position() : subscriber.position;
    }

    private Cursor cursorOf(Subscriber subscriber) {
        return subscriber.live ? view.head() : new Cursor(view.epoch(), subscriber.position, subscriber.fingerprint);
    }

    private void say(Subscriber subscriber, ServerMessage message) {
        subscriber.offer(message, node.clock().instant());
        subscriber.queue.flush();
    }

    // ---- what is remembered for those who ask why ----

    private void beginSpan(Subscriber subscriber, boolean resumed) {
        subscriber.span = beginSpan(subscriber, List.copyOf(subscriber.rooms()), positionOf(subscriber), resumed);
    }

    private UUID beginSpan(Subscriber subscriber, List<RoomName> rooms, long after, boolean resumed) {
        UUID span = UUID.randomUUID();
        node.spans()
                .begin(new Span(
                        span,
                        orgId,
                        subscriber.owner.who().connectionId(),
                        subscriber.owner.principal(),
                        subscriber.owner.who().name(),
                        subscriber.owner.kind(),
                        subscriber.owner.address(),
                        subscriber.owner.who().since(),
                        rooms,
                        after,
                        resumed,
                        node.clock().instant()));
        return span;
    }

    /** A span of its own: that room alone brought those events, whatever else there was between them. */
    private void noteReplay(Subscriber subscriber, RoomReplay replay) {
        if (replay.position > replay.after) {
            UUID span = beginSpan(subscriber, List.of(replay.room), replay.after, true);
            node.spans()
                    .end(new Span.End(span, orgId, replay.position, node.clock().instant(), Span.End.REPLAYED));
        }
    }

    private void changeSpan(Subscriber subscriber) {
        if (subscriber.span != null) {
            endSpan(subscriber, positionOf(subscriber), "rooms_changed");
            beginSpan(subscriber, false);
        }
    }

    private void endSpan(Subscriber subscriber, long at, String reason) {
        if (subscriber.span != null) {
            node.spans()
                    .end(new Span.End(subscriber.span, orgId, at, node.clock().instant(), reason));
            subscriber.span = null;
        }
    }
}
