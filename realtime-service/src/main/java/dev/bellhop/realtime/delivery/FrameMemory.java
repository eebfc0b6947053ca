package dev.bellhop.realtime.delivery;

import java.util.concurrent.atomic.AtomicLong;

/**
 * How much of the logs a node may hold in memory: the tail and the chunks of each organisation, each by itself, and all together,
 * so that many organisations, or large events, do not cost the node its heap. Counted in bytes of JSON. Thread-safe.
 */
final class FrameMemory {
    /** Of what one may hold, the part that is left to it when all of them hold too much. */
    private static final int LEFT = 64;

    private final int ofEach;
    private final long ofAll;
    private final AtomicLong held = new AtomicLong();

    FrameMemory(int ofEach, long ofAll) {
        this.ofEach = ofEach;
        this.ofAll = ofAll;
    }

    /** Counts what one has taken, or less than 0 for what it gave up. */
    void take(long bytes) {
        held.addAndGet(bytes);
    }

    /** Whether one that holds so much has to give up some of it. */
    boolean isTooMuch(long ofOne) {
        return ofOne > ofEach || (held.get() > ofAll && ofOne > ofEach / LEFT);
    }
}
