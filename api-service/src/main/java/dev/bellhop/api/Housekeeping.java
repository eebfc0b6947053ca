package dev.bellhop.api;

import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Small jobs that come again and again, one after the other on the thread {@code housekeeping}, which may block on the database. */
final class Housekeeping implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Housekeeping.class);

    private final ScheduledExecutorService thread =
            Executors.newSingleThreadScheduledExecutor(task -> new Thread(task, "housekeeping"));

    /** A job that fails is logged, and comes again at its next time. */
    @SuppressWarnings("FutureReturnValueIgnored") // the job catches what it throws
    void every(Duration interval, String name, Runnable job) {
        thread.scheduleWithFixedDelay(
                () -> run(name, job), interval.toMillis(), interval.toMillis(), TimeUnit.MILLISECONDS);
    }

    private static void run(String name, Runnable job) {
        try {
            job.run();
        } catch (RuntimeException e) {
            log.atWarn().addKeyValue("job", name).setCause(e).log("housekeeping.failed");
        }
    }

    /** Lets the job that runs finish, at most 5 s. */
    @Override
    public void close() {
        thread.shutdown();
        try {
            thread.awaitTermination(5, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
