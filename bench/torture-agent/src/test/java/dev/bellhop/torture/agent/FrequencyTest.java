package dev.bellhop.torture.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FrequencyTest {
    private static long due(Frequency frequency, int times) {
        return IntStream.range(0, times).filter(time -> frequency.isDue()).count();
    }

    @ParameterizedTest
    @CsvSource({"0.02, 1600, 2400", "2%, 1600, 2400", "1/50, 1600, 2400", "1/10000, 2, 30", "1/1, 100000, 100000"})
    void aProbabilityIsMetByAndLarge(String text, long least, long most) {
        assertThat(due(Frequency.parse(text, new Random(42)), 100_000)).isBetween(least, most);
    }

    @Test
    void aNumberIsThatTimeOnly() {
        Frequency third = Frequency.parse("3", new Random(42));
        assertThat(IntStream.range(0, 6).mapToObj(time -> third.isDue()))
                .containsExactly(false, false, true, false, false, false);
    }

    @Test
    void nothingSaidIsAlways() {
        assertThat(due(Frequency.ALWAYS, 10)).isEqualTo(10);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "0", "-1", "0.0", "1.5", "101%", "2/1", "1/0", "x", "1e3", "NaN"})
    void anythingElseIsRefused(String text) {
        assertThatThrownBy(() -> Frequency.parse(text, new Random(42))).isInstanceOf(IllegalArgumentException.class);
    }
}
