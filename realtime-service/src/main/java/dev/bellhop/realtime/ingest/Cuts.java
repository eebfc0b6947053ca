package dev.bellhop.realtime.ingest;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Ranges of a text that go; they may nest and overlap. */
final class Cuts {
    private record Range(int start, int end) {}

    private final List<Range> ranges = new ArrayList<>();

    /** From start, inclusive, to end, exclusive. */
    void add(int start, int end) {
        ranges.add(new Range(start, end));
    }

    /** The text without the ranges; the same instance when there are none. */
    String applyTo(String text) {
        if (ranges.isEmpty()) {
            return text;
        }
        ranges.sort(Comparator.comparingInt(Range::start));
        StringBuilder rest = new StringBuilder(text.length());
        int kept = 0;
        for (Range range : ranges) {
            if (range.start > kept) {
                rest.append(text, kept, range.start);
            }
            kept = Math.max(kept, range.end);
        }
        return rest.append(text, kept, text.length()).toString();
    }
}
