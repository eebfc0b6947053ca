package dev.bellhop.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class ReportTest {
    @Test
    void takesTheMedianOfTheRunsThatNobodyDisturbed() {
        List<Figures> runs = List.of(run(100, 3), run(900, 60), run(300, 1), run(800, 40), run(200, 15));
        assertThat(Report.median(runs, Figures.DELIVERIES)).hasValue(200);
    }

    @Test
    void takesTheMedianOfAllWhenAllWereDisturbed() {
        assertThat(Report.median(List.of(run(100, 30), run(300, 50)), Figures.DELIVERIES))
                .hasValue(200);
    }

    @Test
    void comparesWithTheServersOfTheSameRun() {
        Report report = new Report();
        report.add(
                "bellhop",
                Workload.RECONNECT,
                new Figures().put(Figures.RETURNS, 3000.0).put("lost", 0L));
        report.add("floor", Workload.RECONNECT, new Figures().put(Figures.RETURNS, 12_000.0));
        assertThat(report.markdown())
                .contains(
                        "| server | clients back/s | / floor | lost | other CPU % |",
                        "| bellhop | 3,000 | 0.25 | 0 | – |", "| floor | 12,000 | 1.00 | – | – |");
    }

    private static Figures run(double deliveries, double others) {
        return new Figures().put(Figures.DELIVERIES, deliveries).put(Figures.OTHERS, others);
    }
}
