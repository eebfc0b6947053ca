package dev.bellhop.torture;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ShrinkingTest {
    private static final List<Integer> MANY = IntStream.range(0, 40).boxed().toList();

    private final AtomicInteger trials = new AtomicInteger();

    /** @param needed to fail */
    private List<Integer> shrink(Set<Integer> needed, int most) throws Exception {
        return Shrinking.shrink(
                MANY,
                causes -> {
                    trials.incrementAndGet();
                    return causes.containsAll(needed);
                },
                most);
    }

    @ParameterizedTest
    @DisplayName("one fault that breaks a promise by itself is found among forty in a dozen trials")
    @ValueSource(ints = {0, 17, 39})
    void one(int cause) throws Exception {
        assertThat(shrink(Set.of(cause), 1000)).containsExactly(cause);
        assertThat(trials.get()).isLessThanOrEqualTo(13);
    }

    @Test
    @DisplayName("faults that break a promise together are found, in their order")
    void together() throws Exception {
        assertThat(shrink(Set.of(3, 30, 21), 1000)).containsExactly(3, 21, 30);
    }

    @Test
    @DisplayName("where a promise is broken without any fault, one trial tells")
    void none() throws Exception {
        assertThat(shrink(Set.of(), 1000)).isEmpty();
        assertThat(trials.get()).isEqualTo(1);
    }

    @Test
    @DisplayName("there are no more trials than allowed, and what is found has failed")
    void bounded() throws Exception {
        List<Integer> found = shrink(Set.of(3, 30, 21), 5);
        assertThat(trials.get()).isEqualTo(5);
        assertThat(found).contains(3, 21, 30).hasSizeLessThanOrEqualTo(MANY.size());
    }
}
