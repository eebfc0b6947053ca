package dev.bellhop.torture.check;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellhop.torture.history.HistoryWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
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
    private static final Simulation.Size SIZE = new Simulation.Size(4, 24, 800);
    private static final Limits LIMITS = Limits.of(5_000, 1);

    private Path history;

    @BeforeEach
    void setUp(@TempDir Path directory) {
        history = directory.resolve("history.ndjson");
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
    void aRightSystemPasses(long seed) throws IOException {
        simulate(seed, Optional.empty());

        Verdict verdict = Checker.check(history, LIMITS);

        assertThat(verdict.passed()).as(report(verdict)).isTrue();
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

    private static String report(Verdict verdict) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        verdict.print(new PrintStream(out, true, StandardCharsets.UTF_8));
        return out.toString(StandardCharsets.UTF_8);
    }

    @Test
    void aHistoryThatWasCutOffIsRefused() throws IOException {
        simulate(1, Optional.empty());
        List<String> lines = Files.readAllLines(history);
        Files.write(history, lines.subList(0, lines.size() - 1));

        Verdict verdict = Checker.check(history, LIMITS);

        assertThat(verdict.refusals()).singleElement().asString().contains("no end");
        assertThat(verdict.passed()).isFalse();
    }
}
