package dev.bellhop.torture.check;

import dev.bellhop.torture.history.Entry;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Whether sockets close, and leave rooms, soon after a right was taken away: the part of I7 that is about time. */
final class Cuts {
    private record Noted(Entry.Cut cut, long line) {}

    private final Limits limits;
    private final FaultWindows faults;
    private final Findings findings;
    private final List<Noted> cuts = new ArrayList<>();
    private final List<Entry.Restored> restored = new ArrayList<>();
    private final Latencies quiet = new Latencies();
    private final Latencies inFault = new Latencies();

    Cuts(Limits limits, FaultWindows faults, Findings findings) {
        this.limits = limits;
        this.faults = faults;
        this.findings = findings;
    }

    void add(Entry.Cut cut) {
        cuts.add(new Noted(cut, findings.line()));
    }

    void add(Entry.Restored entry) {
        restored.add(entry);
    }

    /** Everything was added, and every client has ended. */
    void finish(Collection<ClientCheck> clients) {
        Map<String, List<ClientCheck>> byOrg = new HashMap<>();
        clients.forEach(client ->
                byOrg.computeIfAbsent(client.org(), none -> new ArrayList<>()).add(client));
        for (Noted noted : cuts) {
            findings.looked(Invariant.I7);
            long until = restoredAfter(noted.cut);
            for (ClientCheck client : byOrg.getOrDefault(noted.cut.org(), List.of())) {
                if (noted.cut.user() == null || noted.cut.user().equals(client.user())) {
                    client.spans().forEach(span -> check(noted, client, span, until));
                }
            }
        }
    }

    private long restoredAfter(Entry.Cut cut) {
        return restored.stream()
                .filter(entry -> entry.at() >= cut.at()
                        && entry.org().equals(cut.org())
                        && (entry.user() == null || entry.user().equals(cut.user())))
                .mapToLong(Entry.Restored::at)
                .min()
                .orElse(Long.MAX_VALUE);
    }

    private void check(Noted noted, ClientCheck client, ClientCheck.Span span, long until) {
        Entry.Cut cut = noted.cut;
        if (cut.sid() != null && !cut.sid().equals(span.sid())) {
            return;
        }
        String room = cut.room() == null ? "" : cut.room();
        for (ClientCheck.Stay stay : span.stays()) {
            boolean isConcerned =
                    stay.room.equals(room) && stay.to > cut.at() && stay.from < until && span.openedAt() < until;
            if (!isConcerned) {
                continue;
            }
            long begin = Math.max(cut.at(), stay.from);
            boolean fault = faults.overlapControl(
                    begin - limits.settle().toNanos(), begin + limits.cut().toNanos());
            long limit = (fault ? limits.cutInFault() : limits.cut()).toNanos();
            if (until < begin + limit) {
                continue;
            }
            if (stay.to - begin > limit) {
                findings.violatedAt(
                        noted.line,
                        cut.at(),
                        Invariant.I7,
                        "%s (session %d, user %s) is still %s %.1f s after operation %d ended that",
                        client,
                        span.session(),
                        client.user(),
                        room.isEmpty() ? "connected" : "in " + room,
                        limit / 1e9,
                        cut.op());
            } else {
                (fault ? inFault : quiet).add(stay.to - begin);
            }
        }
    }

    int size() {
        return cuts.size();
    }

    Latencies quiet() {
        return quiet;
    }

    Latencies inFault() {
        return inFault;
    }
}
