package dev.bellhop.realtime.delivery;

import java.time.Duration;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/**
 * When the next round of a stream begins: at once, but when the last one has only just ended and more is about to come. Then
 * what has come waits for it, and all leaves in one write for each connection. Belongs to its stream: called by steps only.
 */
final class Pace {
    /**
     * A write costs about this, most of it in the kernel, whether it carries one event or forty. So after a round a rest may be as
     * long as its writes would take by this, and no longer than {@link #LONGEST_REST}.
     */
    private static final long NANOS_A_WRITE = 8_000;

    private static final long LONGEST_REST = 8_000_000;

    /** In this time those whose events have just been appended come with their next. */
    private static final long NANOS_TO_COME_BACK = 1_000_000;

    private final BooleanSupplier moreComes;
    private final LongSupplier nanoTime;
    private final Timer timer;
    private final Steps steps;
    private final Runnable round;
    /** From then on a round may begin whatever is about to come. */
    private long restsUntil;

    /** Ends the rest under way. */
    private Optional<Timer.Task> endOfRest = Optional.empty();

    /**
     * @param moreComes whether this node is about to append more
     * @param nanoTime as {@link System#nanoTime}
     * @param round sends all that has come; tells {@link #roundEnded} of it
     */
    Pace(BooleanSupplier moreComes, LongSupplier nanoTime, Timer timer, Steps steps, Runnable round) {
        this.moreComes = moreComes;
        this.nanoTime = nanoTime;
        this.timer = timer;
        this.steps = steps;
        this.round = round;
        this.restsUntil = nanoTime.getAsLong();
    }

    /** Something has come. */
    void begin() {
        long rest = restsUntil - nanoTime.getAsLong();
        if (rest <= 0) {
            beginNow();
        } else if (moreComes.getAsBoolean()) {
            rest(rest, this::beginNow);
        } else {
            rest(Math.min(rest, NANOS_TO_COME_BACK), this::beginUnlessMoreComes);
        }
    }

    private void beginUnlessMoreComes() {
        if (moreComes.getAsBoolean()) {
            begin();
        } else {
            beginNow();
        }
    }

    private void rest(long nanos, Runnable then) {
        endOfRest.ifPresent(Timer.Task::cancel);
        endOfRest = Optional.of(timer.after(Duration.ofNanos(nanos), () -> steps.add(then)));
    }

    /** Whatever is about to come. */
    void beginNow() {
        endOfRest.ifPresent(Timer.Task::cancel);
        endOfRest = Optional.empty();
        round.run();
    }

    /** @param writes how many connections were written to; a round to nobody leaves the rest as it is */
    void roundEnded(int writes) {
        if (writes > 0) {
            restsUntil = nanoTime.getAsLong() + Math.min(LONGEST_REST, writes * NANOS_A_WRITE);
        }
    }
}
