package dev.bellhop.torture.check;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellhop.torture.history.Entry;
import dev.bellhop.torture.history.HistoryWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A checker that has never failed proves nothing: it has to pass what is right and to catch each kind of wrong. */
final class CheckerTest {
    private static final Simulation.Size SIZE = new Simulation.Size(4, 20, 2400);
    private static final Limits LIMITS = new Limits(
            300,
            1,
            EnumSet.allOf(Invariant.class),
            0,
            Duration.ofMillis(400),
            Duration.ofSeconds(1),
            Duration.ofMillis(50));

    private Path history;

    @BeforeEach
    void setUp(@TempDir Path directory) {
        history = directory.resolve("history.ndjson");
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void aRightSystemPasses(long seed) throws IOException {
        simulate(seed, Optional.empty());

        Verdict verdict = Checker.check(history, LIMITS);

        assertThat(verdict.passed()).as(report(verdict)).isTrue();
    }

    @Test
    void aResumeFromWhatRetentionTookMayBeRefused() throws IOException {
        simulate(1, Optional.empty());

        Verdict verdict = Checker.check(history, LIMITS);

        assertThat(report(verdict)).containsPattern("\\b0 resets, [1-9]\\d* resumes from what retention had taken");
    }

    @ParameterizedTest
    @EnumSource
    void aDefectIsCaught(Defect defect) throws IOException {
        simulate(42, Optional.of(defect));

        Verdict verdict = Checker.check(history, LIMITS);

        assertThat(verdict.count(defect.broken())).as(report(verdict)).isPositive();
        assertThat(verdict.refusals()).as(report(verdict)).isEmpty();
        assertThat(verdict.passed()).isFalse();
    }

    private void simulate(long seed, Optional<Defect> defect) throws IOException {
        try (HistoryWriter out = new HistoryWriter(history)) {
            new Simulation(seed, defect, SIZE, out).run();
        }
    }

    @Test
    void aReportShowsTheHistoryAroundTheFirstViolationAndEndsWithTheVerdict() throws IOException {
        simulate(42, Optional.of(Defect.DELIVERY_DROPPED));
        Verdict verdict = Checker.check(history, LIMITS);
        long line = verdict.first().orElseThrow().line();

        List<String> report = report(verdict).lines().toList();

        assertThat(report)
                .anyMatch(each -> each.startsWith(">") && each.contains(" " + line + " {\"e\":"))
                .last()
                .asString()
                .startsWith("FAIL: ")
                .contains("[I2]");
        assertThat(report.stream().filter(each -> each.contains(" {\"e\":"))).hasSize(200);
    }

    private static String report(Verdict verdict) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        verdict.print(new PrintStream(out, true, StandardCharsets.UTF_8));
        return out.toString(StandardCharsets.UTF_8);
    }

    @Test
    void aHistoryThatDoesNotEndIsRefused() throws IOException {
        simulate(1, Optional.empty());
        List<String> lines = Files.readAllLines(history);
        Files.write(history, lines.subList(0, lines.size() - 1));

        assertThat(refusals(LIMITS)).singleElement().asString().contains("no end");
    }

    @Test
    void aHistoryThatEndsWithinALineIsRefused() throws IOException {
        simulate(1, Optional.empty());
        byte[] bytes = Files.readAllBytes(history);
        Files.write(history, Arrays.copyOf(bytes, bytes.length - 3));

        assertThat(refusals(LIMITS)).anyMatch(refusal -> refusal.contains("within line"));
    }

    @Test
    void aHistoryThatEndsBeforeTheLogWasReadIsRefused() throws IOException {
        simulate(1, Optional.empty());
        List<String> lines = Files.readAllLines(history);
        Files.write(
                history,
                lines.stream()
                        .filter(line -> !line.startsWith("{\"e\":\"logstate\""))
                        .toList());

        assertThat(refusals(LIMITS)).anyMatch(refusal -> refusal.contains("how far its log reaches"));
    }

    @Test
    void aRunInWhichNothingHappenedIsRefused() throws IOException {
        try (HistoryWriter out = new HistoryWriter(history)) {
            out.write(new Entry.End(1));
        }

        assertThat(refusals(LIMITS))
                .contains("0 deliveries, at least 300 are needed", "0 kills, at least 1 are needed")
                .anyMatch(refusal -> refusal.startsWith("I7 cut had nothing to look at"));
    }

    @Test
    void aRunThatDidTooLittleIsRefused() throws IOException {
        simulate(1, Optional.empty());

        assertThat(refusals(Limits.of(1_000_000, 500)))
                .anyMatch(refusal -> refusal.endsWith("deliveries, at least 1000000 are needed"))
                .anyMatch(refusal -> refusal.endsWith("kills, at least 500 are needed"));
    }

    private List<String> refusals(Limits limits) throws IOException {
        Verdict verdict = Checker.check(history, limits);
        assertThat(verdict.passed()).isFalse();
        assertThat(verdict.line()).startsWith("FAIL");
        return verdict.refusals();
    }
}
