package dev.bellhop.realtime.delivery;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The threads of a node beside Jetty's.
 *
 * @param delivery runs the streams; never blocks
 * @param reader reads the log; may block on the store
 * @param writer appends to the log; may block on the store
 * @param timer starts what is due; never blocks
 */
public record NodeThreads(ExecutorService delivery, ExecutorService reader, ExecutorService writer, Timer timer)
        implements AutoCloseable {

    /** @param storeThreads how many calls to the log may be under way at once, reading and writing each */
    public static NodeThreads start(int storeThreads) {
        int cores = Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
        return new NodeThreads(
                pool(cores, "delivery"),
                pool(storeThreads, "log-reader"),
                pool(storeThreads, "log-writer"),
                new Timer(named("timer")));
    }

    /** What is handed to a pool that was shut down is dropped: the node is stopping, and the log keeps everything. */
    private static ExecutorService pool(int threads, String name) {
        return new ThreadPoolExecutor(
                threads,
                threads,
                0,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                named(name),
                new ThreadPoolExecutor.DiscardPolicy());
    }

    /** One thread; what is handed to it after its end is dropped. */
    static ExecutorService single(String name) {
        return pool(1, name);
    }

    private static ThreadFactory named(String name) {
        AtomicInteger number = new AtomicInteger();
        return task -> {
            Thread thread = new Thread(task, name + "-" + number.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        };
    }

    @Override
    public void close() {
        timer.close();
        writer.shutdown();
        reader.shutdown();
        delivery.shutdown();
    }
}
