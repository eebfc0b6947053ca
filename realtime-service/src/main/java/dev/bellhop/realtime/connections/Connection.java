package dev.bellhop.realtime.connections;

import dev.bellhop.model.security.Principal;
import dev.bellhop.model.security.Tokens;
import dev.bellhop.model.wire.ClientMessage;
import dev.bellhop.model.wire.CloseCode;
import dev.bellhop.model.wire.Cursor;
import dev.bellhop.model.wire.ErrorCode;
import dev.bellhop.model.wire.RoomName;
import dev.bellhop.model.wire.ServerMessage;
import dev.bellhop.realtime.Config;
import dev.bellhop.realtime.delivery.Frame;
import dev.bellhop.realtime.delivery.OrgStream;
import dev.bellhop.realtime.delivery.SendQueue;
import dev.bellhop.realtime.delivery.Subscriber;
import dev.bellhop.realtime.delivery.Timer;
import dev.bellhop.realtime.rooms.RoomPolicy;
import dev.bellhop.realtime.rooms.Standing;
import io.github.bucket4j.Bucket;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client from the accepted handshake to the end: what it says, what it is told, how long it may stay. The transport
 * calls {@link #received} one message at a time; everything else comes from any thread.
 */
final class Connection implements Subscriber.Owner, SendQueue.Listener {
    /** How long the peer has to take note of the end before the line is cut. */
    private static final Duration FAREWELL = Duration.ofSeconds(5);

    /** How long before its end a token is said to expire. */
    private static final Duration EXPIRY_WARNING = Duration.ofSeconds(60);

    /** How long a client may talk too much before it has to leave. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private static final Logger log = LoggerFactory.getLogger(Connection.class);

    private final String id = UUID.randomUUID().toString();
    private final Connections home;
    private final Wire wire;
    private final Handshake.Outcome.Accepted handshake;
    private final String address;
    private final Instant connectedAt;
    private final SendQueue queue;
    private final Subscriber subscriber;
    private final OrgStream stream;

    /** Whom the current token names, with the rights of now. Once it is in, changed by its stream only. */
    private volatile Principal principal;
    /** Rooms that were asked for and not given; said once. Only touched by the stream. */
    private List<Handshake.Refusal> refusals = List.of();
    /** {@link System#nanoTime} of the last sign of life. */
    private volatile long lastHeard = System.nanoTime();

    private final Object expiryLock = new Object();
    /** What is due for the token. Guarded by {@link #expiryLock}. */
    private Timer.Task expiry;

    private final AtomicReference<Timer.Task> statsRepeat = new AtomicReference<>();
    /** The first reason to end wins. */
    private final AtomicReference<CloseCode> closing = new AtomicReference<>();

    private final AtomicBoolean gone = new AtomicBoolean();

    /** Made with the first message; most clients never send one. Only touched by {@link #received}. */
    private Bucket inbound;
    /** {@link System#nanoTime} since when, and last when, it talked too much. Only touched by {@link #received}. */
    private long tooManySince;

    private long tooManyLast;

    Connection(Connections home, Wire wire, Handshake.Outcome.Accepted handshake, String address, OrgStream stream) {
        this.home = home;
        this.wire = wire;
        this.handshake = handshake;
        this.principal = handshake.principal();
        this.address = address;
        this.stream = stream;
        this.connectedAt = home.clock().instant();
        this.queue = new SendQueue(home.config().limits().queueBytes(), wire, this);
        this.subscriber = new Subscriber(queue, this);
    }

    // ---- the way in ----

    void open() {
        stream.join(subscriber, handshake.cursor());
    }

    @Override
    public Optional<Set<RoomName>> enter(Standing standing) {
        Standing.Verdict verdict = standing.judge(principal);
        if (verdict instanceof Standing.Verdict.Refused refused) {
            close(refused.reason());
            return Optional.empty();
        }
        principal = ((Standing.Verdict.Good) verdict).principal();
        Handshake.Entry entry = Handshake.entry(
                principal, handshake.wantedRooms(), home.config().limits().roomsPerConnection());
        refusals = entry.refusals();
        return Optional.of(entry.rooms());
    }

    @Override
    public boolean mayJoin(RoomName room) {
        return RoomPolicy.mayJoin(principal, room);
    }

    @Override
    public void refused(ErrorCode code) {
        home.refused(this, code);
    }

    @Override
    public boolean isUser(String userId) {
        return principal.userId().equals(userId);
    }

    @Override
    public Optional<Subscriber.RoomChange> standingChanged(Standing standing) {
        return takeOver(standing.judge(principal));
    }

    /** Goes on with the rights of now, or ends. Called by the stream, which then changes the rooms. */
    private Optional<Subscriber.RoomChange> takeOver(Standing.Verdict verdict) {
        if (verdict instanceof Standing.Verdict.Refused refused) {
            close(refused.reason());
            return Optional.empty();
        }
        Principal now = ((Standing.Verdict.Good) verdict).principal();
        Set<RoomName> before = RoomPolicy.joinedByItself(principal);
        principal = now;
        if (!now.role().seesAllProperties()) {
            replace(statsRepeat, null);
        }
        return Optional.of(new Subscriber.RoomChange(
                room -> RoomPolicy.mayJoin(now, room),
                RoomPolicy.joinedByItself(now).stream()
                        .filter(room -> !before.contains(room))
                        .toList()));
    }

    @Override
    public void joined(Subscriber.Resume resume, Cursor cursor, Set<RoomName> rooms) {
        Config config = home.config();
        Config.Limits limits = config.limits();
        Optional<Subscriber.Resume.Reason> refused =
                resume instanceof Subscriber.Resume.Refused r ? Optional.of(r.reason()) : Optional.empty();
        ServerMessage.Connected hello = new ServerMessage.Connected(
                id,
                principal.userId(),
                principal.org().toString(),
                principal.role().name(),
                List.copyOf(rooms),
                resume instanceof Subscriber.Resume.Recovered && !handshake.fromHistory(),
                resume instanceof Subscriber.Resume.Recovered recovered ? recovered.events() : 0,
                refused.map(Subscriber.Resume.Reason::wireName).orElse(null),
                config.pingInterval().toMillis(),
                config.pingInterval().toMillis(),
                config.pongTimeout().toMillis(),
                principal.expiresAt(),
                new ServerMessage.Limits(
                        limits.messageBytes(),
                        limits.roomsPerConnection(),
                        limits.messagesPerSecond(),
                        limits.messageBurst(),
                        limits.queueBytes()));
        subscriber.offer(ServerMessage.connected(hello, cursor), home.clock().instant());
        refusals.forEach(refusal -> {
            refuse(refusal, null);
        });
        home.resumed(resume);
        log.atInfo()
                .addKeyValue("connection", id)
                .addKeyValue("org", principal.org())
                .addKeyValue("user", principal.userId())
                .addKeyValue("role", principal.role())
                .addKeyValue("transport", wire.kind())
                .addKeyValue(
                        "resume",
                        resume instanceof Subscriber.Resume.Fresh
                                ? "none"
                                : refused.map(Subscriber.Resume.Reason::wireName)
                                        .orElse("recovered"))
                .log("connected");
        watchExpiry();
        refusals = List.of();
    }

    @Override
    public void keptWaiting() {
        wire.release();
    }

    @Override
    public void listen() {
        wire.listen();
    }

    // ---- what the client says ----

    /** Any frame of the peer, a Pong too, shows that it is there. */
    void heard() {
        lastHeard = System.nanoTime();
    }

    void received(String text) {
        if (closing.get() != null) {
            return;
        }
        ClientMessage message = ClientMessage.parse(text);
        if (isTooMuch(message.ref())) {
            return;
        }
        if (message instanceof ClientMessage.Heartbeat heartbeat) {
            Instant now = home.clock().instant();
            queue.sendFirst(Frame.of(ServerMessage.heartbeatAck(now, heartbeat.ref()), now));
        } else if (message instanceof ClientMessage.Subscribe subscribe) {
            subscribe(subscribe);
        } else if (message instanceof ClientMessage.Unsubscribe unsubscribe) {
            unsubscribe(unsubscribe);
        } else if (message instanceof ClientMessage.GetStats stats) {
            stats(stats);
        } else if (message instanceof ClientMessage.Refresh refresh) {
            refresh(refresh);
        } else if (message instanceof ClientMessage.Presence presence) {
            presence(presence);
        } else if (message instanceof ClientMessage.Faulty faulty) {
            say(ServerMessage.error(faulty.code(), faulty.message(), faulty.ref()));
        }
    }

    private boolean isTooMuch(String ref) {
        Config.Limits limits = home.config().limits();
        if (limits.messagesPerSecond() == 0) {
            return false;
        }
        if (inbound == null) {
            inbound = Bucket.builder()
                    .addLimit(limit -> limit.capacity(limits.messageBurst())
                            .refillGreedy(limits.messagesPerSecond(), Duration.ofSeconds(1)))
                    .build();
        }
        if (inbound.tryConsume(1)) {
            return false;
        }
        long now = System.nanoTime();
        boolean goesOn =
                tooManySince != 0 && now - tooManyLast < Duration.ofSeconds(1).toNanos();
        if (!goesOn) {
            tooManySince = now;
        }
        tooManyLast = now;
        if (now - tooManySince > PATIENCE.toNanos()) {
            close(CloseCode.OVERLOADED);
        } else {
            home.refused(this, ErrorCode.RATE_LIMITED);
            String limit = "at most " + limits.messagesPerSecond() + " messages a second; this one was dropped";
            say(ServerMessage.error(ErrorCode.RATE_LIMITED, limit, ref));
        }
        return true;
    }

    private void subscribe(ClientMessage.Subscribe message) {
        Optional<RoomName> room = RoomName.parse(message.room());
        if (room.isEmpty()) {
            refuse(Handshake.unknownRoom(), message.ref());
        } else {
            int mostRooms = home.config().limits().roomsPerConnection();
            stream.subscribe(subscriber, room.get(), message.since(), message.ref(), mostRooms);
        }
    }

    private void unsubscribe(ClientMessage.Unsubscribe message) {
        RoomName.parse(message.room())
                .ifPresentOrElse(
                        room -> stream.unsubscribe(subscriber, room, "client", message.ref()),
                        () -> refuse(Handshake.unknownRoom(), message.ref()));
    }

    private void presence(ClientMessage.Presence message) {
        RoomName.parse(message.room())
                .ifPresentOrElse(
                        room -> stream.watch(subscriber, room, message.ref()),
                        () -> refuse(Handshake.unknownRoom(), message.ref()));
    }

    private void refuse(Handshake.Refusal refusal, String ref) {
        home.refused(this, refusal.code());
        say(ServerMessage.error(refusal.code(), refusal.message(), ref));
    }

    private void stats(ClientMessage.GetStats message) {
        if (!principal.role().seesAllProperties()) {
            refuse(new Handshake.Refusal(ErrorCode.FORBIDDEN, "statistics are for HR and ADMIN"), message.ref());
            return;
        }
        long everyMs = message.everyMs() == null ? 0 : message.everyMs();
        Timer.Task repeat = everyMs == 0 ? null : home.timer().every(Duration.ofMillis(everyMs), () -> sayStats(null));
        if (message.everyMs() != null) {
            replace(statsRepeat, repeat);
        }
        sayStats(message.ref());
    }

    private void sayStats(String ref) {
        home.stats(principal.org(), figures -> {
            if (principal.role().seesAllProperties()) { // still
                say(ServerMessage.stats(figures, ref));
            }
        });
    }

    /** A new token of the same user: its rights count from now on. Anything else ends the connection. */
    private void refresh(ClientMessage.Refresh message) {
        Tokens.Verdict checked = home.tokens().verify(message.token());
        if (checked instanceof Tokens.Verdict.Expired) {
            close(CloseCode.TOKEN_EXPIRED);
            return;
        }
        if (!(checked instanceof Tokens.Verdict.Valid valid) || !isSamePerson(valid.principal())) {
            close(CloseCode.TOKEN_INVALID);
            return;
        }
        Principal token = valid.principal();
        stream.adjust(subscriber, standing -> {
            Optional<Subscriber.RoomChange> change = takeOver(standing.judge(token));
            change.ifPresent(done -> {
                watchExpiry();
                say(ServerMessage.refreshed(principal.expiresAt(), message.ref()));
            });
            return change;
        });
    }

    private boolean isSamePerson(Principal other) {
        return other.userId().equals(principal.userId()) && other.orgId().equals(principal.orgId());
    }

    // ---- how long it may stay ----

    private void watchExpiry() {
        Duration left = Duration.between(home.clock().instant(), principal.expiresAt());
        Duration warnIn = left.compareTo(EXPIRY_WARNING) > 0 ? left.minus(EXPIRY_WARNING) : Duration.ZERO;
        scheduleExpiry(warnIn, this::warnOfExpiry);
    }

    private void warnOfExpiry() {
        say(ServerMessage.tokenExpiring(principal.expiresAt()));
        expireWhenDue();
    }

    /** The timer runs by another clock than the token: what it calls too early has to wait for the rest. */
    private void expireWhenDue() {
        Duration left = Duration.between(home.clock().instant(), principal.expiresAt());
        if (left.isNegative() || left.isZero()) {
            close(CloseCode.TOKEN_EXPIRED);
        } else {
            scheduleExpiry(left, this::expireWhenDue);
        }
    }

    /**
     * Replaces what is due for the token. Under the lock, because a task that is due at once may replace itself before it was
     * noted here.
     */
    private void scheduleExpiry(Duration delay, Runnable task) {
        synchronized (expiryLock) {
            if (expiry != null) {
                expiry.cancel();
            }
            expiry = gone.get() ? null : home.timer().after(delay, task);
        }
    }

    private void cancelExpiry() {
        synchronized (expiryLock) {
            if (expiry != null) {
                expiry.cancel();
            }
        }
    }

    /** Ends the connection when its token has expired; called by the sweep, for clocks that were set. */
    void checkExpiry() {
        if (!home.clock().instant().isBefore(principal.expiresAt())) {
            close(CloseCode.TOKEN_EXPIRED);
        }
    }

    private static void replace(AtomicReference<Timer.Task> task, Timer.Task next) {
        Timer.Task last = task.getAndSet(next);
        if (last != null) {
            last.cancel();
        }
    }

    /** A sign to the peer, and the cursor up to which everything went out before it. */
    void ping() {
        wire.keepAlive();
        stream.ping(subscriber);
    }

    /** Keeps an idle line open, where the transport needs it more often than a ping. */
    void keepAlive() {
        wire.keepAlive();
    }

    /** A line that clients of server-sent events pass over. */
    void comment() {
        if (!queue.send(Frame.comment())) {
            tooSlow();
        }
    }

    boolean isSilentSince(long nanoTime) {
        return lastHeard - nanoTime < 0;
    }

    // ---- the way out ----

    @Override
    public void tooSlow() {
        close(CloseCode.SLOW_CONSUMER);
    }

    @Override
    public void unavailable() {
        close(CloseCode.INTERNAL_ERROR);
    }

    boolean close(CloseCode code) {
        return close(code, retryAfterMs(code));
    }

    /** Says why, then ends the connection. The first reason counts. @return false when it was ending already */
    boolean close(CloseCode code, long retryAfterMs) {
        if (!closing.compareAndSet(null, code)) {
            return false;
        }
        Frame last = Frame.of(
                ServerMessage.disconnect(code, retryAfterMs), home.clock().instant());
        Optional<Long> firstDropped = Optional.empty();
        if (code == CloseCode.SLOW_CONSUMER || code == CloseCode.NO_PONG) {
            firstDropped = queue.endNow(last, () -> wire.close(code)); // the peer does not read
        } else {
            queue.end(last, () -> wire.close(code));
        }
        stream.leave(subscriber, code.reason(), firstDropped);
        home.timer().after(FAREWELL, wire::abort);
        return true;
    }

    /** Spreads those who come back, so that they do not all come at once. */
    private static long retryAfterMs(CloseCode code) {
        return switch (code) {
            case OVERLOADED -> 1000 + ThreadLocalRandom.current().nextLong(4000);
            case RESTARTING, INTERNAL_ERROR -> ThreadLocalRandom.current().nextLong(1000);
            default -> 0;
        };
    }

    @Override
    public void drained() {
        stream.drained(subscriber);
    }

    @Override
    public void failed(Throwable cause) {
        wire.abort();
    }

    /**
     * The line is down, for whatever reason.
     *
     * @param code as it was said by whoever ended it, 1006 when nobody said anything
     */
    void ended(int code) {
        if (!gone.compareAndSet(false, true)) {
            return;
        }
        cancelExpiry();
        replace(statsRepeat, null);
        stream.leave(subscriber, "peer", Optional.empty());
        CloseCode ours = closing.get();
        log.atInfo()
                .addKeyValue("connection", id)
                .addKeyValue("org", principal.org())
                .addKeyValue("user", principal.userId())
                .addKeyValue("code", ours == null ? code : ours.code())
                .addKeyValue("reason", ours == null ? "peer" : ours.reason())
                .addKeyValue(
                        "seconds",
                        Duration.between(connectedAt, home.clock().instant()).toSeconds())
                .log("closed");
        home.ended(this, ours);
    }

    private void say(ServerMessage message) {
        if (!queue.send(Frame.of(message, home.clock().instant()))) {
            tooSlow();
        }
    }

    // ---- for others to read ----

    @Override
    public Subscriber.Who who() {
        return new Subscriber.Who(id, principal.userId(), principal.name(), connectedAt);
    }

    ConnectionInfo info() {
        return new ConnectionInfo(
                id,
                principal.org(),
                principal.userId(),
                principal.name(),
                principal.role(),
                wire.kind(),
                address,
                connectedAt,
                queue.queuedBytes());
    }

    String id() {
        return id;
    }

    @Override
    public Principal principal() {
        return principal;
    }

    @Override
    public String address() {
        return address;
    }

    @Override
    public String kind() {
        return wire.kind();
    }
}
