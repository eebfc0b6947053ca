package dev.bellhop.torture.check;

import dev.bellhop.torture.history.Entry;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What one client holds in the end, against what it applied; that it applied the right things is I2. */
final class ClientRecords {
    private final ClientCheck client;
    private final Records records;
    private final Findings findings;
    /** By number of the record. */
    private final Map<Integer, Long> lastApplied;

    private final Set<Integer> held = new HashSet<>();
    private final Set<String> types = new HashSet<>();

    ClientRecords(ClientCheck client, Records records, Findings findings) {
        this.client = client;
        this.records = records;
        this.findings = findings;
        this.lastApplied = client.lastOfRecords();
    }

    void check(Entry.State state) {
        findings.looked(Invariant.I9);
        types.add(state.resource());
        Optional<Integer> record = records.number(state);
        Long position = record.map(lastApplied::get).orElse(null);
        if (record.isEmpty() || position == null) {
            findings.violated(
                    Invariant.I9, "%s holds %s %s, of which it applied nothing", client, state.resource(), state.id());
            return;
        }
        held.add(record.get());
        boolean isLast = position == records.lastPosition(record.get());
        boolean isGone = isLast && records.isGone(record.get());
        boolean sameContent = state.hash() == 0 || !isLast || isGone || state.hash() == records.hash(record.get());
        if (state.version() != client.log().version(position) || state.present() == isGone || !sameContent) {
            findings.violated(
                    Invariant.I9,
                    "%s holds %s at version %d%s%s, and the last it applied is %s with version %d",
                    client,
                    records.describe(record.get()),
                    state.version(),
                    state.present() ? "" : ", deleted",
                    sameContent ? "" : " with other content",
                    client.log().describe(position),
                    client.log().version(position));
        }
    }

    /** It holds all that it was told of, but for what was deleted, of the kinds that it holds at all. */
    void finish() {
        lastApplied.forEach((record, position) -> {
            boolean isGone = position == records.lastPosition(record) && records.isGone(record);
            if (!isGone && !held.contains(record) && types.contains(records.type(record))) {
                findings.violated(
                        Invariant.I9,
                        "%s lacks %s, of which it applied %s",
                        client,
                        records.describe(record),
                        client.log().describe(position));
            }
        });
    }
}
