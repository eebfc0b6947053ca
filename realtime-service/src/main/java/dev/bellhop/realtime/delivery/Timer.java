package dev.bellhop.realtime.delivery;

import java.time.Duration;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One thread that starts what is due. Tasks must not block; one that fails is logged and does not end the others. What it is given
 * after its end is dropped.
 */
public final class Timer implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Timer.class);

    /** Something that is due later. */
    public interface Task {
        /** Harmless when it ran already. */
        void cancel();
    }

    private final ScheduledThreadPoolExecutor executor;

    Timer(ThreadFactory threads) {
        executor = new ScheduledThreadPoolExecutor(1, threads, new ThreadPoolExecutor.DiscardPolicy());
        executor.setRemoveOnCancelPolicy(true);
    }

    public Task after(Duration delay, Runnable task) {
        return cancelling(executor.schedule(logged(task), delay.toNanos(), TimeUnit.NANOSECONDS));
    }

    public Task every(Duration interval, Runnable task) {
        long nanos = interval.toNanos();
        return cancelling(executor.scheduleWithFixedDelay(logged(task), nanos, nanos, TimeUnit.NANOSECONDS));
    }

    private static Task cancelling(ScheduledFuture<?> future) {
        return () -> future.cancel(false);
    }

    private static Runnable logged(Runnable task) {
        return () -> {
            try {
                task.run();
            } catch (RuntimeException | Error fault) {
                log.error("a timed task failed", fault);
            }
        };
    }

    @Override
    public void close() {
        executor.shutdownNow();
    }
}
