package dev.bellhop.api.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class BatchingTest {
    private static final UUID ORG = UUID.randomUUID();

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final Queue<List<String>> groups = new ConcurrentLinkedQueue<>();
    private final AtomicInteger begun = new AtomicInteger();
    private final CountDownLatch release = new CountDownLatch(1);
    private final Batching<String, String> batching = new Batching<>(this::answer);

    /** Holds a group with "slow" in it until the test lets go, and fails one with "bad" in it. */
    private List<String> answer(UUID orgId, List<String> questions) {
        begun.incrementAndGet();
        if (questions.contains("slow")) {
            try {
                release.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
        groups.add(questions);
        if (questions.contains("bad")) {
            throw new IllegalArgumentException("bad");
        }
        return questions.stream().map(question -> orgId + question).toList();
    }

    private CompletableFuture<String> ask(UUID orgId, String question) {
        return CompletableFuture.supplyAsync(() -> batching.call(orgId, question), threads);
    }

    private CompletableFuture<String> askSlowly() {
        CompletableFuture<String> slow = ask(ORG, "slow");
        await().until(() -> begun.get() == 1);
        return slow;
    }

    @AfterEach
    void stop() {
        release.countDown();
        threads.shutdownNow();
    }

    @Test
    @DisplayName("calls that come while others are under way are done together, each with its own answer")
    void together() {
        List<CompletableFuture<String>> calls = new ArrayList<>();
        CompletableFuture<String> slow = askSlowly();
        for (int n = 0; n < 300; n++) {
            calls.add(ask(ORG, "n" + n));
        }
        for (int n = 0; n < 300; n++) {
            assertThat(calls.get(n).join()).isEqualTo(ORG + "n" + n);
        }
        release.countDown();
        assertThat(slow.join()).isEqualTo(ORG + "slow");
        assertThat(groups)
                .hasSizeLessThan(200)
                .allSatisfy(group -> assertThat(group).hasSizeLessThanOrEqualTo(128));
        assertThat(groups.stream().mapToInt(List::size).sum()).isEqualTo(301);
    }

    @Test
    @DisplayName("a call alone behind a group that hangs goes past it")
    void pastAGroupThatHangs() {
        CompletableFuture<String> slow = askSlowly();
        assertThat(ask(ORG, "next").join()).isEqualTo(ORG + "next");
        assertThat(slow).isNotDone();
    }

    @Test
    @DisplayName("an organisation does not wait for another")
    void apart() {
        CompletableFuture<String> slow = askSlowly();
        UUID other = UUID.randomUUID();
        assertThat(batching.call(other, "mine")).isEqualTo(other + "mine");
        assertThat(slow).isNotDone();
    }

    @Test
    @DisplayName("a fault is that of the call that made it, not of those beside it")
    void fault() {
        CompletableFuture<String> slow = askSlowly();
        List<CompletableFuture<String>> good = new ArrayList<>();
        CompletableFuture<String> bad = ask(ORG, "bad");
        for (int n = 0; n < 20; n++) {
            good.add(ask(ORG, "good"));
        }
        assertThat(good).allSatisfy(call -> assertThat(call.join()).isEqualTo(ORG + "good"));
        assertThatThrownBy(bad::join)
                .isInstanceOf(CompletionException.class)
                .hasCauseInstanceOf(IllegalArgumentException.class);
        assertThat(slow).isNotDone();
    }
}
