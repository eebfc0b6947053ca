package dev.bellhop.torture.check;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What the checker found. Passes only a run that broke nothing and that had a chance to. */
public final class Verdict {
    private static final int SURROUNDINGS = 200;

    private final Path history;
    private final Findings findings;
    private final Figures figures;

    Verdict(Path history, Findings findings, Figures figures) {
        this.history = history;
        this.findings = findings;
        this.figures = figures;
    }

    public boolean passed() {
        return findings.violations().isEmpty() && findings.refusals().isEmpty();
    }

    /** The first ones of an invariant. */
    public List<Violation> violations(Invariant invariant) {
        return List.copyOf(findings.violations().getOrDefault(invariant, List.of()));
    }

    /** The invariants that were broken. */
    public Set<Invariant> violated() {
        return Set.copyOf(findings.violations().keySet());
    }

    /** How many there are of an invariant, also beyond those that are kept. */
    public long count(Invariant invariant) {
        return findings.count(invariant);
    }

    /** How often an invariant was held against something. */
    public long looked(Invariant invariant) {
        return findings.lookedAt(invariant);
    }

    /** Why the history proves nothing, whatever was found. */
    public List<String> refusals() {
        return List.copyOf(findings.refusals());
    }

    /** The one that shows first in the history, as far as they are kept. */
    public Optional<Violation> first() {
        return findings.violations().values().stream()
                .flatMap(List::stream)
                .min(Comparator.comparingLong(Violation::line));
    }

    public long deliveries() {
        return figures.deliveries().appliedByClients();
    }

    public long events() {
        return figures.events();
    }

    public int kills() {
        return figures.faults().kills();
    }

    /**
     * The whole report; its last line is the verdict. With a violation, it begins with the lines of the history around the first.
     *
     * @throws IOException when the history cannot be read any more
     */
    public void print(PrintStream out) throws IOException {
        Optional<Violation> first = first();
        if (first.isPresent()) {
            Surroundings.print(history, first.get().line(), SURROUNDINGS, out);
            out.println();
        }
        figures.lines().forEach(out::println);
        for (Invariant invariant : Invariant.values()) {
            out.printf(
                    "%-3s %-13s %,12d looked at, %,d violations%n",
                    invariant, invariant.title(), looked(invariant), count(invariant));
            violations(invariant).forEach(violation -> out.println("    " + violation));
        }
        refusals().forEach(refusal -> out.println("refused: " + refusal));
        out.println(line());
    }

    /** One line: PASS, or FAIL and why. */
    public String line() {
        String run = "%,d deliveries, %,d events, %d kills".formatted(deliveries(), events(), kills());
        if (passed()) {
            return "PASS: " + run + ", no violation";
        }
        long violations = findings.violations().keySet().stream()
                .mapToLong(findings::count)
                .sum();
        String why = findings.refusals().isEmpty()
                ? ""
                : "; refused: " + findings.refusals().get(0);
        return "FAIL: %s, %,d violations of %s%s"
                .formatted(run, violations, findings.violations().keySet(), why);
    }
}
