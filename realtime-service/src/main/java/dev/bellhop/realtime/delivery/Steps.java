package dev.bellhop.realtime.delivery;

import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the steps of one stream one at a time, in the order in which they were added, on whichever delivery thread is free;
 * and takes questions to the log to another thread, so that no step ever blocks. Thread-safe.
 */
final class Steps {
    /** Steps before another stream gets the thread. */
    private static final int STEPS_A_TURN = 64;

    private static final Logger log = LoggerFactory.getLogger(Steps.class);

    private final Executor delivery;
    private final Executor reader;
    private final Consumer<Throwable> failed;
    private final ConcurrentLinkedQueue<Runnable> waiting = new ConcurrentLinkedQueue<>();
    /** Steps added and not done; whoever lifts it from 0 starts a turn. */
    private final AtomicInteger left = new AtomicInteger();
    /** Counts the calls of {@link #forgetQuestions}. Touched by steps only. */
    private int generation;

    /**
     * @param reader its threads may block on the log
     * @param failed called, as part of the turn, with what a step threw
     */
    Steps(Executor delivery, Executor reader, Consumer<Throwable> failed) {
        this.delivery = delivery;
        this.reader = reader;
        this.failed = failed;
    }

    void add(Runnable step) {
        waiting.add(step);
        if (left.getAndIncrement() == 0) {
            delivery.execute(this::turn);
        }
    }

    private void turn() {
        int done = 0;
        while (done < STEPS_A_TURN) {
            Runnable step = waiting.poll();
            if (step == null) {
                break;
            }
            done++;
            try {
                step.run();
            } catch (RuntimeException | Error fault) {
                failed.accept(fault);
            }
        }
        if (left.addAndGet(-done) > 0) {
            delivery.execute(this::turn);
        }
    }

    /** Puts a question to the log, from within a step; the answer, or the failure, is a step of its own. */
    <T> void ask(Supplier<T> question, Consumer<T> answered, Consumer<RuntimeException> unanswered) {
        int asked = generation;
        reader.execute(() -> {
            Runnable outcome = outcome(question, answered, unanswered);
            add(() -> {
                if (asked == generation) {
                    outcome.run();
                }
            });
        });
    }

    private static <T> Runnable outcome(
            Supplier<T> question, Consumer<T> answered, Consumer<RuntimeException> unanswered) {
        try {
            T answer = question.get();
            return () -> answered.accept(answer);
        } catch (RuntimeException failure) {
            log.warn("the log cannot be read cause={}", failure.toString());
            return () -> unanswered.accept(failure);
        }
    }

    /** Answers that are still to come are dropped. From within a step. */
    void forgetQuestions() {
        generation++;
    }
}
