package dev.bellhop.realtime.delivery;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.IteratingCallback;

/**
 * What waits to go out on one connection: bounded in bytes, with one write in flight, drained by the completion of each
 * write. Nobody blocks. What is waiting leaves together. Thread-safe.
 */
public final class SendQueue {
    /** Most bytes of one write: enough to carry a burst in one system call. */
    private static final int MAX_WRITE = 64 << 10;

    /** The wire below the queue. */
    public interface Transport {
        /**
         * Writes whole frames in this order.
         *
         * @param done completed exactly once, when the bytes are with the kernel or can never be
         */
        void write(List<Frame> frames, Callback done);
    }

    /** Told of what happens to the queue, on the thread on which it happens. */
    public interface Listener {
        /** The queue ran empty after {@link SendQueue#tellWhenDrained}. */
        void drained();

        /** A write failed: the peer is gone. Told once. */
        void failed(Throwable cause);
    }

    private final int capacityBytes;
    private final Transport transport;
    private final Listener listener;
    private final Flush flush = new Flush();

    /** In order of departure; null while empty, which is nearly always. Guarded by this. */
    private ArrayDeque<Frame> waiting;
    /** Sum of the sizes of what waits or is being written. Guarded by this. */
    private int queuedBytes;
    /** Whether {@link Listener#drained} is owed. Guarded by this. */
    private boolean drainWanted;
    /** Runs after everything that was queued has left; nothing is taken any more. Guarded by this. */
    private Runnable afterwards;

    /** @param capacityBytes most bytes of JSON that may wait; at least as large as the largest frame */
    public SendQueue(int capacityBytes, Transport transport, Listener listener) {
        this.capacityBytes = capacityBytes;
        this.transport = transport;
        this.listener = listener;
    }

    /**
     * Queues a frame without writing; {@link #flush} writes.
     *
     * @return false when it does not fit: the connection is too slow and has to be closed
     */
    synchronized boolean offer(Frame frame) {
        if (afterwards != null) {
            return true; // it is closing; what comes later is read from the log after the reconnect
        }
        if (queuedBytes + frame.size() > capacityBytes) {
            return false;
        }
        add(frame, false);
        return true;
    }

    /** Sends ahead of what waits. For short answers that are owed at once; not counted against the capacity. */
    public void sendFirst(Frame frame) {
        synchronized (this) {
            if (afterwards == null) {
                add(frame, true);
            }
        }
        flush.iterate();
    }

    /** @return false when it does not fit, as {@link #offer} */
    public boolean send(Frame frame) {
        boolean fits = offer(frame);
        flush.iterate();
        return fits;
    }

    /** Sends a last frame after everything that waits, then runs the end. Later calls do nothing. */
    public void end(Frame last, Runnable then) {
        synchronized (this) {
            if (afterwards != null) {
                return;
            }
            add(last, false);
            afterwards = then;
        }
        flush.iterate();
    }

    /**
     * Drops what waits, sends a last frame and runs the end. For a peer that does not read.
     *
     * @return position of the first event that was dropped, where one was
     */
    public Optional<Long> endNow(Frame last, Runnable then) {
        Optional<Long> firstDropped = Optional.empty();
        synchronized (this) {
            if (afterwards == null && waiting != null) {
                firstDropped = waiting.stream()
                        .flatMap(frame -> frame.logPosition().stream())
                        .findFirst();
                waiting.forEach(frame -> queuedBytes -= frame.size());
                waiting = null;
            }
        }
        end(last, then);
        return firstDropped;
    }

    void flush() {
        flush.iterate();
    }

    /** Asks for one {@link Listener#drained} when nothing waits and nothing is being written, which may be at once. */
    void tellWhenDrained() {
        synchronized (this) {
            drainWanted = true;
        }
        flush.iterate();
    }

    public synchronized int queuedBytes() {
        return queuedBytes;
    }

    private void add(Frame frame, boolean first) {
        if (waiting == null) {
            waiting = new ArrayDeque<>(4);
        }
        if (first) {
            waiting.addFirst(frame);
        } else {
            waiting.addLast(frame);
        }
        queuedBytes += frame.size();
    }

    /** The writing loop: Jetty's, which turns completions into iterations instead of recursion. */
    private final class Flush extends IteratingCallback {
        /** Sum of the sizes of what is being written. Only touched between two iterations. */
        private int writing;

        @Override
        protected Action process() {
            List<Frame> batch;
            Runnable end = null;
            boolean drained = false;
            synchronized (SendQueue.this) {
                queuedBytes -= writing;
                writing = 0;
                batch = take();
                if (batch.isEmpty()) {
                    end = afterwards;
                    drained = drainWanted && end == null;
                    drainWanted = false;
                }
            }
            if (!batch.isEmpty()) {
                transport.write(batch, this);
                return Action.SCHEDULED;
            }
            if (end != null) {
                end.run();
                return Action.SUCCEEDED;
            }
            if (drained) {
                listener.drained();
            }
            return Action.IDLE;
        }

        private List<Frame> take() {
            if (waiting == null) {
                return List.of();
            }
            List<Frame> batch = new ArrayList<>(Math.min(waiting.size(), 64));
            while (!waiting.isEmpty()
                    && (batch.isEmpty() || writing + waiting.peek().size() <= MAX_WRITE)) {
                Frame frame = waiting.poll();
                writing += frame.size();
                batch.add(frame);
            }
            if (waiting.isEmpty()) {
                waiting = null;
            }
            return batch;
        }

        @Override
        protected void onFailure(Throwable cause) {
            listener.failed(cause);
        }
    }
}
