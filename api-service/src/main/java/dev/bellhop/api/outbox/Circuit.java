package dev.bellhop.api.outbox;

import java.time.Duration;

/**
 * Whether the receiver takes anything at all, for whatever organisation. While it does not, one of those that wait may try each
 * second, so that its return is noticed sooner than their waits would have it; and what gets through first is the sign for all the
 * others. Thread-safe.
 */
final class Circuit {
    private static final Duration PROBE_EVERY = Duration.ofSeconds(1);

    /** In terms of {@link System#nanoTime}. Guarded by this, as are the following ones. */
    private long succeededAt = System.nanoTime();

    private long nextProbe = succeededAt;
    private boolean failedSince;

    /** @param pause that the receiver asked for */
    synchronized void failed(Duration pause) {
        failedSince = true;
        Duration wait = pause.compareTo(PROBE_EVERY) > 0 ? pause : PROBE_EVERY;
        nextProbe = Math.max(nextProbe, System.nanoTime() + wait.toNanos());
    }

    /** @return whether nothing had got through for a while, and something had failed */
    synchronized boolean succeeded() {
        boolean wasOpen = isOpen();
        succeededAt = System.nanoTime();
        failedSince = false;
        return wasOpen;
    }

    /** @return true at most once a second, and only while nothing gets through */
    synchronized boolean mayProbe() {
        if (!isOpen() || System.nanoTime() - nextProbe < 0) {
            return false;
        }
        nextProbe = System.nanoTime() + PROBE_EVERY.toNanos();
        return true;
    }

    private boolean isOpen() {
        return failedSince && System.nanoTime() - succeededAt >= PROBE_EVERY.toNanos();
    }
}
