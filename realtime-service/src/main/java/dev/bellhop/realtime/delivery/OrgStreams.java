package dev.bellhop.realtime.delivery;

import dev.bellhop.model.wire.RoomName;
import dev.bellhop.realtime.log.Append;
import dev.bellhop.realtime.log.EventLog;
import dev.bellhop.realtime.log.SpanLog;
import dev.bellhop.realtime.rooms.Standing;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The streams of the organisations that have a connection on this node, or had one a moment ago. Thread-safe.
 */
public final class OrgStreams implements AutoCloseable {
    /** How long a stream without connections is kept, so that a reload finds it warm. */
    private static final Duration LINGER = Duration.ofMinutes(1);

    /** The comings and goings of one interval are one frame. */
    private static final Duration PRESENCE_INTERVAL = Duration.ofSeconds(1);

    private static final Logger log = LoggerFactory.getLogger(OrgStreams.class);

    private static final class Entry {
        final OrgStream stream;
        /** Guarded by the map's own lock of this key. */
        int users;
        /** A measurement is under way; one at a time is enough. */
        final AtomicBoolean measuring = new AtomicBoolean();

        Entry(OrgStream stream) {
            this.stream = stream;
        }
    }

    private final OrgStream.Node node;
    private final ConcurrentHashMap<UUID, Entry> entries = new ConcurrentHashMap<>();
    private final Timer.Task follower;
    private final Timer.Task presence;
    /** A look at the log is under way. */
    private volatile boolean looking;

    private volatile boolean stopping;

    /**
     * @param appending whether this node is about to append to an organisation's log
     * @param tailBytes of frames kept in memory for each organisation with connections
     * @param allTailBytes the same for all of them together, about
     * @param presenceGrace how long a user may be away without having left
     * @param followEvery how often the log is looked at for what other nodes appended
     */
    public OrgStreams(
            EventLog eventLog,
            Predicate<UUID> appending,
            NodeThreads threads,
            Clock clock,
            int tailBytes,
            long allTailBytes,
            Duration followEvery,
            Duration presenceGrace,
            DeliveryMeter meter,
            SpanLog spans) {
        this.node = new OrgStream.Node(
                eventLog,
                appending,
                threads,
                clock,
                new FrameMemory(tailBytes, allTailBytes),
                presenceGrace,
                meter,
                spans);
        this.presence = threads.timer()
                .every(PRESENCE_INTERVAL, () -> entries.forEach((orgId, entry) -> entry.stream.presenceTick()));
        this.follower = threads.timer().every(followEvery, this::look);
    }

    /** The organisation's stream, held until {@link #release}. */
    public OrgStream acquire(UUID orgId) {
        return entries.compute(orgId, (id, found) -> {
                    Entry entry = found == null ? new Entry(new OrgStream(orgId, node)) : found;
                    entry.users++;
                    return entry;
                })
                .stream;
    }

    public void release(UUID orgId) {
        entries.computeIfPresent(orgId, (id, entry) -> {
            entry.users--;
            if (entry.users == 0) {
                node.threads().timer().after(LINGER, () -> forget(orgId));
            }
            return entry;
        });
    }

    private void forget(UUID orgId) {
        entries.computeIfPresent(orgId, (id, entry) -> {
            if (entry.users > 0) {
                return entry;
            }
            entry.stream.forget();
            return null;
        });
    }

    /** What this node appended goes out. */
    public void appended(UUID orgId, Append.Outcome.Appended appended) {
        Entry entry = entries.get(orgId);
        if (entry != null && !appended.added().isEmpty()) {
            long committed = System.nanoTime();
            entry.stream.appended(appended.epoch(), appended.added());
            if (entry.measuring.compareAndSet(false, true)) {
                entry.stream.afterDelivery(() -> {
                    entry.measuring.set(false);
                    node.meter().written(Duration.ofNanos(System.nanoTime() - committed));
                });
            }
        }
    }

    /** Another node appended. A hint: it may be late or missing. */
    public void logReaches(UUID orgId, long head) {
        Entry entry = entries.get(orgId);
        if (entry != null) {
            entry.stream.logReaches(head);
        }
    }

    /** Completes when what was appended here before has been given to the sockets. */
    public CompletableFuture<Void> delivered() {
        return CompletableFuture.allOf(entries.values().stream()
                .map(entry -> {
                    CompletableFuture<Void> done = new CompletableFuture<>();
                    entry.stream.afterDelivery(() -> done.complete(null));
                    return done;
                })
                .toArray(CompletableFuture[]::new));
    }

    /**
     * Whose tokens count in an organisation now. Blocks on the log when the organisation has no stream here.
     */
    public Standing standing(UUID orgId) {
        Entry entry = entries.get(orgId);
        Optional<Standing> known = entry == null ? Optional.empty() : entry.stream.standing();
        return known.orElseGet(() -> {
            Standing standing = new Standing();
            node.log()
                    .controls(orgId, Standing.WINDOW, Long.MAX_VALUE)
                    .forEach(control -> standing.add(control.event()));
            return standing;
        });
    }

    /** Connections of this node that are in one of the rooms. */
    public CompletableFuture<Integer> audience(UUID orgId, List<RoomName> rooms) {
        Entry entry = entries.get(orgId);
        return entry == null ? CompletableFuture.completedFuture(0) : entry.stream.audience(rooms);
    }

    /** The connections of this node that are in a room. */
    public CompletableFuture<List<Subscriber.Who>> members(UUID orgId, RoomName room) {
        Entry entry = entries.get(orgId);
        return entry == null ? CompletableFuture.completedFuture(List.of()) : entry.stream.members(room);
    }

    /** Rooms of an organisation that have a member on this node. */
    public Map<RoomName, Integer> roomSizes(UUID orgId) {
        Entry entry = entries.get(orgId);
        return entry == null ? Map.of() : entry.stream.roomSizes();
    }

    /** Organisations with a stream on this node and the position that each has delivered. */
    public Map<UUID, Long> positions() {
        Map<UUID, Long> positions = new HashMap<>();
        entries.forEach((orgId, entry) -> positions.put(orgId, entry.stream.position()));
        return positions;
    }

    /** The net under all hints: what another node appended is found within one interval. */
    private void look() {
        if (entries.isEmpty() || looking) {
            return;
        }
        looking = true;
        node.threads().reader().execute(() -> {
            try {
                Map<UUID, OrgStream> followed = new HashMap<>();
                entries.forEach((orgId, entry) -> followed.put(orgId, entry.stream));
                Map<UUID, Long> heads = node.log().heads(followed.keySet());
                followed.forEach((orgId, stream) -> stream.logEndsAt(heads.getOrDefault(orgId, 0L)));
            } catch (RuntimeException failure) {
                if (!stopping) { // the store is closed under a look that is under way
                    log.warn("the log cannot be followed cause={}", failure.toString());
                }
            } finally {
                looking = false;
            }
        });
    }

    @Override
    public void close() {
        stopping = true;
        follower.cancel();
        presence.cancel();
    }
}
