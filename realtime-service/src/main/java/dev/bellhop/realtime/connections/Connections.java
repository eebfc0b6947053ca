package dev.bellhop.realtime.connections;

import dev.bellhop.model.security.Principal;
import dev.bellhop.model.wire.CloseCode;
import dev.bellhop.model.wire.ErrorCode;
import dev.bellhop.realtime.Config;
import dev.bellhop.realtime.delivery.Cluster;
import dev.bellhop.realtime.delivery.OrgStreams;
import dev.bellhop.realtime.delivery.Subscriber;
import dev.bellhop.realtime.delivery.Timer;
import dev.bellhop.realtime.http.TokenChecks;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Every open connection of this node. Thread-safe. */
public final class Connections {
    private static final Logger log = LoggerFactory.getLogger(Connections.class);

    /** How long a stop waits for events on their way to the queues. */
    private static final Duration DELIVERY_PATIENCE = Duration.ofSeconds(1);

    /** One person of one organisation. */
    private record Person(UUID orgId, String userId) {}

    private final Config config;
    private final TokenChecks tokens;
    private final OrgStreams streams;
    private final Timer timer;
    private final Clock clock;
    private final MeterRegistry meters;
    private final Heartbeat heartbeat;
    private final Counter replayed;

    private final ConcurrentHashMap<String, Connection> open = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<Person, Integer> byPerson = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<String, Integer> byAddress = new ConcurrentHashMap<>();
    /** Notified when the last connection is gone. */
    private final Object left = new Object();

    private volatile boolean draining;
    /** By the outcome; looked up here because everybody may come back at once. */
    private final ConcurrentHashMap<String, Counter> resumes = new ConcurrentHashMap<>();
    /** Figures of an organisation for {@code get_stats}; set once, before the first connection. */
    private volatile BiConsumer<UUID, Consumer<Object>> stats = (orgId, then) -> {};

    public Connections(
            Config config, TokenChecks tokens, OrgStreams streams, Timer timer, Clock clock, MeterRegistry meters) {
        this.config = config;
        this.tokens = tokens;
        this.streams = streams;
        this.timer = timer;
        this.clock = clock;
        this.meters = meters;
        this.heartbeat = new Heartbeat(config, timer, open.values());
        Gauge.builder("bellhop.connections", open, ConcurrentHashMap::size)
                .description("Open connections of this node")
                .register(meters);
        Gauge.builder("bellhop.queue.bytes", () -> queued().sum())
                .description("Bytes that wait to be written, of all connections")
                .baseUnit("bytes")
                .register(meters);
        Gauge.builder("bellhop.queue.max.bytes", () -> queued().max().orElse(0))
                .description("Bytes that wait to be written, of the connection with the most")
                .baseUnit("bytes")
                .register(meters);
        replayed = Counter.builder("bellhop.replayed.events")
                .description("Events that connections had missed and were promised at their resume")
                .register(meters);
    }

    private LongStream queued() {
        return open.values().stream().mapToLong(connection -> connection.info().queuedBytes());
    }

    /** @param answer finds the figures of an organisation and hands them on, at once or later */
    public void answerStatsWith(BiConsumer<UUID, Consumer<Object>> answer) {
        stats = answer;
    }

    /** Starts what is due from time to time. */
    public void start() {
        heartbeat.start();
    }

    // ---- the way in and out ----

    /** @return the connection, or why there is none */
    Admission admit(Wire wire, Handshake.Outcome.Accepted handshake, String address) {
        if (draining) {
            return new Admission(Optional.empty(), CloseCode.RESTARTING);
        }
        Principal principal = handshake.principal();
        Person person = new Person(principal.org(), principal.userId());
        Config.Limits limits = config.limits();
        int ofPerson = byPerson.merge(person, 1, Integer::sum);
        int ofAddress = byAddress.merge(address, 1, Integer::sum);
        if (exceeds(open.size() + 1, limits.connections())
                || exceeds(ofPerson, limits.connectionsPerUser())
                || exceeds(ofAddress, limits.connectionsPerAddress())) {
            uncount(person, address);
            return new Admission(Optional.empty(), CloseCode.OVERLOADED);
        }
        Connection connection = new Connection(this, wire, handshake, address, streams.acquire(principal.org()));
        wire.attach(connection);
        open.put(connection.id(), connection);
        heartbeat.add(connection);
        if (draining) { // since it was looked at above: those that are here may have been sent away already
            connection.close(CloseCode.RESTARTING);
        }
        return new Admission(Optional.of(connection), null);
    }

    /** @param refusal null with a connection */
    record Admission(Optional<Connection> connection, CloseCode refusal) {}

    private static boolean exceeds(int count, int limit) {
        return limit > 0 && count > limit;
    }

    private void uncount(Person person, String address) {
        byPerson.computeIfPresent(person, (key, count) -> count == 1 ? null : count - 1);
        byAddress.computeIfPresent(address, (key, count) -> count == 1 ? null : count - 1);
    }

    /** @param reason ours, null when the peer left */
    void ended(Connection connection, CloseCode reason) {
        if (!open.remove(connection.id(), connection)) {
            return;
        }
        Principal principal = connection.principal();
        uncount(new Person(principal.org(), principal.userId()), connection.address());
        heartbeat.remove(connection);
        if (open.isEmpty()) {
            synchronized (left) {
                left.notifyAll();
            }
        }
        streams.release(principal.org());
        Counter.builder("bellhop.connections.closed")
                .tag("reason", reason == null ? "peer" : reason.reason())
                .register(meters)
                .increment();
    }

    /** A connection was let in; what became of its cursor. */
    void resumed(Subscriber.Resume resume) {
        String result = resume instanceof Subscriber.Resume.Refused refused
                ? refused.reason().wireName()
                : resume instanceof Subscriber.Resume.Recovered ? "recovered" : "fresh";
        resumes.computeIfAbsent(
                        result,
                        name -> Counter.builder("bellhop.resumes")
                                .description("Connections that were let in, by what became of their cursor")
                                .tag("result", name)
                                .register(meters))
                .increment();
        if (resume instanceof Subscriber.Resume.Recovered recovered) {
            replayed.increment((double) recovered.events());
        }
    }

    /** A handshake that did not become a connection. */
    void refusedHandshake(CloseCode code, String detail, String address) {
        log.atInfo()
                .addKeyValue("reason", code.reason())
                .addKeyValue("detail", detail)
                .addKeyValue("address", address)
                .log("refused");
        Counter.builder("bellhop.connections.refused")
                .tag("reason", code.reason())
                .register(meters)
                .increment();
    }

    /** Something that a client asked for and was not given. */
    void refused(Connection connection, ErrorCode code) {
        log.atDebug()
                .addKeyValue("connection", connection.id())
                .addKeyValue("code", code.wireName())
                .log("refused message");
        Counter.builder("bellhop.messages.refused")
                .tag("code", code.wireName())
                .register(meters)
                .increment();
    }

    /**
     * Takes no new connections, ends those that are there, each with its own time to come back, and returns when they are
     * gone.
     *
     * @param spread over which the clients come back
     * @param patience after which the rest is left to the transport
     */
    public void drain(Duration spread, Duration patience) {
        draining = true;
        awaitDelivery();
        open.values()
                .forEach(connection -> connection.close(
                        CloseCode.RESTARTING, ThreadLocalRandom.current().nextLong(spread.toMillis())));
        long deadline = System.nanoTime() + patience.toNanos();
        synchronized (left) {
            long rest = deadline - System.nanoTime();
            while (!open.isEmpty() && rest > 0) {
                try {
                    TimeUnit.NANOSECONDS.timedWait(left, rest);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    return;
                }
                rest = deadline - System.nanoTime();
            }
        }
    }

    /** So that an event that was acknowledged stands before the good-bye; what is late is read from the log afterwards. */
    private void awaitDelivery() {
        try {
            streams.delivered().get(DELIVERY_PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException | ExecutionException late) {
            log.info("the stop does not wait for events that are still to be delivered");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    public boolean isDraining() {
        return draining;
    }

    public void stop() {
        heartbeat.stop();
    }

    // ---- for others to read ----

    /** @param orgId empty for all organisations */
    public long count(Optional<UUID> orgId) {
        return in(orgId).count();
    }

    /** Ids of those who are connected. */
    public Set<String> users(UUID orgId) {
        return of(orgId).map(connection -> connection.principal().userId()).collect(Collectors.toSet());
    }

    private Stream<Connection> of(UUID orgId) {
        return open.values().stream()
                .filter(connection -> connection.principal().org().equals(orgId));
    }

    /** @param orgId empty for all organisations */
    public List<ConnectionInfo> list(Optional<UUID> orgId, int limit) {
        return in(orgId)
                .map(Connection::info)
                .sorted(Comparator.comparing(ConnectionInfo::connectedAt))
                .limit(limit)
                .toList();
    }

    /**
     * Sends a connection away for good.
     *
     * @param orgId empty for all organisations
     * @return false when there is none
     */
    public boolean kick(Optional<UUID> orgId, String connectionId) {
        Connection connection = open.get(connectionId);
        if (connection == null
                || !orgId.map(connection.principal().org()::equals).orElse(true)) {
            return false;
        }
        connection.close(CloseCode.KICKED);
        return true;
    }

    /** @return how many connections of the user were sent away */
    public int kickUser(Optional<UUID> orgId, String userId) {
        List<Connection> theirs =
                in(orgId).filter(connection -> connection.isUser(userId)).toList();
        return (int) theirs.stream()
                .filter(connection -> connection.close(CloseCode.KICKED))
                .count();
    }

    /** Does what another node was asked for. @return how many connections were sent away */
    public int kick(Cluster.Kick order) {
        if (order.byUser()) {
            return kickUser(order.orgId(), order.id());
        }
        return kick(order.orgId(), order.id()) ? 1 : 0;
    }

    private Stream<Connection> in(Optional<UUID> orgId) {
        return orgId.map(this::of).orElseGet(() -> open.values().stream());
    }

    void stats(UUID orgId, Consumer<Object> then) {
        stats.accept(orgId, then);
    }

    Config config() {
        return config;
    }

    TokenChecks tokens() {
        return tokens;
    }

    Timer timer() {
        return timer;
    }

    Clock clock() {
        return clock;
    }
}
