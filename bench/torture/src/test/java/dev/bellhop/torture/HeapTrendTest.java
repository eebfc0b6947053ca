package dev.bellhop.torture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HeapTrendTest {
    private static final double AT_REST = 46e6;

    /** Added by queues and the like, on average. */
    private static final double FOR_A_MOMENT = 5e6;

    private static List<HeapTrend.Sample> life(
            long pid, Duration begin, Duration length, double percentPerHour, long seed) {
        Random random = new Random(seed);
        List<HeapTrend.Sample> samples = new ArrayList<>();
        for (long second = 0; second < length.toSeconds(); second += 15) {
            double kept = AT_REST * (1 + percentPerHour / 100 * second / 3600);
            double passing = -FOR_A_MOMENT * Math.log(1 - random.nextDouble());
            samples.add(new HeapTrend.Sample(begin.toSeconds() + second, pid, (long) (kept + passing)));
        }
        return samples;
    }

    @Test
    @DisplayName("I10 what fills within ten minutes of the start is no growth")
    void filling() {
        List<HeapTrend.Sample> samples = life(1, Duration.ZERO, Duration.ofMinutes(45), 0, 1).stream()
                .map(sample -> new HeapTrend.Sample(sample.seconds(), sample.pid(), (long)
                        (sample.bytes() + 4e6 * Math.min(600, sample.seconds()) / 600)))
                .toList();
        HeapTrend.Slope slope = HeapTrend.slope(samples).orElseThrow();
        assertThat(slope.grows()).as(slope.toString()).isFalse();
    }

    private static HeapTrend.Slope slope(Duration length, double percentPerHour, long seed) {
        return HeapTrend.slope(life(1, Duration.ZERO, length, percentPerHour, seed))
                .orElseThrow();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    @DisplayName("I10 a heap that is level but for what is live for a moment does not grow")
    void level(long seed) {
        HeapTrend.Slope slope = slope(Duration.ofMinutes(45), 0, seed);
        assertThat(slope.grows()).as(slope.toString()).isFalse();
        assertThat(slope.percentPerHour()).isCloseTo(0, within(4.0));
        assertThat(slope.error()).isLessThan(2);
        assertThat(slope.windows()).isEqualTo(7);
        assertThat(slope.minutes()).isEqualTo(35);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    @DisplayName("I10 a leak of a tenth an hour shows under the same noise")
    void leak(long seed) {
        HeapTrend.Slope slope = slope(Duration.ofMinutes(45), 10, seed);
        assertThat(slope.grows()).as(slope.toString()).isTrue();
        assertThat(slope.percentPerHour()).isCloseTo(10, within(4.0));
    }

    @Test
    @DisplayName("I10 only the longest life of the service counts")
    void longestLife() {
        List<HeapTrend.Sample> samples = Stream.of(
                        life(1, Duration.ZERO, Duration.ofMinutes(30), 100, 1),
                        life(2, Duration.ofMinutes(31), Duration.ofMinutes(45), 0, 2),
                        life(3, Duration.ofMinutes(77), Duration.ofMinutes(20), 100, 3))
                .flatMap(List::stream)
                .toList();
        HeapTrend.Slope slope = HeapTrend.slope(samples).orElseThrow();
        assertThat(slope).isEqualTo(HeapTrend.slope(samples.subList(120, 300)).orElseThrow());
        assertThat(slope.windows()).isEqualTo(7);
        assertThat(slope.grows()).as(slope.toString()).isFalse();
    }

    @Test
    @DisplayName("I10 too short a life tells nothing")
    void tooShort() {
        assertThat(HeapTrend.slope(List.of())).isEmpty();
        assertThat(HeapTrend.slope(life(1, Duration.ZERO, Duration.ofMinutes(34), 0, 1)))
                .isEmpty();
        assertThat(HeapTrend.slope(life(1, Duration.ZERO, Duration.ofMinutes(35), 0, 1)))
                .isPresent();
    }
}
