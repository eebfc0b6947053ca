package dev.bellhop.api.outbox;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/** How long to wait before the next attempt: exponential from 0.1 s to 30 s with full jitter, so that many do not come at once. */
final class RetrySchedule {
    static final Duration FIRST = Duration.ofMillis(100);
    static final Duration LONGEST = Duration.ofSeconds(30);

    private RetrySchedule() {}

    /** @param failures in a row, from 1 */
    static Duration wait(int failures) {
        long ceiling = Math.min(LONGEST.toMillis(), FIRST.toMillis() << Math.min(failures - 1, 20));
        return Duration.ofMillis(ThreadLocalRandom.current().nextLong(ceiling + 1));
    }
}
