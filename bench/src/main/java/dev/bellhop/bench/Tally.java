package dev.bellhop.bench;

import java.util.BitSet;

/**
 * Which of the numbered messages one connection has seen. Costs two comparisons while they come in order; only gaps take
 * memory. Not thread-safe.
 */
final class Tally {
    enum Verdict {
        IN_ORDER,
        /** Seen for the first time, after one with a higher number. */
        REORDERED,
        DUPLICATED
    }

    /** One above the highest number seen. */
    private long next;

    /** Numbers below {@link #next} that were passed over, counted from {@link #base}; null while there are none. */
    private BitSet skipped;

    private long base;

    /** Forgets everything and expects this number. */
    void startAt(long number) {
        next = number;
        base = number;
        skipped = null;
    }

    /** @param number at most {@link Integer#MAX_VALUE} above the one it started at */
    Verdict see(long number) {
        if (number == next) {
            next++;
            return Verdict.IN_ORDER;
        }
        if (number > next) {
            if (skipped == null) {
                skipped = new BitSet();
            }
            skipped.set((int) (next - base), (int) (number - base));
            next = number + 1;
            return Verdict.IN_ORDER;
        }
        if (skipped == null || number < base || !skipped.get((int) (number - base))) {
            return Verdict.DUPLICATED;
        }
        skipped.clear((int) (number - base));
        return Verdict.REORDERED;
    }
}
