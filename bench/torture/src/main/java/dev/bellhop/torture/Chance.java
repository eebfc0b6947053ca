package dev.bellhop.torture;

import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;

/** Seeded chance; each part of the test has its own, so that one does not change what another draws. Thread-safe. */
final class Chance {
    /** Guarded by this. */
    private final SplittableRandom random;

    Chance(long seed, String part) {
        random = new SplittableRandom(seed * 0x9E3779B97F4A7C15L ^ part.hashCode());
    }

    /** @return 0 to {@code bound - 1} */
    synchronized int below(int bound) {
        return random.nextInt(bound);
    }

    /** True in so many of a thousand cases. */
    boolean perMille(int share) {
        return below(1000) < share;
    }

    <T> T of(List<T> choices) {
        return choices.get(below(choices.size()));
    }

    Duration between(Duration least, Duration most) {
        return least.plusMillis(below((int) most.minus(least).toMillis() + 1));
    }

    /** The time to the next of events that come independently of each other, at most five times the mean. */
    synchronized Duration poisson(Duration mean) {
        double times = Math.min(5, -Math.log(1 - random.nextDouble()));
        return Duration.ofNanos((long) (mean.toNanos() * times));
    }

    /** @return 16 hexadecimal digits of which the third of each four is a letter: no part of it looks like a number of a card or a person */
    synchronized String hex() {
        StringBuilder hex = new StringBuilder(16);
        for (int i = 0; i < 16; i++) {
            hex.append(i % 4 == 2 ? "abcdef".charAt(random.nextInt(6)) : "0123456789abcdef".charAt(random.nextInt(16)));
        }
        return hex.toString();
    }
}
