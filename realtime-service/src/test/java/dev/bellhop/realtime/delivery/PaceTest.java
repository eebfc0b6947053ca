package dev.bellhop.realtime.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.is;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class PaceTest {
    private static final int LARGE_ROOM = 10_000;

    private final NodeThreads threads = NodeThreads.start(1);
    private final Steps steps = new Steps(threads.delivery(), threads.reader(), fault -> {
        throw new AssertionError(fault);
    });
    private final AtomicInteger rounds = new AtomicInteger();
    private volatile boolean moreComes;
    private final Pace pace = new Pace(() -> moreComes, () -> 0, threads.timer(), steps, rounds::incrementAndGet);

    @AfterEach
    void stop() {
        threads.close();
    }

    /** @return rounds that have begun when the step is done */
    private int after(Runnable step) throws Exception {
        CompletableFuture<Integer> begun = new CompletableFuture<>();
        steps.add(() -> {
            step.run();
            begun.complete(rounds.get());
        });
        return begun.get(10, TimeUnit.SECONDS);
    }

    @Test
    @DisplayName("what comes to a stream at rest leaves at once, though more is on its way")
    void atRest() throws Exception {
        moreComes = true;
        assertThat(after(pace::begin)).isEqualTo(1);
    }

    @Test
    @DisplayName(
            "what comes right after a round leaves with what follows, in one round, and waits for no more than a rest")
    void together() throws Exception {
        moreComes = true;
        int begun = after(() -> {
            pace.roundEnded(LARGE_ROOM);
            pace.begin();
            pace.begin();
            pace.begin();
        });
        assertThat(begun).isZero();
        await().untilAtomic(rounds, is(1));
        assertThat(after(() -> {})).isEqualTo(1);
    }

    @Test
    @DisplayName("a round that nobody was in does not end the rest after the one before")
    void nobody() throws Exception {
        moreComes = true;
        int begun = after(() -> {
            pace.roundEnded(LARGE_ROOM);
            pace.roundEnded(0);
            pace.begin();
        });
        assertThat(begun).isZero();
    }

    @Test
    @DisplayName("what comes right after a round leaves though nothing follows")
    void alone() throws Exception {
        int begun = after(() -> {
            pace.roundEnded(LARGE_ROOM);
            pace.begin();
        });
        assertThat(begun).isZero();
        await().untilAtomic(rounds, is(1));
    }

    @Test
    @DisplayName("a round that is asked for by name does not wait, and takes the place of the one that rested")
    void now() throws Exception {
        moreComes = true;
        int begun = after(() -> {
            pace.roundEnded(LARGE_ROOM);
            pace.begin();
            pace.beginNow();
        });
        assertThat(begun).isEqualTo(1);
    }
}
