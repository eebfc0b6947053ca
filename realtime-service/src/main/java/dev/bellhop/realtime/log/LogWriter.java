package dev.bellhop.realtime.log;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Group commit: while one transaction of an organisation is under way, what else arrives for it waits and shares the next
 * one. So an organisation has at most one append in flight from this node, and a burst costs few commits. Thread-safe.
 */
public final class LogWriter {
    /** Most events that share a transaction, so that one commit stays short. */
    private static final int MAX_EVENTS = 1000;

    private static final Logger logger = LoggerFactory.getLogger(LogWriter.class);

    private record Request(Append append, CompletableFuture<Append.Outcome> answer) {}

    private final EventLog log;
    private final Executor executor;
    private final BiConsumer<UUID, Append.Outcome.Appended> appended;
    private final ConcurrentHashMap<UUID, Lane> lanes = new ConcurrentHashMap<>();

    /**
     * @param executor runs the transactions; its threads may block on the store
     * @param appended told of every append after its commit and before its answer, in log order for each organisation;
     *     must not block
     */
    public LogWriter(EventLog log, Executor executor, BiConsumer<UUID, Append.Outcome.Appended> appended) {
        this.log = log;
        this.executor = executor;
        this.appended = appended;
    }

    /** The answer comes when the events are durable; it fails with what the log threw. */
    public CompletableFuture<Append.Outcome> append(UUID orgId, Append append) {
        Request request = new Request(append, new CompletableFuture<>());
        lanes.computeIfAbsent(orgId, Lane::new).add(request);
        return request.answer();
    }

    /** Whether events of the organisation are on their way into the log from here. A moment later it may be otherwise. */
    public boolean isAppending(UUID orgId) {
        Lane lane = lanes.get(orgId);
        return lane != null && lane.unwritten.get() > lane.written;
    }

    /** Events of one organisation on their way into the log. */
    private final class Lane implements Runnable {
        private final UUID orgId;
        private final ConcurrentLinkedQueue<Request> waiting = new ConcurrentLinkedQueue<>();
        /** Requests added and not yet written; whoever lifts it from 0 starts the lane. */
        private final AtomicInteger unwritten = new AtomicInteger();
        /** Of these, what has been written after all and is about to be counted. */
        private volatile int written;

        Lane(UUID orgId) {
            this.orgId = orgId;
        }

        void add(Request request) {
            waiting.add(request);
            if (unwritten.getAndIncrement() == 0) {
                executor.execute(this);
            }
        }

        @Override
        public void run() {
            List<Request> batch = take();
            Runnable answers = write(batch);
            written = 0;
            if (unwritten.addAndGet(-batch.size()) > 0) {
                executor.execute(this); // the next transaction need not wait for the answers to this one
            }
            answers.run();
        }

        private List<Request> take() {
            List<Request> batch = new ArrayList<>();
            int events = 0;
            for (Request next = waiting.peek();
                    next != null
                            && (batch.isEmpty()
                                    || events + next.append().events().size() <= MAX_EVENTS);
                    next = waiting.peek()) {
                batch.add(waiting.poll());
                events += next.append().events().size();
            }
            return batch;
        }

        /** @return what tells the callers */
        private Runnable write(List<Request> batch) {
            List<Append.Outcome> outcomes;
            try {
                outcomes = log.append(orgId, batch.stream().map(Request::append).toList());
            } catch (RuntimeException | Error failure) {
                return () -> batch.forEach(request -> request.answer().completeExceptionally(failure));
            }
            written = batch.size();
            for (Append.Outcome outcome : outcomes) {
                if (outcome instanceof Append.Outcome.Appended added) {
                    tell(added);
                }
            }
            return () -> {
                for (int i = 0; i < batch.size(); i++) {
                    batch.get(i).answer().complete(outcomes.get(i));
                }
            };
        }

        /** The events are durable whatever becomes of it here: who was not told finds them by following the log. */
        private void tell(Append.Outcome.Appended added) {
            try {
                appended.accept(orgId, added);
            } catch (RuntimeException | Error failure) {
                logger.error("what was appended is not passed on org={}", orgId, failure);
            }
        }
    }
}
