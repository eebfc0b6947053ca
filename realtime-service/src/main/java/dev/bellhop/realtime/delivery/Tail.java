package dev.bellhop.realtime.delivery;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The newest frames of one organisation in memory, so that clients that come back shortly after do not cost a read each. A
 * ring in which a position is its own index; bounded by the node's memory for it. Not thread-safe: belongs to its stream.
 */
final class Tail {
    private final FrameMemory.Share memory;
    /** Length is a power of two, at least {@code last - first + 1}. */
    private Frame[] ring = new Frame[64];

    private long first = 1;
    private long last;

    Tail(FrameMemory memory) {
        this.memory = memory.share();
    }

    /** Forgets everything; the next frame will be the one after that position. */
    void restartAfter(long position) {
        Arrays.fill(ring, null);
        first = position + 1;
        last = position;
        memory.giveUpAll();
    }

    /** @param frame of the position that follows the last one */
    void add(Frame frame) {
        if (last - first + 2 > ring.length) {
            grow();
        }
        last = frame.position();
        ring[index(last)] = frame;
        memory.take(frame.size());
        while (memory.isTooMuch() && first < last) {
            memory.take(-ring[index(first)].size());
            ring[index(first)] = null;
            first++;
        }
    }

    private void grow() {
        Frame[] old = ring;
        ring = new Frame[old.length * 2];
        for (long position = first; position <= last; position++) {
            ring[index(position)] = old[(int) (position & (old.length - 1))];
        }
    }

    /** Whether every event after that position is here. */
    boolean coversAfter(long position) {
        return position + 1 >= first;
    }

    boolean holds(long position) {
        return position >= first && position <= last;
    }

    /** @param position one that it holds */
    Frame at(long position) {
        return ring[index(position)];
    }

    /** At most {@code limit} frames after a position that is covered. */
    List<Frame> after(long position, int limit) {
        List<Frame> found = new ArrayList<>();
        for (long next = position + 1; next <= last && found.size() < limit; next++) {
            found.add(at(next));
        }
        return found;
    }

    private int index(long position) {
        return (int) (position & (ring.length - 1));
    }
}
