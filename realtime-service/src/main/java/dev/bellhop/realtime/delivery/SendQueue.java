package dev.bellhop.realtime.delivery;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.eclipse.jetty.util.Callback;

/**
 * What waits to go out on one connection: bounded in bytes, with one write in flight, drained by the completion of each
 * write. Nobody blocks. What is waiting leaves together. Thread-safe.
 */
public final class SendQueue {
    /** The wire below the queue. */
    public interface Transport {
        /**
         * Writes whole frames in this order.
         *
         * @param later completed once, when the bytes are with the kernel or can never be; left alone when they went at once
         * @return whether they went at once
         */
        boolean write(List<Bundle> bundles, Callback later);
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
    private final Callback writtenLater = new WrittenLater();

    /** What leaves next; null while nothing waits, which is nearly always. Guarded by this. */
    private Bundle first;
    /** What leaves after it, in that order; null while empty. Guarded by this. */
    private ArrayDeque<Bundle> rest;
    /** Sum of the sizes of what waits or is being written. Guarded by this. */
    private int queuedBytes;
    /** Of these, what is being written. Guarded by this. */
    private int writingBytes;
    /** Somebody writes, or waits for a write, or nothing is to be written any more. Guarded by this. */
    private boolean busy;
    /** Whether {@link Listener#drained} is owed. Guarded by this. */
    private boolean drainWanted;
    /** Runs after everything that was queued has left. Guarded by this. */
    private Runnable afterwards;
    /** Nothing is taken any more. Guarded by this. */
    private boolean ending;

    /** @param capacityBytes most bytes of JSON that may wait; at least as large as the largest frame */
    public SendQueue(int capacityBytes, Transport transport, Listener listener) {
        this.capacityBytes = capacityBytes;
        this.transport = transport;
        this.listener = listener;
    }

    /**
     * Queues without writing; {@link #flush} writes.
     *
     * @return false when it does not fit: the connection is too slow and has to be closed
     */
    synchronized boolean offer(Bundle bundle) {
        if (ending) {
            return true; // what comes later is read from the log after the reconnect
        }
        if (queuedBytes + bundle.size() > capacityBytes) {
            return false;
        }
        addLast(bundle);
        return true;
    }

    /** Sends ahead of what waits. For short answers that are owed at once; not counted against the capacity. */
    public void sendFirst(Frame frame) {
        synchronized (this) {
            if (!ending) {
                addFirst(Bundle.of(frame));
            }
        }
        flush();
    }

    /** @return false when it does not fit, as {@link #offer} */
    public boolean send(Frame frame) {
        boolean fits = offer(Bundle.of(frame));
        flush();
        return fits;
    }

    /** Sends a last frame after everything that waits, then runs the end. Later calls do nothing. */
    public void end(Frame last, Runnable then) {
        synchronized (this) {
            if (ending) {
                return;
            }
            addLast(Bundle.of(last));
            ending = true;
            afterwards = then;
        }
        flush();
    }

    /**
     * Drops what waits, sends a last frame and runs the end. For a peer that does not read.
     *
     * @return position of the first event that was dropped, where one was
     */
    public Optional<Long> endNow(Frame last, Runnable then) {
        Optional<Long> firstDropped = Optional.empty();
        synchronized (this) {
            if (!ending) {
                firstDropped = dropWaiting();
            }
        }
        end(last, then);
        return firstDropped;
    }

    private Optional<Long> dropWaiting() {
        Optional<Long> position = Optional.empty();
        for (Bundle dropped = poll(); dropped != null; dropped = poll()) {
            queuedBytes -= dropped.size();
            position = position.isPresent() ? position : dropped.firstPosition();
        }
        return position;
    }

    /** Asks for one {@link Listener#drained} when nothing waits and nothing is being written, which may be at once. */
    void tellWhenDrained() {
        synchronized (this) {
            drainWanted = true;
        }
        flush();
    }

    public synchronized int queuedBytes() {
        return queuedBytes;
    }

    // ---- waiting ----

    private void addLast(Bundle bundle) {
        if (first == null) {
            first = bundle;
        } else {
            if (rest == null) {
                rest = new ArrayDeque<>(4);
            }
            rest.addLast(bundle);
        }
        queuedBytes += bundle.size();
    }

    private void addFirst(Bundle bundle) {
        if (first != null) {
            if (rest == null) {
                rest = new ArrayDeque<>(4);
            }
            rest.addFirst(first);
        }
        first = bundle;
        queuedBytes += bundle.size();
    }

    private Bundle poll() {
        Bundle next = first;
        first = rest == null ? null : rest.poll();
        if (first == null) {
            rest = null;
        }
        return next;
    }

    // ---- writing ----

    /** Writes what waits, unless somebody does. */
    void flush() {
        synchronized (this) {
            if (busy || (first == null && !drainWanted && afterwards == null)) {
                return;
            }
            busy = true;
        }
        write();
    }

    /** Called by whoever made it busy, until a write takes its time or nothing is left. */
    private void write() {
        List<Bundle> batch = take();
        while (!batch.isEmpty() && transport.write(batch, writtenLater)) {
            batch = take();
        }
        if (batch.isEmpty()) {
            nothingWaits();
        }
    }

    /** What may leave in one write; empty when nothing waits. What was taken before has left. */
    private synchronized List<Bundle> take() {
        queuedBytes -= writingBytes;
        writingBytes = 0;
        if (first == null) {
            return List.of();
        }
        if (rest == null) {
            writingBytes = first.size();
            return List.of(poll());
        }
        List<Bundle> batch = new ArrayList<>(1 + rest.size());
        while (first != null && (batch.isEmpty() || writingBytes + first.size() <= Bundle.MAX_BYTES)) {
            writingBytes += first.size();
            batch.add(poll());
        }
        return batch;
    }

    private void nothingWaits() {
        Runnable end;
        boolean drained;
        synchronized (this) {
            if (first != null) {
                end = this::write; // came in between
                drained = false;
            } else {
                end = afterwards;
                afterwards = null;
                busy = ending;
                drained = drainWanted && !ending;
                drainWanted = false;
            }
        }
        if (end != null) {
            end.run();
        } else if (drained) {
            listener.drained();
        }
    }

    private final class WrittenLater implements Callback {
        @Override
        public void succeeded() {
            write();
        }

        @Override
        public void failed(Throwable cause) {
            synchronized (SendQueue.this) {
                ending = true;
                dropWaiting();
            }
            listener.failed(cause);
        }

        @Override
        public InvocationType getInvocationType() {
            return InvocationType.NON_BLOCKING;
        }
    }
}
