package dev.bellhop.realtime.log;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The spans of this node on their way into the store, and what the store knows of the other nodes. Written behind in batches:
 * nobody waits for them, and while the store is away only a bounded number is kept. The spans of a node that was killed end when
 * it last renewed its lease, which it does every second. Thread-safe.
 */
public final class SpanLog {
    private static final int MAX_WAITING = 100_000;
    private static final Duration RENEW_EVERY = Duration.ofSeconds(1);

    private static final Logger log = LoggerFactory.getLogger(SpanLog.class);

    private final SpanStore store;
    private final LongSupplier deliveries;
    private final Counter dropped;
    private final ConcurrentLinkedQueue<Span> begun = new ConcurrentLinkedQueue<>();
    private final ConcurrentLinkedQueue<Span.End> ended = new ConcurrentLinkedQueue<>();
    /** Begun and not ended, whatever of it is written. */
    private final Set<UUID> open = ConcurrentHashMap.newKeySet();

    private final AtomicInteger waiting = new AtomicInteger();
    private final UUID node = UUID.randomUUID();
    /** Ends were lost: the store takes for connected who is not. */
    private volatile boolean endsLost;

    private volatile List<SpanStore.Lease> others = List.of();
    /** {@link System#nanoTime} of the last renewal. Guarded by this. */
    private long renewedAt = System.nanoTime() - RENEW_EVERY.toNanos();

    /** The lease is given up. Guarded by this. */
    private boolean closed;

    /** @param deliveries events that this node handed to connections since its start */
    public SpanLog(SpanStore store, LongSupplier deliveries, MeterRegistry meters) {
        this.store = store;
        this.deliveries = deliveries;
        this.dropped = Counter.builder("bellhop.spans.dropped")
                .description("Spans that could not be written; /ws/explain does not know of them")
                .register(meters);
        meters.gauge("bellhop.nodes.others", this, spans -> spans.others.size());
    }

    public void begin(Span span) {
        open.add(span.id());
        if (isRoom()) {
            begun.add(span);
        }
    }

    public void end(Span.End end) {
        open.remove(end.id());
        if (isRoom()) {
            ended.add(end);
        } else {
            endsLost = true;
        }
    }

    private boolean isRoom() {
        if (waiting.incrementAndGet() <= MAX_WAITING) {
            return true;
        }
        waiting.decrementAndGet();
        dropped.increment();
        return false;
    }

    /** Writes what waits. Blocks on the store; one call at a time. */
    public synchronized void flush() {
        renewLease();
        // Ends first: the beginning of each was queued before it, so it is written by now or is in the list taken next.
        List<Span.End> ends = take(ended);
        List<Span> spans = take(begun);
        try {
            if (!ends.isEmpty() || !spans.isEmpty()) {
                store.write(node, spans, ends);
            }
            if (endsLost) {
                endsLost = false;
                store.endAllBut(node, Set.copyOf(open));
            }
        } catch (RuntimeException failure) {
            dropped.increment(ends.size() + (double) spans.size());
            endsLost = true;
            log.warn("spans were not written count={} cause={}", ends.size() + spans.size(), failure.toString());
        } finally {
            waiting.addAndGet(-ends.size() - spans.size());
        }
    }

    private void renewLease() {
        if (System.nanoTime() - renewedAt >= RENEW_EVERY.toNanos()) {
            renew();
        }
    }

    /** Says that this node lives, and looks which others do. Blocks on the store. */
    public synchronized void renew() {
        if (closed) {
            return;
        }
        long now = System.nanoTime();
        try {
            others = store.renew(node, deliveries.getAsLong());
            renewedAt = now;
        } catch (RuntimeException failure) {
            log.warn("the lease of this node was not renewed cause={}", failure.toString());
        }
    }

    private static <T> List<T> take(ConcurrentLinkedQueue<T> queue) {
        List<T> all = new ArrayList<>();
        for (T next = queue.poll(); next != null; next = queue.poll()) {
            all.add(next);
        }
        return all;
    }

    /** Writes the last, and tells the others that this node is no more. Blocks on the store. */
    public synchronized void close() {
        flush();
        closed = true;
        try {
            store.giveUp(node);
        } catch (RuntimeException failure) {
            log.warn("the lease of this node has to run out cause={}", failure.toString());
        }
    }

    /** This node's name among the others. */
    public UUID node() {
        return node;
    }

    /** The other nodes that live, as of a second ago. */
    public List<SpanStore.Lease> others() {
        return others;
    }

    /**
     * Who is connected to the other nodes, about half a second ago. Blocks on the store unless there are none.
     *
     * @param orgId empty for all organisations
     */
    public List<SpanStore.Open> elsewhere(Optional<UUID> orgId) {
        return others.isEmpty() ? List.of() : store.open(node, orgId);
    }

    /** The spans of a user in the time that is kept, oldest first. Blocks on the store. */
    public List<SpanStore.Stored> of(UUID orgId, String userId) {
        flush();
        return store.of(orgId, userId);
    }

    /** Removes at most a batch of spans that began longer ago and have ended. Blocks on the store. @return how many */
    public int deleteOlderThan(Duration age) {
        return store.deleteOlderThan(age);
    }
}
