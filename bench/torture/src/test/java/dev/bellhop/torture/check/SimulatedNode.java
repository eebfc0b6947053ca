package dev.bellhop.torture.check;

import dev.bellhop.torture.check.Simulation.Event;
import dev.bellhop.torture.check.Simulation.Org;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** A node of the realtime service: follows the logs and gives each session what is for its rooms. */
final class SimulatedNode {
    /** Frames that wait for a client; one more closes the connection. */
    private static final int QUEUE = 8;

    private final Simulation simulation;
    private final String name;
    private final Map<Org, Long> views = new HashMap<>();
    private final List<Session> sessions = new ArrayList<>();
    private long lastGlobal;
    private boolean up = true;

    /** What the control events up to the view say of a member. */
    private record Standing(boolean active, List<String> properties, long ver) {}

    private final Map<String, Standing> standings = new HashMap<>();
    private final Set<String> endedSessions = new HashSet<>();

    /** A connection, as the node sees it. */
    static final class Session {
        final SimulatedClient client;
        final String sid;
        final long tokenVer;
        final List<String> tokenProperties;
        final Set<String> rooms = new HashSet<>();
        final List<Runnable> queue = new ArrayList<>();
        Optional<Runnable> held = Optional.empty();

        Session(SimulatedClient client) {
            this.client = client;
            this.sid = client.sid();
            this.tokenVer = client.tokenVer();
            this.tokenProperties = client.tokenProperties();
        }
    }

    SimulatedNode(Simulation simulation, String name) {
        this.simulation = simulation;
        this.name = name;
    }

    String name() {
        return name;
    }

    boolean isUp() {
        return up;
    }

    void stop() {
        up = false;
        List<Session> all = List.copyOf(sessions);
        sessions.clear();
        all.forEach(session -> session.client.closed(0, "", 5));
    }

    void start() {
        if (up) {
            return;
        }
        up = true;
        standings.clear();
        endedSessions.clear();
        for (Org org : simulation.orgs) {
            views.put(org, (long) org.log.size());
            org.log.forEach(this::fold);
        }
        lastGlobal =
                simulation.visible.isEmpty() ? 0 : simulation.visible.last().globalId();
    }

    // ---- following ----

    void follow(Org org) {
        if (!up) {
            return;
        }
        if (simulation.has(Defect.TAIL_BY_GLOBAL_ID)) {
            for (Simulation.Visible next :
                    List.copyOf(simulation.visible.tailSet(new Simulation.Visible(lastGlobal, org, 0), false))) {
                lastGlobal = next.globalId();
                deliver(next.org(), next.position());
            }
            return;
        }
        while (view(org) < org.log.size()) {
            deliver(org, view(org) + 1);
        }
    }

    private long view(Org org) {
        return views.getOrDefault(org, 0L);
    }

    private void deliver(Org org, long position) {
        views.put(org, position);
        Event event = org.log.get((int) position - 1);
        boolean isControl = fold(event);
        if (isControl && !simulation.has(Defect.REVOCATION_IGNORED)) {
            List.copyOf(sessions).forEach(this::adjust);
        }
        for (Session session : List.copyOf(sessions)) {
            boolean astray = simulation.has(Defect.FAN_OUT_ACROSS_ORGANIZATIONS) && simulation.chance(0.001);
            boolean isFor =
                    session.client.org() == org && event.rooms().stream().anyMatch(session.rooms::contains);
            if (astray || (isFor && !(simulation.has(Defect.DELIVERY_DROPPED) && simulation.chance(0.001)))) {
                offerEvent(session, position, event);
            }
        }
    }

    /** @return whether it is about rights */
    private boolean fold(Event event) {
        String user = event.tree().path("user_id").asText();
        if (event.type().equals("session.revoked")) {
            endedSessions.add(event.tree().path("sid").asText());
            return true;
        }
        if (!event.type().equals("member.updated")) {
            return false;
        }
        List<String> properties = new ArrayList<>();
        event.tree().path("property_ids").forEach(property -> properties.add(property.asText()));
        standings.put(
                user,
                new Standing(
                        event.tree().path("status").asText().equals("active"),
                        properties,
                        event.tree().path("ver").asLong()));
        return true;
    }

    private Optional<String> refusal(Session session) {
        if (simulation.has(Defect.REVOCATION_IGNORED)) {
            return Optional.empty();
        }
        Standing standing = standings.get(session.client.member().id);
        if (standing != null && !standing.active && standing.ver >= session.tokenVer) {
            return Optional.of("user_disabled");
        }
        return endedSessions.contains(session.sid) ? Optional.of("token_revoked") : Optional.empty();
    }

    private Set<String> ownRooms(Session session) {
        SimulatedClient client = session.client;
        Standing standing = standings.get(client.member().id);
        boolean newer =
                standing != null && standing.ver > session.tokenVer && !simulation.has(Defect.REVOCATION_IGNORED);
        List<String> properties = newer ? standing.properties : session.tokenProperties;
        Set<String> rooms = new HashSet<>(List.of("org", "user-" + client.member().id, "role-" + client.member().role));
        if (client.seesAll()) {
            rooms.add("global");
        }
        properties.forEach(property -> rooms.add("property-" + property));
        return rooms;
    }

    private void adjust(Session session) {
        Optional<String> refusal = refusal(session);
        if (refusal.isPresent()) {
            close(session, 1008, refusal.get(), 10);
            return;
        }
        Set<String> own = ownRooms(session);
        for (String room : List.copyOf(session.rooms)) {
            boolean stays = own.contains(room) || (room.startsWith("property-") && session.client.seesAll());
            if (!stays) {
                session.rooms.remove(room);
                offer(session, () -> session.client.unsubscribed(room, "permission_revoked"));
            }
        }
        for (String room : own) {
            if (session.rooms.add(room)) {
                offer(session, () -> session.client.subscribed(room, -1));
            }
        }
    }

    // ---- sessions ----

    void connect(SimulatedClient client, long cursor, Set<String> asked) {
        Session session = new Session(client);
        Optional<String> refusal = refusal(session);
        if (refusal.isPresent()) {
            client.closed(1008, refusal.get(), 10);
            return;
        }
        Org org = client.org();
        if (cursor > view(org)) {
            follow(org);
        }
        session.rooms.addAll(ownRooms(session));
        session.rooms.addAll(asked);
        sessions.add(session);
        client.accepted(session, this);
        long head = view(org);
        boolean isGone = cursor < org.floor && !simulation.has(Defect.RETENTION_PASSED_OVER);
        boolean refused = cursor >= 0 && (isGone || (simulation.has(Defect.RESUME_REFUSED) && simulation.chance(0.05)));
        if (cursor < 0 || refused) {
            String reason = refused ? "too_old" : null;
            offer(session, () -> client.connected(head, List.copyOf(session.rooms), false, 0, reason));
            return;
        }
        long from =
                Math.max(org.floor + 1, simulation.has(Defect.RESUME_OFF_BY_ONE) && cursor > 0 ? cursor : cursor + 1);
        List<Long> missed = new ArrayList<>();
        for (long position = simulation.has(Defect.RESUME_SKIPS) ? from + 1 : from; position <= head; position++) {
            if (org.log.get((int) position - 1).rooms().stream().anyMatch(session.rooms::contains)) {
                missed.add(position);
            }
        }
        offer(session, () -> client.connected(cursor, List.copyOf(session.rooms), true, missed.size(), null));
        for (long position : missed) {
            Event event = org.log.get((int) position - 1);
            give(session, () -> client.received(position, event, false));
        }
        give(session, () -> client.position(head, true));
    }

    /** A replay is pulled as the client reads, and does not fill its queue. */
    private void give(Session session, Runnable frame) {
        if (sessions.contains(session)) {
            frame.run();
        }
    }

    void subscribe(Session session, String room, long since) {
        if (!sessions.contains(session)) {
            return;
        }
        Org org = session.client.org();
        offer(session, () -> session.client.subscribed(room, since));
        boolean isFirst = true;
        for (long position = since + 1; position <= view(org); position++) {
            Event event = org.log.get((int) position - 1);
            boolean brought = event.rooms().stream().anyMatch(session.rooms::contains);
            if (event.rooms().contains(room) && (!brought || simulation.has(Defect.ROOM_REPLAY_REPEATS))) {
                if (!isFirst || !simulation.has(Defect.ROOM_REPLAY_SKIPS)) {
                    offer(session, () -> session.client.received(-1, event, true));
                }
                isFirst = false;
            }
        }
        session.rooms.add(room);
        long head = view(org);
        offer(session, () -> session.client.position(head, true));
    }

    void unsubscribe(Session session, String room) {
        if (sessions.contains(session) && session.rooms.remove(room)) {
            offer(session, () -> session.client.unsubscribed(room, "client"));
        }
    }

    void ping(Session session) {
        if (sessions.contains(session)) {
            long head = view(session.client.org());
            offer(session, () -> session.client.position(head, false));
        }
    }

    private void offerEvent(Session session, long position, Event event) {
        Runnable frame = () -> session.client.received(position, event, false);
        if (simulation.has(Defect.DELIVERIES_SWAPPED) && session.held.isEmpty() && simulation.chance(0.002)) {
            session.held = Optional.of(frame);
            return;
        }
        offer(session, frame);
        session.held.ifPresent(earlier -> offer(session, earlier));
        session.held = Optional.empty();
    }

    private void offer(Session session, Runnable frame) {
        if (!sessions.contains(session)) {
            return;
        }
        if (session.client.isReading()) {
            frame.run();
        } else if (session.queue.size() < QUEUE) {
            session.queue.add(frame);
        } else if (!simulation.has(Defect.SLOW_CONSUMER_SKIPPED)) {
            close(session, 4008, "slow_consumer", 5);
        }
    }

    /** The client reads again. */
    void drain(Session session) {
        List<Runnable> frames = List.copyOf(session.queue);
        session.queue.clear();
        for (Runnable frame : frames) {
            if (!sessions.contains(session)) {
                return;
            }
            frame.run();
        }
    }

    /** The client is gone without a word. */
    void leave(Session session) {
        sessions.remove(session);
    }

    private void close(Session session, int code, String reason, double delay) {
        sessions.remove(session);
        session.client.closed(code, reason, delay);
    }
}
