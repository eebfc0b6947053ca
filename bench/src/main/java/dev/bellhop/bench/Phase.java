package dev.bellhop.bench;

import java.io.IOException;
import java.time.Duration;

/**
 * The part of a load that is measured: what begins after a warm-up, in one go with it. Between two loads both sides compile some
 * of their code anew, which takes half a second of a processor that they share with what is measured.
 */
final class Phase {
    interface Act {
        void run() throws IOException;
    }

    private final long begin;
    private final long end;
    private final Act atBegin;
    private boolean begun;

    /** @param atBegin done once, by whoever {@linkplain #look looks}, when the warm-up is over */
    Phase(Duration warmUp, Duration measured, Act atBegin) {
        this.begin = System.nanoTime() + warmUp.toNanos();
        this.end = begin + measured.toNanos();
        this.atBegin = atBegin;
    }

    /** Whether what began at that {@link System#nanoTime} is measured. */
    boolean counts(long start) {
        return start >= begin;
    }

    boolean isOver(long now) {
        return now >= end;
    }

    /** {@link System#nanoTime} of the end. */
    long end() {
        return end;
    }

    /** To be called now and then by one thread. */
    void look() throws IOException {
        if (!begun && System.nanoTime() >= begin) {
            begun = true;
            atBegin.run();
        }
    }

    /** What was measured since the warm-up. */
    double seconds() {
        return (System.nanoTime() - begin) / 1e9;
    }
}
