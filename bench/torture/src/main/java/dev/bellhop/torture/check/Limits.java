package dev.bellhop.torture.check;

import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;

/**
 * What a run must have come to before its verdict means anything, and what it is allowed.
 *
 * @param deliveries least number of events applied by clients
 * @param kills least number of faults that ended a process
 * @param exercised invariants that must have had something to look at
 * @param resets most resumes that may be refused for an honest reason, but for those from what retention took away
 * @param cut longest time from the answer that takes a right away until sockets are closed
 * @param cutInFault the same while a fault slows down control events, and for {@code settle} after it
 * @param settle how long after a fault its effects may still be seen
 */
public record Limits(
        long deliveries,
        int kills,
        Set<Invariant> exercised,
        int resets,
        Duration cut,
        Duration cutInFault,
        Duration settle) {

    /** Everything has to be exercised, and no reset is allowed. */
    public static Limits of(long deliveries, int kills) {
        return new Limits(
                deliveries,
                kills,
                EnumSet.allOf(Invariant.class),
                0,
                Duration.ofSeconds(1),
                Duration.ofSeconds(60),
                Duration.ofSeconds(10));
    }

    public Limits withResets(int most) {
        return new Limits(deliveries, kills, exercised, most, cut, cutInFault, settle);
    }

    public Limits without(Invariant unexercised) {
        EnumSet<Invariant> rest = EnumSet.copyOf(exercised);
        rest.remove(unexercised);
        return new Limits(deliveries, kills, rest, resets, cut, cutInFault, settle);
    }
}
