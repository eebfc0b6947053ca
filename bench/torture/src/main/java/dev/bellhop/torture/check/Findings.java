package dev.bellhop.torture.check;

import com.google.errorprone.annotations.FormatMethod;
import dev.bellhop.torture.history.Entry;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** What the parts of the checker come to say. Knows which line they are looking at. */
final class Findings {
    /** Of each invariant; the rest is only counted. */
    static final int KEPT = 20;

    private final Map<Invariant, List<Violation>> violations = new EnumMap<>(Invariant.class);
    private final Map<Invariant, Long> counts = new EnumMap<>(Invariant.class);
    private final Map<Invariant, Long> looked = new EnumMap<>(Invariant.class);
    private final List<String> refusals = new ArrayList<>();

    private long line;
    private long at;

    /** What is found from now on shows at this entry. */
    void lookAt(long lineOfEntry, Entry entry) {
        line = lineOfEntry;
        at = entry.at();
    }

    long line() {
        return line;
    }

    long at() {
        return at;
    }

    /** At the entry that is looked at. */
    @FormatMethod
    void violated(Invariant invariant, String explanation, Object... arguments) {
        violatedAt(line, at, invariant, explanation, arguments);
    }

    @FormatMethod
    void violatedAt(long lineOfEntry, long atOfEntry, Invariant invariant, String explanation, Object... arguments) {
        counts.merge(invariant, 1L, Long::sum);
        List<Violation> kept = violations.computeIfAbsent(invariant, none -> new ArrayList<>());
        if (kept.size() < KEPT) {
            kept.add(new Violation(invariant, lineOfEntry, atOfEntry, explanation.formatted(arguments)));
        }
    }

    /** The invariant had something to be held against. */
    void looked(Invariant invariant) {
        looked.merge(invariant, 1L, Long::sum);
    }

    void looked(Invariant invariant, long times) {
        looked.merge(invariant, times, Long::sum);
    }

    /** The history cannot be judged: the harness did not do its part. */
    @FormatMethod
    void refuse(String why, Object... arguments) {
        if (refusals.size() < KEPT) {
            refusals.add(why.formatted(arguments));
        }
    }

    Map<Invariant, List<Violation>> violations() {
        return violations;
    }

    long count(Invariant invariant) {
        return counts.getOrDefault(invariant, 0L);
    }

    long lookedAt(Invariant invariant) {
        return looked.getOrDefault(invariant, 0L);
    }

    List<String> refusals() {
        return refusals;
    }
}
