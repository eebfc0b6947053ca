package dev.bellhop.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellhop.bench.Tally.Verdict;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TallyTest {
    private final Tally tally = new Tally();

    @BeforeEach
    void startAtSeven() {
        tally.startAt(7);
    }

    @Test
    void takesNumbersInOrder() {
        assertThat(tally.see(7)).isEqualTo(Verdict.IN_ORDER);
        assertThat(tally.see(8)).isEqualTo(Verdict.IN_ORDER);
    }

    @Test
    void noticesWhatComesAgain() {
        tally.see(7);
        tally.see(8);
        assertThat(tally.see(8)).isEqualTo(Verdict.DUPLICATED);
        assertThat(tally.see(7)).isEqualTo(Verdict.DUPLICATED);
    }

    @Test
    void noticesWhatComesLateOnceAndThenAgain() {
        assertThat(tally.see(9)).isEqualTo(Verdict.IN_ORDER);
        assertThat(tally.see(8)).isEqualTo(Verdict.REORDERED);
        assertThat(tally.see(8)).isEqualTo(Verdict.DUPLICATED);
        assertThat(tally.see(7)).isEqualTo(Verdict.REORDERED);
        assertThat(tally.see(10)).isEqualTo(Verdict.IN_ORDER);
    }

    @Test
    void knowsNothingFromBeforeItsStart() {
        assertThat(tally.see(6)).isEqualTo(Verdict.DUPLICATED);
    }
}
