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

    /** For one tail, or the chunks of one organisation. */
    Share share() {
        return new Share();
    }

    /** What one of them holds. Not thread-safe: belongs to its stream, as they do. */
    final class Share {
        private long bytes;

        /** Counts what was taken, or less than 0 for what was given up. */
        void take(long more) {
            bytes += more;
            held.addAndGet(more);
        }

        void giveUpAll() {
            take(-bytes);
        }

        /** Whether some of it has to be given up. */
        boolean isTooMuch() {
            return bytes > ofEach || (held.get() > ofAll && bytes > ofEach / LEFT);
        }
    }
}
