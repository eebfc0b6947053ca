package dev.bellhop.torture.check;

import dev.bellhop.torture.check.Simulation.Event;
import dev.bellhop.torture.check.Simulation.Member;
import dev.bellhop.torture.check.Simulation.Org;
import dev.bellhop.torture.history.Entry;
import dev.bellhop.torture.history.EventHash;
import dev.bellhop.torture.history.EventKeys;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/** A logical client with a memory: drops, stalls, logs in again, comes to rooms and goes, and writes down what it sees. */
final class SimulatedClient {
    private final Simulation simulation;
    private final int number;
    private final Org org;
    private final Member member;

    /** What it holds of a record. */
    private record Held(String type, long version, boolean gone, long hash) {}

    private final Map<String, Held> held = new LinkedHashMap<>();
    private final Set<UUID> applied = new HashSet<>();
    private final Map<String, Long> leftAt = new HashMap<>();
    private final Set<String> visiting = new HashSet<>();
    private long position = -1;

    private Optional<SimulatedNode.Session> session = Optional.empty();
    private SimulatedNode node;
    private int sessionNumber = -1;
    private boolean open;
    private boolean stalled;
    private boolean gone;
    private boolean calm;
    private boolean loggingOut;

    private String sid;
    private long tokenVer;
    private List<String> tokenProperties;

    SimulatedClient(Simulation simulation, int number, Org org, Member member) {
        this.simulation = simulation;
        this.number = number;
        this.org = org;
        this.member = member;
    }

    Org org() {
        return org;
    }

    Member member() {
        return member;
    }

    String sid() {
        return sid;
    }

    long tokenVer() {
        return tokenVer;
    }

    List<String> tokenProperties() {
        return tokenProperties;
    }

    boolean seesAll() {
        return member.role.equals("HR") || member.role.equals("ADMIN");
    }

    boolean isReading() {
        return !stalled;
    }

    // ---- life ----

    void begin() {
        simulation.write(new Entry.Client(
                simulation.now(), number, org.id, member.id, number % 3 == 0 ? "SSE" : "WS", List.of()));
        logIn();
        simulation.within(15, this::connect);
        live();
    }

    private void logIn() {
        sid = simulation.nextSid();
        tokenVer = member.ver;
        tokenProperties = member.properties;
    }

    /** Every now and then it does something. */
    private void live() {
        simulation.within(120, () -> {
            if (gone || calm) {
                return;
            }
            act();
            live();
        });
    }

    private void act() {
        if (session.isEmpty() || stalled) {
            return;
        }
        int kind = simulation.random.nextInt(100);
        if (kind < 15) {
            cut();
        } else if (kind < 30) {
            stall();
        } else if (kind < 34) {
            reload();
        } else if (kind < 60 && seesAll()) {
            moveRooms();
        } else if (kind < 80) {
            node.ping(session.get());
        }
    }

    private void cut() {
        session.ifPresent(node::leave);
        closed(0, "cut", 20);
    }

    private void stall() {
        SimulatedNode.Session stalledSession = session.orElseThrow();
        stalled = true;
        simulation.within(150, () -> {
            if (session.isPresent() && session.get() == stalledSession && stalled) {
                stalled = false;
                node.drain(stalledSession);
            }
        });
    }

    /** A new tab: another client of the same user. */
    private void reload() {
        session.ifPresent(node::leave);
        closed(0, "cut", -1);
        gone = true;
        simulation.write(new Entry.Gone(simulation.now(), number));
        scanned();
        simulation.addClient(org, member);
    }

    private void moveRooms() {
        String room = "property-" + org.properties.get(simulation.random.nextInt(org.properties.size()));
        if (visiting.remove(room)) {
            node.unsubscribe(session.orElseThrow(), room);
            leftAt.put(room, position);
        } else {
            node.subscribe(session.orElseThrow(), room, leftAt.getOrDefault(room, position));
            visiting.add(room);
        }
    }

    boolean canLogOut() {
        return session.isPresent() && !gone && !loggingOut && !calm && member.active;
    }

    /** @return the session that ends */
    String logOut() {
        loggingOut = true;
        return sid;
    }

    void loggedOut(boolean happened) {
        loggingOut = false;
        if (happened) {
            logIn(); // the next connection has a new token
        }
    }

    // ---- connections ----

    private void connect() {
        if (gone || session.isPresent() || open) {
            return;
        }
        List<SimulatedNode> up =
                simulation.nodes.stream().filter(SimulatedNode::isUp).toList();
        if (up.isEmpty() || !member.active) {
            simulation.in(10, this::connect);
            return;
        }
        node = up.get(simulation.random.nextInt(up.size()));
        if (tokenVer < member.ver) {
            logIn();
        }
        sessionNumber = simulation.nextSession();
        open = true;
        simulation.write(
                new Entry.Opened(simulation.now(), number, sessionNumber, node.name(), sid, tokenVer, position));
        node.connect(this, position, visiting);
    }

    void accepted(SimulatedNode.Session accepted, SimulatedNode by) {
        session = Optional.of(accepted);
        node = by;
    }

    /** @param delay until it comes back, in milliseconds; negative for never */
    void closed(int code, String reason, double delay) {
        if (!open) {
            return;
        }
        open = false;
        stalled = false;
        session = Optional.empty();
        simulation.write(new Entry.Closed(simulation.now(), number, sessionNumber, code, reason));
        if (delay >= 0) {
            simulation.in(delay, this::connect);
        }
    }

    void calm() {
        calm = true;
    }

    void resumeOnceMore() {
        if (!gone && session.isPresent()) {
            cut();
        }
    }

    // ---- frames ----

    void connected(long at, List<String> rooms, boolean recovered, long replayed, String reason) {
        simulation.write(new Entry.Connected(
                simulation.now(), number, sessionNumber, "e1", at, rooms, recovered, replayed, reason));
        position = at;
        if (!recovered) {
            held.clear();
            leftAt.clear();
        }
    }

    void received(long at, Event event, boolean replay) {
        boolean killed = !calm && simulation.chance(0.002);
        boolean takes = replay ? applied.add(event.id()) : at > position && !killed;
        simulation.write(new Entry.Received(
                simulation.now(), number, sessionNumber, replay ? "" : "e1", at, event.id(), event.hash(), takes));
        if (takes) {
            applied.add(event.id());
            position = replay ? position : at;
            fold(event);
        }
        if (killed && !replay) {
            cut();
        }
    }

    private void fold(Event event) {
        EventKeys.Subject subject = EventKeys.subjectOf(event.type(), event.tree());
        held.put(
                subject.type() + " " + subject.id(),
                new Held(subject.type(), subject.version(), subject.gone(), EventHash.ofRecord(event.tree())));
    }

    void position(long at, boolean caughtUp) {
        simulation.write(new Entry.Position(
                simulation.now(), number, sessionNumber, "e1", at, caughtUp ? Entry.Mark.CAUGHT_UP : Entry.Mark.PING));
        position = at;
    }

    void subscribed(String room, long since) {
        simulation.write(new Entry.Subscribed(simulation.now(), number, sessionNumber, room, since));
    }

    void unsubscribed(String room, String reason) {
        simulation.write(new Entry.Unsubscribed(simulation.now(), number, sessionNumber, room, reason));
    }

    // ---- the end ----

    private void scanned() {
        simulation.write(new Entry.Scanned(simulation.now(), number, 1_000, 10, 5));
    }

    void finish() {
        if (gone) {
            return;
        }
        scanned();
        held.forEach((key, record) -> simulation.write(new Entry.State(
                simulation.now(),
                "client:" + number,
                org.id,
                record.type(),
                key.substring(key.indexOf(' ') + 1),
                record.version(),
                null,
                record.gone() ? 0 : record.hash(),
                !record.gone())));
    }
}
