package dev.bellhop.realtime.delivery;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Parts of one organisation's log that were read for those who are behind, those that were used last. Not thread-safe: belongs to
 * its stream.
 */
final class Chunks {
    private static final int MOST = 16;

    private final FrameMemory.Share memory;
    private final Map<Long, List<Frame>> frames = new LinkedHashMap<>(MOST, 0.75f, true);

    Chunks(FrameMemory memory) {
        this.memory = memory.share();
    }

    /** @return empty when it is not here */
    List<Frame> get(long chunk) {
        return frames.getOrDefault(chunk, List.of());
    }

    void put(long chunk, List<Frame> read) {
        List<Frame> before = frames.put(chunk, read);
        memory.take(size(read) - (before == null ? 0 : size(before)));
        Iterator<List<Frame>> eldest = frames.values().iterator();
        while (frames.size() > MOST || (memory.isTooMuch() && frames.size() > 1)) {
            memory.take(-size(eldest.next()));
            eldest.remove();
        }
    }

    void clear() {
        memory.giveUpAll();
        frames.clear();
    }

    private static long size(List<Frame> chunk) {
        return chunk.stream().mapToLong(Frame::size).sum();
    }
}
