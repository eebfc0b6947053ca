package dev.bellhop.torture.check;

/**
 * One thing that does not hold.
 *
 * @param line of the history at which it shows, from 1
 * @param at nanoseconds since the run began
 */
public record Violation(Invariant invariant, long line, long at, String explanation) {
    @Override
    public String toString() {
        return "%s %s at %.3f s, line %d: %s".formatted(invariant, invariant.title(), at / 1e9, line, explanation);
    }
}
