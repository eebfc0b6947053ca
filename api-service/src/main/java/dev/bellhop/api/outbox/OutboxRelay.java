package dev.bellhop.api.outbox;

import dev.bellhop.db.SqlErrors;
import dev.bellhop.model.security.Secret;
import dev.bellhop.model.wire.EventBatch;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jdbi.v3.core.Jdbi;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings committed events to the realtime service: numbers them, and sends each organisation's in order, one batch at a
 * time, several organisations side by side. Nothing counts as sent before the receiver has acknowledged it, so a relay that
 * dies at any point, or a second one beside it, leads at worst to repeats, which the receiver drops.
 *
 * <p>Threads: {@code outbox-relay} numbers and hands organisations out; up to 8 {@code outbox-sender} threads send; {@code
 * outbox-calls} hears other relays. All block on the database and senders on the receiver, never on a request of the API.
 */
public final class OutboxRelay implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(OutboxRelay.class);

    private static final int SENDERS = 8;
    private static final Duration AFTER_FAULT = Duration.ofSeconds(1);
    private static final Duration STOP = Duration.ofSeconds(6);

    /**
     * For each event of the last look, how long the next one waits, and at most: one that comes alone leaves at once, and under
     * load a look, a post and their commits serve dozens.
     */
    private static final Duration REST_EACH = Duration.ofNanos(500_000);

    private static final Duration LONGEST_REST = Duration.ofMillis(20);

    /** Refusals of one event after which a tombstone takes its place. */
    static final int MAX_REFUSALS = 5;

    /** Contradictions in a row, with fresh batches, after which a stream halts; one alone can come from another relay's parking. */
    private static final int MAX_DIVERGENCES = 3;

    private final Sequencer sequencer;
    private final OutboxStore store;
    private final EventPoster poster;
    private final Duration poll;
    private final RelayMetrics metrics;
    private final WakeUpCalls calls;
    private final Semaphore signal = new Semaphore(0);
    private final Map<UUID, Stream> streams = new ConcurrentHashMap<>();
    /** Those of the streams that send, or wait for their next attempt. */
    private final Set<UUID> engaged = ConcurrentHashMap.newKeySet();

    private final Circuit circuit = new Circuit();

    private final AtomicInteger senderNumber = new AtomicInteger();
    /** What comes in after the stop is dropped: it is still in the outbox. */
    private final ExecutorService senders = new ThreadPoolExecutor(
            SENDERS,
            SENDERS,
            0,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            task -> new Thread(task, "outbox-sender-" + senderNumber.incrementAndGet()),
            new ThreadPoolExecutor.DiscardPolicy());

    private final Thread thread = new Thread(this::run, "outbox-relay");
    private volatile boolean running = true;
    /** Another relay has numbered what this one has to send. */
    private volatile boolean called;

    /**
     * @param jdbi of a pool that is not the requests'; one of its connections listens all the time
     * @param poll longest time between two looks, for what nobody says: rows of other programs, a process that died
     */
    public OutboxRelay(
            Jdbi jdbi, URI realtimeUrl, List<Secret> secrets, Duration poll, MeterRegistry registry, Clock clock) {
        this.store = new OutboxStore(jdbi);
        this.sequencer = new Sequencer(jdbi, store.relay(), engaged);
        this.poster = new EventPoster(realtimeUrl, secrets, clock);
        this.poll = poll;
        this.metrics = new RelayMetrics(registry);
        this.calls = new WakeUpCalls(jdbi, store.relay(), this::called);
    }

    public void start() {
        thread.start();
        calls.start();
    }

    /** False once the relay has stopped, whether it was told to or an error that it cannot mend ended its thread. */
    public boolean isRunning() {
        return thread.isAlive();
    }

    /** Counts what waits, for whoever watches the metrics. Apart from the sending: after a burst it can take long. */
    public void count() {
        metrics.figures(store.figures());
    }

    /** Says that there may be something to send. Returns at once; calls that come close together count as one. */
    public void wakeUp() {
        if (signal.availablePermits() == 0) {
            signal.release();
        }
    }

    private void called() {
        called = true;
        wakeUp();
    }

    private void run() {
        long nextSweep = System.nanoTime();
        while (running) {
            try {
                int numbered = sequenceAndDispatch();
                if (called || System.nanoTime() - nextSweep >= 0) {
                    called = false;
                    // What waited for its next attempt, and what another relay has numbered or left behind.
                    store.organizationsWithBacklog().forEach(orgId -> start(stream(orgId), List.of()));
                    nextSweep = System.nanoTime() + poll.toNanos();
                }
                probe();
                if (numbered < Sequencer.LIMIT) {
                    rest(numbered);
                    await(Duration.ofNanos(nextSweep - System.nanoTime()));
                }
            } catch (RuntimeException e) {
                // The thread must outlive whatever the database does; the next round tries again.
                sequencer.forget();
                logFault(e);
                await(AFTER_FAULT);
            }
        }
    }

    private int sequenceAndDispatch() {
        Sequencer.Run run = sequencer.run();
        run.ready().forEach((orgId, rows) -> start(stream(orgId), rows));
        return run.numbered();
    }

    private Stream stream(UUID orgId) {
        return streams.computeIfAbsent(orgId, Stream::new);
    }

    /** @param ready what has just got its numbers and may come next; none where the outbox is to be looked into */
    private void start(Stream stream, List<Batch.Row> ready) {
        if (stream.begin()) {
            engaged.add(stream.orgId);
            stream.ready = ready;
            senders.execute(() -> send(stream));
        }
    }

    private void probe() {
        if (circuit.mayProbe()) {
            waiting().stream().findFirst().ifPresent(stream -> {
                stream.goOn();
                start(stream, List.of());
            });
        }
    }

    private List<Stream> waiting() {
        return engaged.stream()
                .map(this::stream)
                .filter(stream -> stream.waitsForReceiver)
                .toList();
    }

    /** The receiver is back: nobody has to wait any longer who did so for its sake. */
    private void releaseWaiting() {
        List<Stream> waiting = waiting();
        waiting.forEach(Stream::goOn);
        log.atInfo().addKeyValue("waiting", waiting.size()).log("relay.resumed");
        called();
    }

    private static void rest(int numbered) {
        LockSupport.parkNanos(Math.min(LONGEST_REST.toNanos(), numbered * REST_EACH.toNanos()));
    }

    private void await(Duration time) {
        try {
            if (signal.tryAcquire(time.toMillis(), TimeUnit.MILLISECONDS)) {
                signal.drainPermits();
            }
        } catch (InterruptedException e) {
            running = false;
        }
    }

    /** Sends one batch, then lets the other organisations have their turn. */
    private void send(Stream stream) {
        boolean again = false;
        try {
            again = running && sendNext(stream);
        } catch (RuntimeException e) {
            logFault(e);
            stream.failed(AFTER_FAULT);
        }
        if (again) {
            senders.execute(() -> send(stream));
            return;
        }
        if (stream.isFree()) {
            engaged.remove(stream.orgId);
        }
        if (stream.end()) {
            start(stream, List.of());
        }
    }

    private boolean sendNext(Stream stream) {
        stream.waitsForReceiver = false;
        if (!claim(stream)) {
            // Another relay sends for this organisation, so what is held here may be out of date by the next time. That
            // one may have looked for the last time just before, and would find what was numbered here at its next
            // poll.
            stream.batch = null;
            store.callHolder(stream.orgId);
            return false;
        }
        Batch batch = stream.batch;
        if (batch == null) {
            store.release(stream.orgId);
            return false;
        }
        if (parkedAsTooLarge(batch)) {
            stream.batch = null;
            return true;
        }
        Delivery delivery = poster.post(batch);
        metrics.delivery(delivery);
        return settle(stream, batch, delivery);
    }

    /** Also reads the next batch, unless one is held over from a failed attempt. */
    private boolean claim(Stream stream) {
        Optional<Batch> next = stream.takeNext();
        if (stream.batch != null) {
            return store.claim(stream.orgId);
        }
        if (next.isPresent()) {
            stream.batch = next.get();
            return true; // claimed with its numbers
        }
        OutboxStore.Claim claim = store.claimNext(stream.orgId, stream.limit);
        stream.batch = claim.batch().orElse(null);
        return claim.held();
    }

    private boolean parkedAsTooLarge(Batch batch) {
        List<Batch.Row> tooLarge = batch.rows().stream()
                .filter(row ->
                        row.event().payload().getBytes(StandardCharsets.UTF_8).length > EventBatch.MAX_PAYLOAD_BYTES)
                .toList();
        tooLarge.forEach(row -> park(row, "payload over 64 KiB"));
        return !tooLarge.isEmpty();
    }

    private boolean settle(Stream stream, Batch batch, Delivery delivery) {
        if (delivery instanceof Delivery.Acked) {
            boolean more = stream.failures > 0 || batch.mayHaveSuccessor(stream.limit);
            store.markSent(stream.orgId, batch.last(), !more);
            metrics.sent(batch.rows().size());
            stream.succeeded(batch.last());
            if (circuit.succeeded()) {
                releaseWaiting();
            }
            return more;
        }
        if (delivery instanceof Delivery.Gap gap) {
            return rewind(stream, batch, gap.expected());
        }
        if (delivery instanceof Delivery.Diverged) {
            return reload(stream, batch);
        }
        if (delivery instanceof Delivery.Refused refused) {
            return narrow(stream, batch, refused);
        }
        Delivery.Failed failed = (Delivery.Failed) delivery;
        Duration pause = failed.retryAfter().orElse(Duration.ZERO);
        circuit.failed(pause);
        stream.waitsForReceiver = true;
        stream.failed(pause);
        retryLater(stream, failed.reason());
        return false;
    }

    private boolean rewind(Stream stream, Batch batch, long expected) {
        stream.batch = null;
        if (expected >= batch.first()) {
            retryLater(stream, "gap ahead of what was sent");
            return false;
        }
        if (!store.rewind(stream.orgId, expected)) {
            halt(stream, "stream.unrecoverable", batch);
            return false;
        }
        log.atWarn()
                .addKeyValue("org_id", stream.orgId)
                .addKeyValue("expected", expected)
                .log("relay.rewound");
        return true;
    }

    private boolean reload(Stream stream, Batch batch) {
        stream.batch = null;
        stream.divergences++;
        if (stream.divergences < MAX_DIVERGENCES) {
            retryLater(stream, "divergence");
        } else {
            halt(stream, "stream.diverged", batch);
        }
        return false;
    }

    /** Finds the one event that the receiver will not take, if need be by halves, and parks it once it was refused often enough. */
    private boolean narrow(Stream stream, Batch batch, Delivery.Refused refused) {
        int size = batch.rows().size();
        if (refused.index().isEmpty() && size > 1) {
            stream.batch = null;
            stream.limit = size / 2;
            return true;
        }
        Batch.Row row = batch.rows().get(refused.index().orElse(0));
        if (row.tombstone()) {
            halt(stream, "stream.refused", batch);
            return false;
        }
        if (store.refused(row.rowId()) < MAX_REFUSALS) {
            retryLater(stream, "refused with " + refused.reason());
            return false;
        }
        park(row, "refused with " + refused.reason());
        stream.batch = null;
        return true;
    }

    private void park(Batch.Row row, String reason) {
        store.park(row, reason);
        log.atError()
                .addKeyValue("event_id", row.event().id())
                .addKeyValue("type", row.event().type())
                .addKeyValue("reason", reason)
                .log("outbox.parked");
    }

    private void halt(Stream stream, String alert, Batch batch) {
        stream.halted = true;
        metrics.halted();
        log.atError()
                .addKeyValue("org_id", stream.orgId)
                .addKeyValue("first_seq", batch.first())
                .log(alert);
    }

    /** Until then another relay may try, whose way to the receiver, or whose clock, may be better. */
    private void retryLater(Stream stream, String reason) {
        stream.failures++;
        stream.failed(RetrySchedule.wait(stream.failures));
        store.release(stream.orgId);
        if (stream.failures == 1 || stream.failures % 10 == 0) {
            log.atWarn()
                    .addKeyValue("org_id", stream.orgId)
                    .addKeyValue("reason", reason)
                    .addKeyValue("failures", stream.failures)
                    .log("relay.retry");
        }
    }

    private void logFault(RuntimeException fault) {
        if (!running) {
            return;
        }
        if (SqlErrors.isTransient(fault)) {
            log.atWarn().addKeyValue("reason", fault.getClass().getSimpleName()).log("relay.database.unavailable");
        } else {
            log.atError().setCause(fault).log("relay.fault");
        }
    }

    /** Lets attempts that are under way finish, at most 6 s. What they do not finish, the next relay repeats. */
    @Override
    public void close() {
        running = false;
        wakeUp();
        calls.close();
        try {
            thread.join(STOP.toMillis());
            senders.shutdown();
            if (!senders.awaitTermination(STOP.toMillis(), TimeUnit.MILLISECONDS)) {
                senders.shutdownNow();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        poster.close();
    }

    /**
     * One organisation's events. {@link #begin} and {@link #end} pass it from one thread to the next; in between only the
     * thread that holds it touches the other fields.
     */
    private static final class Stream {
        private static final long UNKNOWN = -1;

        final UUID orgId;
        /** Held over failed attempts, so that they repeat the same bytes; null when the next is still to be read. */
        Batch batch;
        /** Events whose numbers are new. */
        List<Batch.Row> ready = List.of();
        /** The last number that this relay knows to be acknowledged. */
        long sent = UNKNOWN;

        int limit = EventBatch.MAX_EVENTS;
        int failures;
        int divergences;
        volatile boolean halted;
        /** Its last attempt found the receiver not in order, or not at all. */
        volatile boolean waitsForReceiver;
        /** In terms of {@link System#nanoTime}. */
        private volatile long notBefore = System.nanoTime();

        /** Guarded by this. */
        private boolean busy;
        /** Somebody wanted to begin while it was busy. Guarded by this. */
        private boolean wanted;

        Stream(UUID orgId) {
            this.orgId = orgId;
        }

        synchronized boolean begin() {
            if (busy) {
                wanted = true;
                return false;
            }
            busy = isFree();
            return busy;
        }

        /** Whether it may go on now. */
        boolean isFree() {
            return !halted && System.nanoTime() - notBefore >= 0;
        }

        /** @return whether something may have come in since the last look */
        synchronized boolean end() {
            busy = false;
            boolean again = wanted && isFree();
            wanted = false;
            return again;
        }

        /** What is ready, where it follows what was sent last, and so nothing can wait before it. */
        Optional<Batch> takeNext() {
            List<Batch.Row> rows = ready;
            ready = List.of();
            boolean follows = !rows.isEmpty() && rows.get(0).seq() == sent + 1 && rows.size() <= limit;
            return follows ? Optional.of(Batch.of(orgId, rows)) : Optional.empty();
        }

        void succeeded(long last) {
            batch = null;
            sent = last;
            limit = EventBatch.MAX_EVENTS;
            failures = 0;
            divergences = 0;
        }

        void goOn() {
            notBefore = System.nanoTime();
        }

        void failed(Duration wait) {
            notBefore = Math.max(notBefore, System.nanoTime() + wait.toNanos());
        }
    }
}
