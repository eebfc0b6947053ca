package dev.bellhop.torture.check;

import dev.bellhop.torture.history.Entry;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * One logical client, held against the log of its organisation as its story goes on: I2, I3, I4, I7 and I8. It stands at a
 * position, up to which it has been told everything that is for it. A frame that brings it further says by that that nothing in
 * between was for its rooms.
 */
final class ClientCheck {
    /** What all clients are held against, complete before the first of them is looked at. */
    record World(
            Findings findings,
            Operations operations,
            FaultWindows faults,
            Map<UUID, Place> places,
            Deliveries deliveries) {}

    /** Where an event stands. */
    record Place(OrgLog log, long position) {}

    /** A room that was joined with a cursor: its events from there on are due until {@code caught_up}. */
    private record RoomReplay(int room, long since) {}

    /** A connection, for those who ask later when it ended. */
    record Span(int client, int session, String sid, long openedAt, List<Stay> stays) {}

    /** A time in a room; the empty name stands for the connection itself, from {@code connected} on. */
    static final class Stay {
        final String room;
        final long from;
        long to = Long.MAX_VALUE;

        Stay(String room, long from) {
            this.room = room;
            this.from = from;
        }
    }

    private static final int NO_SESSION = -1;

    private final Entry.Client client;
    private final OrgLog log;
    private final Rights rights;
    private final World world;
    private final Findings findings;

    /** By position: what the client has applied. */
    private final BitSet applied = new BitSet();

    private final List<Span> spans = new ArrayList<>();

    /** -1 before the first {@code connected}. */
    private long position = -1;

    /** The highest position that a frame told it, right or wrong. */
    private long told = -1;

    /** What it applied up to there it has thrown away, to fetch it anew. */
    private long remembersAfter;

    private boolean gone;

    // Of the present session.
    private Entry.Opened opened;
    private Entry.Connected connected;
    private int session = NO_SESSION;
    private boolean sameEpoch;
    private final BitSet rooms = new BitSet();
    /** Rooms that it has been in ever since its position; what is in the log for them has to have come. */
    private final BitSet must = new BitSet();
    /** Rooms that it has been in at some time since its position; what is in the log for them may come. */
    private final BitSet may = new BitSet();

    private final Deque<RoomReplay> replays = new ArrayDeque<>();
    /** Still to come before the {@code caught_up} of the resume; -1 when that came or none is due. */
    private long announced = -1;
    /** A position that was read and not applied, -1 for none. */
    private long unapplied = -1;

    // Rights from a position up to the next change, of each room once it was asked for.
    private long rightsFrom;
    private long rightsTo;
    private boolean good;
    private final BitSet allowed = new BitSet();
    private final BitSet judged = new BitSet();

    ClientCheck(Entry.Client client, OrgLog log, Rights rights, World world) {
        this.client = client;
        this.log = log;
        this.rights = rights;
        this.world = world;
        this.findings = world.findings();
    }

    @Override
    public String toString() {
        return "client %d".formatted(client.client());
    }

    String org() {
        return client.org();
    }

    String user() {
        return client.user();
    }

    List<Span> spans() {
        return spans;
    }

    OrgLog log() {
        return log;
    }

    // ---- connecting ----

    void opened(Entry.Opened entry) {
        endSession(entry.at());
        opened = entry;
        session = entry.session();
        connected = null;
        spans.add(new Span(client.client(), session, entry.sid(), entry.at(), new ArrayList<>()));
        rightsTo = 0;
        if (entry.cursor() > told) {
            findings.refuse(
                    "%s resumes from %d, and never got beyond %d (line %d)",
                    this, entry.cursor(), told, findings.line());
        }
        if (entry.cursor() < 0 && position >= 0) {
            findings.refuse("%s forgot where it was and is still the same (line %d)", this, findings.line());
        }
    }

    private void endSession(long at) {
        if (session != NO_SESSION) {
            lastSpan().stays().stream()
                    .filter(stay -> stay.to == Long.MAX_VALUE)
                    .forEach(stay -> stay.to = at);
        }
        session = NO_SESSION;
        replays.clear();
    }

    private Span lastSpan() {
        return spans.get(spans.size() - 1);
    }

    private boolean isOther(int sessionOfEntry) {
        if (sessionOfEntry != session) {
            findings.refuse(
                    "%s listens to session %d, not to %d (line %d)", this, session, sessionOfEntry, findings.line());
            return true;
        }
        return false;
    }

    void connected(Entry.Connected entry) {
        if (isOther(entry.session())) {
            return;
        }
        connected = entry;
        sameEpoch = entry.epoch().equals(log.epoch());
        announced = entry.recovered() ? entry.replayed() : -1;
        checkResume(entry);
        if (unapplied >= 0 && unapplied <= entry.position() && entry.recovered()) {
            findings.violated(
                    Invariant.I2, "%s read %s and goes on without having applied it", this, log.describe(unapplied));
        }
        unapplied = -1;
        position = entry.position();
        told = Math.max(told, position);
        if (!entry.recovered()) {
            remembersAfter = position;
        }
        rooms.clear();
        entry.rooms().forEach(room -> rooms.set(log.roomNumber(room)));
        moved();
        lastSpan().stays().add(new Stay("", entry.at()));
        entry.rooms().forEach(room -> lastSpan().stays().add(new Stay(room, entry.at())));
        checkRooms(entry);
    }

    private void checkResume(Entry.Connected entry) {
        if (opened.cursor() < 0) {
            if (entry.recovered() || entry.reason() != null) {
                findings.violated(Invariant.I8, "%s gave no cursor and is told that it has one", this);
            }
            return;
        }
        findings.looked(Invariant.I8);
        if (entry.recovered()) {
            if (entry.position() != opened.cursor()) {
                findings.violated(
                        Invariant.I8,
                        "%s resumed from %d and goes on from %d",
                        this,
                        opened.cursor(),
                        entry.position());
            }
            return;
        }
        if (String.valueOf(entry.reason()).equals("too_old") && opened.cursor() < log.retainedAfter(entry.at())) {
            world.deliveries().expired();
            return;
        }
        world.deliveries().reset();
        boolean honest = String.valueOf(entry.reason()).equals("too_many") && log.head() - opened.cursor() > 10_000;
        if (!honest) {
            findings.violated(
                    Invariant.I8,
                    "%s resumed from %d and was told %s, and the log still holds %d to %d",
                    this,
                    opened.cursor(),
                    entry.reason(),
                    log.retainedAfter(entry.at()) + 1,
                    log.head());
        }
    }

    /** It is in the rooms that are its own under all rights since, and in none to which it had no right at any time since. */
    private void checkRooms(Entry.Connected entry) {
        if (!sameEpoch) {
            findings.violated(
                    Invariant.I8, "%s is told epoch %s of a log of epoch %s", this, entry.epoch(), log.epoch());
            return;
        }
        Set<String> owed = new HashSet<>(client.rooms());
        owed.addAll(rights.ownRooms(client.user(), Math.max(entry.position(), 0)));
        Set<String> excess = new HashSet<>(entry.rooms());
        for (long from : rightsSince(entry.position(), entry.at())) {
            Set<String> own = rights.ownRooms(client.user(), from);
            owed.removeIf(room -> !own.contains(room)
                    && !(client.rooms().contains(room) && rights.mayBeIn(room, client.user(), from)));
            excess.removeIf(room -> rights.mayBeIn(room, client.user(), from));
        }
        owed.removeAll(entry.rooms());
        if (!owed.isEmpty()) {
            findings.violated(Invariant.I2, "%s is not let into %s", this, owed);
        }
        if (!excess.isEmpty()) {
            findings.violated(Invariant.I7, "%s is let into %s", this, excess);
        }
    }

    /** Positions from which on the rights of the user were what they were at a position, and those that followed by a time. */
    private List<Long> rightsSince(long at, long time) {
        List<Long> since = new ArrayList<>();
        long[] changes = rights.changesOf(client.user());
        int next = indexAfter(changes, at);
        since.add(changes[next - 1]);
        while (next < changes.length && world.operations().invokedAt(log.operation(changes[next])) <= time) {
            since.add(changes[next++]);
        }
        return since;
    }

    /** Index of the first number above another; the array is sorted. */
    private static int indexAfter(long[] sorted, long number) {
        int index = Arrays.binarySearch(sorted, number);
        return index < 0 ? -index - 1 : index + 1;
    }

    // ---- events ----

    void received(Entry.Received entry) {
        if (isOther(entry.session())) {
            return;
        }
        world.deliveries().raw();
        if (connected == null) {
            findings.violated(Invariant.I8, "%s got %s before connected", this, entry.id());
            return;
        }
        told = Math.max(told, entry.position());
        if (!sameEpoch) {
            return;
        }
        if (entry.position() < 0) {
            replayed(entry);
        } else if (isTheEvent(entry, entry.position())) {
            inOrder(entry);
        }
    }

    private boolean isTheEvent(Entry.Received entry, long at) {
        findings.looked(Invariant.I4);
        if (!log.holds(at)) {
            if (at > log.head()) {
                findings.violated(
                        Invariant.I4, "%s got %s at %d, and the log ends at %d", this, entry.id(), at, log.head());
            }
            return false;
        }
        if (!entry.epoch().isEmpty() && !entry.epoch().equals(log.epoch())) {
            findings.violated(Invariant.I4, "%s got %s of epoch %s", this, entry.id(), entry.epoch());
            return false;
        }
        if (!log.isAt(at, entry.id())) {
            Place other = world.places().get(entry.id());
            if (other != null && other.log() != log) {
                findings.violated(
                        Invariant.I6,
                        "%s of %s got event %s of %s",
                        this,
                        log.org(),
                        entry.id(),
                        other.log().org());
            } else {
                findings.violated(
                        Invariant.I4, "%s got %s at %d, where the log has %s", this, entry.id(), at, log.describe(at));
            }
            return false;
        }
        if (log.hash(at) != entry.hash()) {
            findings.violated(Invariant.I4, "%s got %s with other content", this, log.describe(at));
        }
        return true;
    }

    private void inOrder(Entry.Received entry) {
        long at = entry.position();
        if (at <= position) {
            outOfOrder(entry);
            return;
        }
        if (unapplied >= 0) {
            findings.violated(Invariant.I2, "%s read %s and did not apply it", this, log.describe(unapplied));
            unapplied = -1;
        }
        checkGap(at);
        checkMayHave(entry, at, may);
        position = at;
        moved();
        announced -= announced > 0 ? 1 : 0;
        take(entry, at);
    }

    private void outOfOrder(Entry.Received entry) {
        findings.looked(Invariant.I3);
        world.deliveries().rawDuplicate();
        long at = entry.position();
        findings.violated(
                Invariant.I3,
                "%s got %s %s, standing at %d%s",
                this,
                log.describe(at),
                applied.get(index(at)) ? "again" : "too late",
                position,
                entry.applied() ? ", and applied it" : "");
        if (entry.applied()) {
            applied.set(index(at));
        }
    }

    /** A frame of a room that was joined with a cursor. */
    private void replayed(Entry.Received entry) {
        Place place = world.places().get(entry.id());
        if (place == null || place.log() != log) {
            findings.violated(
                    place == null ? Invariant.I4 : Invariant.I6,
                    "%s got %s, which is %s",
                    this,
                    entry.id(),
                    place == null ? "in no log" : "of " + place.log().org());
            return;
        }
        long at = place.position();
        if (!isTheEvent(entry, at)) {
            return;
        }
        RoomReplay replay = replays.peek();
        if (replay == null || at <= replay.since() || !isFor(at, replay.room())) {
            findings.violated(Invariant.I2, "%s got a replay of %s, which it did not ask for", this, log.describe(at));
        }
        if (applied.get(index(at)) && (entry.applied() || at > connected.position())) {
            findings.violated(Invariant.I3, "%s got %s again, as a replay", this, log.describe(at));
        }
        checkMayHave(entry, at, rooms);
        if (entry.applied()) {
            applied.set(index(at));
            world.deliveries().applied();
            findings.looked(Invariant.I3);
        }
    }

    private void take(Entry.Received entry, long at) {
        findings.looked(Invariant.I2);
        findings.looked(Invariant.I3);
        if (!entry.applied()) {
            if (!applied.get(index(at))) {
                unapplied = at;
            }
            return;
        }
        if (applied.get(index(at))) {
            findings.violated(Invariant.I3, "%s applied %s twice", this, log.describe(at));
            return;
        }
        applied.set(index(at));
        world.deliveries().applied();
        long invokedAt = world.operations().invokedAt(log.operation(at));
        if (invokedAt != Long.MIN_VALUE) {
            world.deliveries()
                    .latency(
                            connected.at() <= invokedAt,
                            world.faults().overlap(invokedAt, entry.at()),
                            entry.at() - invokedAt);
        }
    }

    private static int index(long position) {
        return Math.toIntExact(position);
    }

    /** Nothing between the position of the client and a later one was for a room that it was in all the time. */
    private void checkGap(long before) {
        for (long skipped = Math.max(position, log.floor()) + 1; skipped < before; skipped++) {
            if (isForAny(skipped, must)) {
                findings.violated(
                        Invariant.I2,
                        "%s went from %d to %d without %s for %s",
                        this,
                        position,
                        before,
                        log.describe(skipped),
                        roomsOf(skipped));
            }
        }
    }

    private boolean isFor(long at, int room) {
        for (int each : log.rooms(at)) {
            if (each == room) {
                return true;
            }
        }
        return false;
    }

    private boolean isForAny(long at, BitSet any) {
        for (int room : log.rooms(at)) {
            if (any.get(room)) {
                return true;
            }
        }
        return false;
    }

    private List<String> roomsOf(long at) {
        return Arrays.stream(log.rooms(at)).mapToObj(log::roomName).toList();
    }

    /** From here on, exactly the rooms of now count. */
    private void moved() {
        may.clear();
        may.or(rooms);
        must.clear();
        must.or(rooms);
        replays.forEach(replay -> must.clear(replay.room()));
    }

    // ---- rights ----

    private void checkMayHave(Entry.Received entry, long at, BitSet in) {
        if (!isForAny(at, in)) {
            findings.violated(
                    Invariant.I2, "%s got %s for %s, and is in none of them", this, log.describe(at), roomsOf(at));
            return;
        }
        if (at < rightsFrom || at >= rightsTo) {
            findRights(at);
        }
        boolean mayHave = false;
        for (int room : log.rooms(at)) {
            mayHave |= in.get(room) && isAllowed(room);
        }
        if (!mayHave && !isGivenBackBy(entry, at, in)) {
            findings.violated(
                    Invariant.I7,
                    "%s (user %s) got %s for %s, and had lost %s",
                    this,
                    client.user(),
                    log.describe(at),
                    roomsOf(at),
                    good ? "the right to be there" : "the session");
        }
    }

    private void findRights(long at) {
        long[] changes = rights.changesOf(client.user());
        int next = indexAfter(changes, at);
        long end = rights.endOf(opened.sid());
        rightsFrom = end <= at ? Math.max(end, changes[next - 1]) : changes[next - 1];
        rightsTo = next < changes.length ? changes[next] : Long.MAX_VALUE;
        if (end > at) {
            rightsTo = Math.min(rightsTo, end);
        }
        good = rights.isGood(client.user(), opened.sid(), opened.ver(), at);
        judged.clear();
        allowed.clear();
    }

    private boolean isAllowed(int room) {
        if (!judged.get(room)) {
            judged.set(room);
            allowed.set(room, good && rights.mayBeIn(log.roomName(room), client.user(), rightsFrom));
        }
        return allowed.get(room);
    }

    /** The permissions of a resume are those of its time: what came while there was no right may come once there is one again. */
    private boolean isGivenBackBy(Entry.Received entry, long at, BitSet in) {
        for (long change : rightsSince(at, entry.at())) {
            for (int room : log.rooms(at)) {
                if (in.get(room)
                        && rights.mayBeIn(log.roomName(room), client.user(), change)
                        && rights.isGood(client.user(), opened.sid(), opened.ver(), change)) {
                    return true;
                }
            }
        }
        return false;
    }

    // ---- what is no event ----

    void position(Entry.Position entry) {
        if (isOther(entry.session()) || connected == null || !sameEpoch) {
            return;
        }
        told = Math.max(told, entry.position());
        if (entry.position() < position) {
            findings.violated(
                    Invariant.I3,
                    "%s stands at %d and is told %d by %s",
                    this,
                    position,
                    entry.position(),
                    entry.mark());
            return;
        }
        if (entry.position() > log.head()) {
            findings.violated(
                    Invariant.I4, "%s is told position %d, and the log ends at %d", this, entry.position(), log.head());
            return;
        }
        checkGap(entry.position() + 1);
        position = entry.position();
        if (entry.mark() == Entry.Mark.CAUGHT_UP) {
            caughtUp();
        }
        moved();
    }

    private void caughtUp() {
        RoomReplay replay = replays.poll();
        if (replay == null) {
            if (announced > 0) {
                findings.violated(
                        Invariant.I8,
                        "%s was told of %d events to come, and %d of them did not",
                        this,
                        connected.replayed(),
                        announced);
            }
            announced = -1;
            return;
        }
        for (long at = Math.max(replay.since(), log.floor()) + 1; at <= position; at++) {
            if (isFor(at, replay.room()) && !applied.get(index(at)) && rooms.get(replay.room())) {
                findings.violated(
                        Invariant.I2,
                        "%s joined %s from %d and did not get %s",
                        this,
                        log.roomName(replay.room()),
                        replay.since(),
                        log.describe(at));
            }
        }
    }

    void subscribed(Entry.Subscribed entry) {
        if (isOther(entry.session())) {
            return;
        }
        int room = log.roomNumber(entry.room());
        if (!rooms.get(room)) {
            lastSpan().stays().add(new Stay(entry.room(), entry.at()));
        }
        rooms.set(room);
        may.set(room);
        announced = -1;
        if (entry.since() >= 0) {
            replays.add(new RoomReplay(room, entry.since()));
        }
    }

    void unsubscribed(Entry.Unsubscribed entry) {
        if (isOther(entry.session())) {
            return;
        }
        int room = log.roomNumber(entry.room());
        rooms.clear(room);
        must.clear(room);
        announced = -1;
        lastSpan().stays().stream()
                .filter(stay -> stay.room.equals(entry.room()) && stay.to == Long.MAX_VALUE)
                .forEach(stay -> stay.to = entry.at());
    }

    void closed(Entry.Closed entry) {
        if (entry.session() == session) {
            endSession(entry.at());
        }
    }

    void gone(Entry.Gone entry) {
        endSession(entry.at());
        gone = true;
    }

    /** The history is over: whoever may still be there has read to the end of the log. */
    void finish() {
        endSession(Long.MAX_VALUE);
        if (gone || !rights.mayConnect(client.user(), log.head())) {
            return;
        }
        if (position < 0) {
            findings.refuse("%s never connected", this);
            return;
        }
        if (!sameEpoch) {
            return;
        }
        Optional<Long> first = Optional.empty();
        int missing = 0;
        for (long at = Math.max(position, log.floor()) + 1; at <= log.head(); at++) {
            if (isForAny(at, must)) {
                missing++;
                first = Optional.of(first.orElse(at));
            }
        }
        if (missing > 0) {
            findings.violated(
                    Invariant.I2,
                    "%s (user %s) ended at %d of %d without %d events for it, the first is %s",
                    this,
                    client.user(),
                    position,
                    log.head(),
                    missing,
                    log.describe(first.orElseThrow()));
        }
    }

    /** Records with the last position at which the client applied something about them, since it began anew. */
    Map<Integer, Long> lastOfRecords() {
        Map<Integer, Long> last = new HashMap<>();
        for (int at = applied.nextSetBit(index(remembersAfter + 1)); at >= 0; at = applied.nextSetBit(at + 1)) {
            if (log.holds(at) && log.subject(at) != OrgLog.NONE) {
                last.put(log.subject(at), (long) at);
            }
        }
        return last;
    }
}
