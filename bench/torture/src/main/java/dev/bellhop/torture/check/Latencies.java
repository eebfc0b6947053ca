package dev.bellhop.torture.check;

/** Durations by the logarithm of their length: constant memory, and quantiles that are at most 3 % too high. */
final class Latencies {
    private static final int STEPS_AN_OCTAVE = 32;
    private static final int OCTAVES = 43; // to 2.4 hours in nanoseconds

    private final long[] counts = new long[STEPS_AN_OCTAVE * OCTAVES];
    private long total;
    private long longest;

    void add(long nanos) {
        long length = Math.max(nanos, STEPS_AN_OCTAVE);
        int octave = 63 - Long.numberOfLeadingZeros(length) - 5;
        int step = (int) (length >>> octave) - STEPS_AN_OCTAVE;
        counts[Math.min(octave * STEPS_AN_OCTAVE + step, counts.length - 1)]++;
        total++;
        longest = Math.max(longest, nanos);
    }

    long total() {
        return total;
    }

    double longestMillis() {
        return longest / 1e6;
    }

    /** Upper end of the step in which the quantile lies; 0 without any. */
    double millis(double quantile) {
        long rank = (long) Math.ceil(total * quantile);
        long seen = 0;
        for (int index = 0; index < counts.length && total > 0; index++) {
            seen += counts[index];
            if (seen >= rank) {
                int octave = index / STEPS_AN_OCTAVE;
                long end = (long) (index % STEPS_AN_OCTAVE + STEPS_AN_OCTAVE + 1) << octave;
                return Math.min(end, longest) / 1e6;
            }
        }
        return 0;
    }
}
