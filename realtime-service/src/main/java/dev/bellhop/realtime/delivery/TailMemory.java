package dev.bellhop.realtime.delivery;

import java.util.concurrent.atomic.AtomicLong;

/**
 * How much the tails of a node may hold: each by itself, and all together, so that many organisations do not cost the node its
 * heap. Counted in bytes of JSON. Thread-safe.
 */
final class TailMemory {
    /** Of what a tail may hold, the part that is left to it when all of them hold too much. */
    private static final int LEFT = 64;

    private final int ofEach;
    private final long ofAll;
    private final AtomicLong held = new AtomicLong();

    TailMemory(int ofEach, long ofAll) {
        this.ofEach = ofEach;
        this.ofAll = ofAll;
    }

    /** Counts what a tail has taken, or less than 0 for what it gave up. */
    void take(long bytes) {
        held.addAndGet(bytes);
    }

    /** Whether a tail that holds so much has to give up some of it. */
    boolean isTooMuch(long ofOne) {
        return ofOne > ofEach || (held.get() > ofAll && ofOne > ofEach / LEFT);
    }
}
