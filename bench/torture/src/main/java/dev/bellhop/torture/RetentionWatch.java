package dev.bellhop.torture;

import dev.bellhop.torture.history.Entry;
import dev.bellhop.torture.history.HistoryWriter;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * Follows the logs while retention takes events out of them: writes down each event before it goes, and each time how far retention
 * has come. On a thread of its own until it is stopped.
 */
final class RetentionWatch {
    private static final Duration INTERVAL = Duration.ofMillis(50);

    private final LogBook book;
    private final StoredLog log;
    private final HistoryWriter history;
    private final Map<UUID, Long> heads = new ConcurrentHashMap<>();
    private final Thread thread = new Thread(this::follow, "retention");
    private volatile boolean stopping;
    private volatile TortureFailure failure;

    private RetentionWatch(LogBook book, StoredLog log, HistoryWriter history) {
        this.book = book;
        this.log = log;
        this.history = history;
    }

    /**
     * Has looked once when it returns.
     *
     * @param log is its own from now on
     */
    static RetentionWatch start(LogBook book, StoredLog log, HistoryWriter history) throws TortureFailure {
        RetentionWatch watch = new RetentionWatch(book, log, history);
        watch.look();
        watch.thread.start();
        return watch;
    }

    private void follow() {
        try {
            while (!stopping) {
                TimeUnit.NANOSECONDS.sleep(INTERVAL.toNanos());
                look();
            }
        } catch (TortureFailure e) {
            failure = e;
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    private void look() throws TortureFailure {
        long at = history.now();
        for (StoredLog.State state : log.states()) {
            book.write(log, state);
            history.write(
                    new Entry.Floor(at, state.org().toString(), state.floor().position()));
            heads.put(state.org(), state.head());
        }
    }

    /** Position of the newest event of an organisation, as of the last look; 0 without one. */
    long head(UUID org) {
        return heads.getOrDefault(org, 0L);
    }

    /** @throws TortureFailure when it could not follow */
    void requireAlive() throws TortureFailure {
        if (failure != null) {
            throw failure;
        }
    }

    /** After a last look. */
    void stop() throws TortureFailure, InterruptedException {
        stopping = true;
        thread.join();
        log.close();
        requireAlive();
    }
}
