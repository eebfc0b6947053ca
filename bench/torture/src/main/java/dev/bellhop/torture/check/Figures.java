package dev.bellhop.torture.check;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** What a run came to, in numbers. */
record Figures(
        Operations operations,
        FaultWindows faults,
        Deliveries deliveries,
        Cuts cuts,
        Collection<OrgLog> logs,
        int clients,
        long nanos) {

    long events() {
        return logs.stream().mapToLong(log -> log.head() - log.floor()).sum();
    }

    /** For people, a line each. */
    List<String> lines() {
        List<String> lines = new ArrayList<>();
        lines.add("%,d operations (%,d with an answer, %,d without), %,d events in %d organisations"
                .formatted(operations.size(), operations.ended(true), operations.ended(false), events(), logs.size()));
        lines.add(
                "%,d deliveries to %d clients (%,d frames, %,d raw duplicates, %d resets, %d resumes from what retention had taken)"
                        .formatted(
                                deliveries.appliedByClients(),
                                clients,
                                deliveries.received(),
                                deliveries.duplicates(),
                                deliveries.resets(),
                                deliveries.expiredResumes()));
        lines.add("%d faults, %d of them kills; %d rights taken away"
                .formatted(faults.faults(), faults.kills(), cuts.size()));
        lines.add(line("request to receipt, no fault", deliveries.quiet()));
        lines.add(line("request to receipt, in a fault", deliveries.inFault()));
        lines.add(line("request to receipt, by a resume", deliveries.resumed()));
        lines.add(line("cut to close, no fault", cuts.quiet()));
        lines.add(line("cut to close, in a fault", cuts.inFault()));
        lines.add("checked in %.1f s".formatted(nanos / 1e9));
        return lines;
    }

    private static String line(String what, Latencies latencies) {
        return "%-32s %,9d: p50 %,.0f ms, p99 %,.0f ms, longest %,.0f ms"
                .formatted(
                        what,
                        latencies.total(),
                        latencies.millis(0.5),
                        latencies.millis(0.99),
                        latencies.longestMillis());
    }
}
