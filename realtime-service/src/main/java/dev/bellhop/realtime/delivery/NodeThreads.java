package dev.bellhop.realtime.delivery;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
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
                Executors.newFixedThreadPool(cores, named("delivery")),
                Executors.newFixedThreadPool(storeThreads, named("log-reader")),
                Executors.newFixedThreadPool(storeThreads, named("log-writer")),
                new Timer(named("timer")));
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
