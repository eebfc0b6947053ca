package dev.bellhop.torture;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.time.Duration;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/** The one thread of all clients: their sockets and their timers. What runs on it must not block. */
final class EventLoop implements AutoCloseable {
    private record Alarm(long nanos, long order, Runnable what) implements Comparable<Alarm> {
        @Override
        public int compareTo(Alarm other) {
            int byTime = Long.compare(nanos - other.nanos, 0);
            return byTime != 0 ? byTime : Long.compare(order, other.order);
        }
    }

    private final Selector selector;
    private final Thread thread = new Thread(this::run, "clients");
    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    /** Touched by the thread only, as are the following ones. */
    private final PriorityQueue<Alarm> alarms = new PriorityQueue<>();

    private final ByteBuffer buffer = ByteBuffer.allocate(64 << 10);
    private long orders;

    private volatile boolean closing;
    private volatile RuntimeException failure;

    EventLoop() {
        try {
            selector = Selector.open();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void start() {
        thread.start();
    }

    /** From any thread. */
    void execute(Runnable task) {
        tasks.add(task);
        selector.wakeup();
    }

    /** On the thread itself. */
    void after(Duration delay, Runnable what) {
        alarms.add(new Alarm(System.nanoTime() + delay.toNanos(), orders++, what));
    }

    Selector selector() {
        return selector;
    }

    /** For one read at a time. */
    ByteBuffer buffer() {
        return buffer.clear();
    }

    /** What ended the thread before it was told to; the run proves nothing then. */
    RuntimeException failure() {
        return failure;
    }

    private void run() {
        try {
            while (!closing) {
                long wait = alarms.isEmpty() ? 100_000_000 : alarms.peek().nanos() - System.nanoTime();
                if (wait <= 0) {
                    selector.selectNow();
                } else {
                    selector.select(Math.min(100, wait / 1_000_000 + 1));
                }
                selector.selectedKeys().forEach(key -> ((Line) key.attachment()).ready());
                selector.selectedKeys().clear();
                for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
                    task.run();
                }
                long now = System.nanoTime();
                while (!alarms.isEmpty() && alarms.peek().nanos() - now <= 0) {
                    alarms.poll().what().run();
                }
            }
        } catch (RuntimeException e) {
            failure = e;
        } catch (IOException e) {
            failure = new UncheckedIOException(e);
        }
    }

    @Override
    public void close() throws IOException {
        closing = true;
        selector.wakeup();
        try {
            thread.join(5000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        for (SelectionKey key : selector.keys()) {
            key.channel().close();
        }
        selector.close();
    }
}
