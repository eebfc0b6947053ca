package dev.bellhop.torture;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.model.wire.CloseCode;
import dev.bellhop.model.wire.Cursor;
import dev.bellhop.model.wire.Json;
import dev.bellhop.torture.history.Entry;
import dev.bellhop.torture.history.EventHash;
import dev.bellhop.torture.history.EventKeys;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * One logical client: a memory of what it saw, and the connections that fill it, one after the other, by the rules of the SDK.
 * Everything on the thread of the {@link EventLoop}.
 */
final class Client implements Line.Listener {
    enum Kind {
        WS,
        SSE
    }

    /** What makes its life hard, beside the faults. */
    enum Behaviour {
        STEADY,
        /** Its network is lost every 15 s, for 2 s. */
        DROPS,
        /** Goes away without a word and comes back while the old connection still seems to stand. */
        HALF_OPEN,
        /** Reads slower than it is sent, for a while. */
        SLOW,
        /** Begins anew without a memory. */
        RELOADS,
        /** Renews its token inside the connection; the others let it expire. */
        REFRESHES,
        /** Joins and leaves rooms. */
        MOVES,
        /** Is killed between reading an event and applying it. */
        FORGETS
    }

    /** From the start of an attempt to {@code connected}. */
    private static final Duration HANDSHAKE = Duration.ofSeconds(6);

    /** Nothing heard for three pings of the server: the line is dead. */
    private static final Duration SILENCE = Duration.ofSeconds(16);

    private static final Duration SLOWNESS = Duration.ofSeconds(10);
    private static final Duration CHECK = Duration.ofSeconds(2);
    private static final int REMEMBERED = 20_000;
    private static final long NONE = -1;

    private final int number;
    private final World.User user;
    private final Kind kind;
    private final Behaviour behaviour;
    private final Clients home;
    private final CanaryScan scan = new CanaryScan();
    private int ownCanaries;

    /** What it keeps as if on disk. */
    private Cursor cursor;

    /** Rooms that it names with every connection, whether it is let in or not. */
    private final List<String> named;
    /** Those that it joins and leaves. */
    private final Set<String> rooms = new LinkedHashSet<>();

    private final Set<UUID> seen = Collections.newSetFromMap(new LinkedHashMap<>() {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<UUID, Boolean> eldest) {
            return size() > REMEMBERED;
        }
    });
    /** The newest that it knows of some records, by resource and id. */
    private final Map<String, Entry.State> folded = new HashMap<>();

    private Line line;
    private int session = -1;
    /** Of the membership, in the token of this connection. */
    private long version;

    private boolean connected;
    private long heardNanos;
    private int failures;
    private JsonNode farewell;
    /** A join that was asked for, from that position on. */
    private record Asked(String room, long since) {}

    /** By ref. */
    private final Map<String, Asked> asked = new HashMap<>();

    private int refs;
    private boolean over;
    /** The last resume: done when the client has everything up to that position. */
    private Optional<Long> finishAt = Optional.empty();

    /** Of this connection: it has been told all that it missed, or has missed nothing. */
    private boolean caughtUp;

    Client(int number, World.User user, Kind kind, Behaviour behaviour, List<String> rooms, Clients home) {
        this.number = number;
        this.user = user;
        this.kind = kind;
        this.behaviour = behaviour;
        this.named = rooms;
        this.home = home;
        record(new Entry.Client(now(), number, org(), user.id().toString(), kind.name(), rooms));
        home.loop().after(CHECK, this::check);
        planMischief();
    }

    private void record(Entry entry) {
        home.history().write(entry);
    }

    private long now() {
        return home.history().now();
    }

    private String org() {
        return user.org().id().toString();
    }

    World.User user() {
        return user;
    }

    Kind kind() {
        return kind;
    }

    boolean isConnected() {
        return connected;
    }

    Behaviour behaviour() {
        return behaviour;
    }

    // ---- the way in ----

    void connect() {
        if (over || line != null) {
            return;
        }
        home.token(user, token -> {
            if (over || line != null) {
                return;
            }
            if (token.isPresent()) {
                open(token.get());
            } else {
                retire(Duration.ofMillis(500)); // not a member for now: whoever comes back is somebody new
            }
        });
    }

    private void open(Clients.Token token) {
        session = home.nextSession();
        version = token.version();
        int node = home.chance().below(home.nodes());
        connected = false;
        caughtUp = false;
        farewell = null;
        heardNanos = System.nanoTime();
        asked.clear();
        scan.restart();
        record(new Entry.Opened(
                now(),
                number,
                session,
                "realtime-" + (node + 1),
                null,
                token.version(),
                cursor == null ? NONE : cursor.position()));
        Set<String> wanted = new LinkedHashSet<>(named);
        wanted.addAll(rooms);
        String query = (cursor == null ? "" : "cursor=" + cursor + "&") + "rooms=" + String.join(",", wanted);
        line = kind == Kind.WS
                ? new WebSocketLine(home.loop(), home.address(node), query, token.text(), this)
                : new EventStreamLine(home.loop(), home.address(node), query, token.text(), this);
        int attempt = session;
        home.loop().after(HANDSHAKE, () -> {
            if (session == attempt && line != null && !connected) {
                lose("handshake");
            }
        });
    }

    /** The client gives up the line and comes back later. */
    private void lose(String why) {
        line.reset();
        closed(0, why);
        backOff();
    }

    private void backOff() {
        failures++;
        int ceiling = Math.min(2000, 100 << Math.min(failures, 6));
        home.loop().after(Duration.ofMillis(home.chance().below(ceiling) + 1L), this::connect);
    }

    private void closed(int code, String reason) {
        line = null;
        connected = false;
        record(new Entry.Closed(now(), number, session, code, reason));
    }

    private void check() {
        if (over) {
            return;
        }
        if (line != null && connected && System.nanoTime() - heardNanos > SILENCE.toNanos()) {
            lose("silence");
        }
        home.loop().after(CHECK, this::check);
    }

    // ---- what comes ----

    @Override
    public void bytes(byte[] bytes, int from, int to, String where) {
        heardNanos = System.nanoTime();
        scan.feed(bytes, from, to, canary -> {
            if (home.world().mayEverSee(user, canary)) {
                ownCanaries++;
            } else {
                String excerpt =
                        new String(bytes, from, Math.min(200, to - from), java.nio.charset.StandardCharsets.UTF_8);
                record(new Entry.Leak(now(), number, canary, where + ": " + excerpt));
            }
        });
    }

    @Override
    public void open() {
        heardNanos = System.nanoTime();
    }

    @Override
    public void alive() {
        heardNanos = System.nanoTime();
    }

    @Override
    public void text(String text) {
        JsonNode frame;
        try {
            frame = Json.tree(text);
        } catch (JsonProcessingException e) {
            home.fault("a frame is not JSON: " + text);
            return;
        }
        JsonNode payload = frame.path("payload");
        switch (frame.path("type").asText()) {
            case "connected" -> entered(frame, payload);
            case "caught_up" -> {
                mark(frame, Entry.Mark.CAUGHT_UP);
                caughtUp |= !frame.has("ref");
            }
            case "ping" -> mark(frame, Entry.Mark.PING);
            case "subscribed" -> {
                String room = payload.path("room").asText();
                Asked join = asked.remove(frame.path("ref").asText());
                record(new Entry.Subscribed(now(), number, session, room, join == null ? NONE : join.since()));
            }
            case "unsubscribed" -> {
                String room = payload.path("room").asText();
                if (!payload.path("reason").asText().equals("client")) {
                    rooms.remove(room);
                }
                record(new Entry.Unsubscribed(
                        now(), number, session, room, payload.path("reason").asText()));
            }
            case "token_expiring" -> renewToken(payload);
            case "disconnect" -> farewell = payload;
            case "error" -> refused(frame, payload);
            case "refreshed", "heartbeat_ack", "stats", "presence", "presence.joined", "presence.left" -> {}
            default -> event(frame, payload);
        }
    }

    private void entered(JsonNode frame, JsonNode payload) {
        Cursor given = cursor(frame);
        boolean recovered = payload.path("recovered").asBoolean();
        String reason = payload.path("reason").textValue();
        List<String> in = new ArrayList<>();
        payload.path("rooms").forEach(room -> in.add(room.asText()));
        record(new Entry.Connected(
                now(),
                number,
                session,
                given.epoch(),
                given.position(),
                in,
                recovered,
                payload.path("replayed").asLong(),
                reason));
        connected = true;
        caughtUp = !recovered;
        failures = 0;
        if (!recovered) {
            if (cursor != null) {
                home.reset(reason);
            }
            seen.clear();
            folded.clear();
        }
        cursor = given;
        rooms.retainAll(in);
    }

    private Cursor cursor(JsonNode frame) {
        return Cursor.parse(frame.path("cursor").asText())
                .orElseThrow(() -> new IllegalStateException("a frame without a cursor: " + frame));
    }

    private void mark(JsonNode frame, Entry.Mark mark) {
        if (!frame.has("cursor")) {
            return;
        }
        Cursor at = cursor(frame);
        record(new Entry.Position(now(), number, session, at.epoch(), at.position(), mark));
        if (at.position() > cursor.position()) {
            cursor = at;
        }
    }

    private void event(JsonNode frame, JsonNode payload) {
        UUID id = UUID.fromString(frame.path("id").asText());
        Optional<Cursor> at = Cursor.parse(frame.path("cursor").asText());
        boolean killed = behaviour == Behaviour.FORGETS && home.chance().perMille(5) && finishAt.isEmpty();
        boolean isNew = !seen.contains(id)
                && at.map(c -> c.position() > cursor.position()).orElse(true);
        record(new Entry.Received(
                now(),
                number,
                session,
                at.map(Cursor::epoch).orElse(""),
                at.map(Cursor::position).orElse(NONE),
                id,
                EventHash.ofFrame(frame),
                isNew && !killed));
        home.delivered(frame);
        if (killed) {
            line.reset();
            closed(0, "cut");
            home.loop().after(Duration.ofMillis(300), this::connect);
            return;
        }
        if (!isNew) {
            home.duplicate();
            return;
        }
        seen.add(id);
        at.ifPresent(c -> cursor = c);
        fold(frame.path("type").asText(), payload);
    }

    private void fold(String type, JsonNode payload) {
        if (!type.startsWith("entity.") || !home.isSampled(number)) {
            return;
        }
        EventKeys.Subject subject = EventKeys.subjectOf(type, payload);
        Entry.State held = folded.get(subject.id());
        if (held == null || held.version() < subject.version()) {
            folded.put(
                    subject.id(),
                    new Entry.State(
                            0,
                            "client:" + number,
                            org(),
                            subject.type(),
                            subject.id(),
                            subject.version(),
                            subject.mark().orElse(null),
                            subject.gone() ? 0 : EventHash.ofRecord(payload),
                            !subject.gone()));
        }
    }

    private void refused(JsonNode frame, JsonNode payload) {
        String code = payload.path("code").asText();
        home.refusal(code);
        Asked join = asked.remove(frame.path("ref").asText());
        if (join != null) {
            rooms.remove(join.room());
        }
    }

    @Override
    public void ended(int code, String reason) {
        String why = farewell != null && code == 0 ? farewell.path("reason").asText() : reason;
        closed(code, why);
        home.ended(code, why);
        long retryAfterMs =
                farewell == null ? 0 : farewell.path("retry_after_ms").asLong();
        if (stops(code, why)) {
            retire(Duration.ofMillis(300 + home.chance().below(1000)));
        } else if (why.contains("token_expired") && !why.startsWith("status")) {
            connect();
        } else if (retryAfterMs > 0) {
            // The server has spread its clients over ten seconds; a run is short.
            home.loop().after(Duration.ofMillis(Math.min(2000, retryAfterMs)), this::connect);
        } else {
            backOff();
        }
    }

    private boolean stops(int code, String why) {
        if (why.startsWith("status 401")) {
            return !why.contains("token_expired");
        }
        for (CloseCode known : CloseCode.values()) {
            if (known.reason().equals(why) && (code == 0 || known.code() == code)) {
                return !known.reconnect();
            }
        }
        return false;
    }

    /** Ends for good; after a while somebody new connects as the same user. */
    private void retire(Duration absence) {
        if (!over) {
            end(true);
            home.replace(this, absence);
        }
    }

    private void end(boolean gone) {
        over = true;
        if (line != null) {
            line.reset();
            closed(0, "cut");
        }
        if (gone) {
            record(new Entry.Gone(now(), number));
        }
        record(new Entry.Scanned(now(), number, scan.bytes(), ownCanaries, home.foreignCanaries(user)));
    }

    // ---- what it does by itself ----

    /** When half of what is left is over: a token that is short-lived by nature is not renewed in a loop. */
    private void renewToken(JsonNode expiring) {
        if (behaviour != Behaviour.REFRESHES || kind != Kind.WS) {
            return;
        }
        int asking = session;
        Duration left = Duration.between(
                Instant.now(), Instant.parse(expiring.path("expires_at").asText()));
        home.loop().after(left.dividedBy(2), () -> {
            if (session == asking && connected) {
                home.token(user, token -> token.ifPresent(fresh -> sayNewToken(asking, fresh)));
            }
        });
    }

    private void sayNewToken(int asking, Clients.Token fresh) {
        // A token of another version is for the next connection: the history knows one for each.
        boolean same = fresh.version() == version;
        if (same && session == asking && connected && line instanceof WebSocketLine socket) {
            socket.send(Json.text(Map.of("type", "refresh", "token", fresh.text())));
        }
    }

    private void planMischief() {
        Duration mean = switch (behaviour) {
            case DROPS -> Duration.ofSeconds(15);
            case HALF_OPEN, RELOADS -> Duration.ofSeconds(20);
            case SLOW -> Duration.ofSeconds(25);
            case MOVES -> Duration.ofSeconds(3);
            default -> Duration.ofDays(1);
        };
        home.loop()
                .after(
                        home.chance()
                                .between(mean.dividedBy(2), mean.multipliedBy(3).dividedBy(2)),
                        () -> {
                            if (!over && finishAt.isEmpty()) {
                                if (connected) {
                                    mischief();
                                }
                                if (!over) {
                                    planMischief();
                                }
                            }
                        });
    }

    private void mischief() {
        switch (behaviour) {
            case DROPS -> {
                line.reset();
                closed(0, "cut");
                home.loop().after(Duration.ofSeconds(2), this::connect);
            }
            case HALF_OPEN -> {
                line.freeze(Duration.ofSeconds(30));
                closed(0, "cut");
                home.loop().after(Duration.ofMillis(500), this::connect);
            }
            case SLOW -> {
                long end = System.nanoTime() + SLOWNESS.toNanos();
                // Whoever loses a right hears of it at once, so that the time that takes can be measured.
                line.slowDown(1000, () -> System.nanoTime() < end && !user.isChanging());
            }
            case RELOADS -> retire(Duration.ofMillis(200));
            case MOVES -> move();
            default -> {}
        }
    }

    /** Leaves one of the rooms that it asked for, or joins another one from where it stands. */
    private void move() {
        if (!(line instanceof WebSocketLine socket)) {
            return;
        }
        if (!rooms.isEmpty() && home.chance().perMille(500)) {
            String left = home.chance().of(List.copyOf(rooms));
            rooms.remove(left);
            socket.send(Json.text(Map.of("type", "unsubscribe", "room", left)));
            return;
        }
        String room = home.chance().of(Clients.joinable(user));
        if (!named.contains(room) && rooms.add(room)) {
            String ref = "r" + refs++;
            asked.put(ref, new Asked(room, cursor.position()));
            socket.send(Json.text(Map.of("type", "subscribe", "room", room, "since", cursor.toString(), "ref", ref)));
        }
    }

    // ---- the end ----

    /** A last time: everything up to a position. */
    void finish(long head) {
        if (over) {
            return;
        }
        finishAt = Optional.of(head);
        if (line != null) {
            line.reset();
            closed(0, "cut");
        }
        connect();
    }

    boolean isFinished() {
        return over || (finishAt.isPresent() && connected && caughtUp && cursor.position() >= finishAt.get());
    }

    /** Writes down what it holds, and is gone. */
    void conclude() {
        if (!over) {
            long at = now();
            folded.values()
                    .forEach(state -> record(new Entry.State(
                            at,
                            state.source(),
                            state.org(),
                            state.resource(),
                            state.id(),
                            state.version(),
                            state.mark(),
                            state.hash(),
                            state.present())));
            end(false);
        }
    }

    @Override
    public String toString() {
        return "client " + number + " (" + kind + ", " + behaviour + ", " + user.org() + ", " + user.role() + ", "
                + (connected ? "connected" : line == null ? "waiting" : "connecting") + ", at " + cursor + ")";
    }
}
