package dev.bellhop.torture.check;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.model.wire.Json;
import dev.bellhop.torture.history.Entry;
import dev.bellhop.torture.history.EventHash;
import dev.bellhop.torture.history.EventKeys;
import dev.bellhop.torture.history.HistoryReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * Holds the history of a run against the invariants. Reads it twice: first what happened to the services (operations, faults, and
 * the logs as they were in the end), then what the clients saw of it. The memory it takes grows with the events, not with their
 * deliveries.
 */
public final class Checker {
    /** A larger hole is no hole, but another log. */
    private static final long LARGEST_HOLE = 100_000;

    private final Limits limits;
    private final Findings findings = new Findings();
    private final FaultWindows faults = new FaultWindows();
    private final Operations operations = new Operations(findings);
    private final Records records = new Records(findings);
    private final Cuts cuts;
    private final Deliveries deliveries = new Deliveries();
    private final Map<String, OrgLog> logs = new LinkedHashMap<>();
    private final Map<String, Rights> rights = new HashMap<>();
    private final Map<UUID, ClientCheck.Place> places = new HashMap<>();
    private final Map<Integer, ClientCheck> clients = new LinkedHashMap<>();
    private final Map<Integer, ClientRecords> clientRecords = new HashMap<>();
    private final Set<Integer> scanned = new HashSet<>();
    private final Set<String> statedLogs = new HashSet<>();
    private final ClientCheck.World world = new ClientCheck.World(findings, operations, faults, places, deliveries);

    private boolean ended;

    private Checker(Limits limits) {
        this.limits = limits;
        this.cuts = new Cuts(limits, faults, findings);
    }

    /**
     * @param history as {@link dev.bellhop.torture.history.HistoryWriter} wrote it
     * @throws IOException when it cannot be read or is no history; one that ends early is judged, and refused
     */
    public static Verdict check(Path history, Limits limits) throws IOException {
        Checker checker = new Checker(limits);
        long begin = System.nanoTime();
        try (HistoryReader reader = HistoryReader.withoutReceived(history)) {
            checker.readServices(reader);
        }
        try (HistoryReader reader = new HistoryReader(history)) {
            checker.readClients(reader);
        }
        return checker.verdict(history, begin);
    }

    // ---- first reading ----

    private void readServices(HistoryReader reader) throws IOException {
        for (Optional<Entry> next = reader.read(); next.isPresent(); next = reader.read()) {
            findings.lookAt(reader.line(), next.get());
            service(next.get());
        }
        if (reader.isCutShort()) {
            findings.refuse("the history ends within line %d", reader.line() + 1);
        }
        if (!ended) {
            findings.refuse("the history has no end: the harness did not do all it meant to do");
        }
        faults.finish(findings);
        operations.finish();
        logs.values().forEach(operations::checkCausality);
    }

    private void service(Entry entry) {
        if (ended) {
            findings.refuse("line %d comes after the end", findings.line());
        }
        if (entry instanceof Entry.Member member) {
            rights(member.org()).begin(member);
        } else if (entry instanceof Entry.Invoke invoke) {
            operations.add(invoke);
        } else if (entry instanceof Entry.Ok ok) {
            operations.add(ok);
        } else if (entry instanceof Entry.Refused refused) {
            operations.add(refused);
        } else if (entry instanceof Entry.Unknown unknown) {
            operations.add(unknown);
        } else if (entry instanceof Entry.Fault fault) {
            faults.add(fault);
        } else if (entry instanceof Entry.Heal heal) {
            faults.add(heal, findings);
        } else if (entry instanceof Entry.Logged logged) {
            logged(logged);
        } else if (entry instanceof Entry.Floor look) {
            log(look.org()).retain(look.at(), look.floor());
        } else if (entry instanceof Entry.LogState state) {
            log(state.org()).retain(state.at(), state.floor());
        } else if (entry instanceof Entry.Cut cut) {
            cuts.add(cut);
        } else if (entry instanceof Entry.Restored restored) {
            cuts.add(restored);
        } else if (entry instanceof Entry.End) {
            ended = true;
        }
    }

    private Rights rights(String org) {
        return rights.computeIfAbsent(org, none -> new Rights());
    }

    private OrgLog log(String org) {
        return logs.computeIfAbsent(org, OrgLog::new);
    }

    private void logged(Entry.Logged event) {
        OrgLog log = log(event.org());
        if (log.isEmpty()) {
            log.begin(event.epoch(), event.position() - 1);
            records.begin(event.org(), event.position() - 1);
        }
        findings.looked(Invariant.I4);
        if (!event.epoch().equals(log.epoch())) {
            findings.violated(
                    Invariant.I4, "the log of %s has epochs %s and %s", log.org(), log.epoch(), event.epoch());
            return;
        }
        if (event.position() <= log.head()) {
            again(log, event);
            return;
        }
        if (event.position() > log.head() + 1) {
            findings.violated(
                    Invariant.I4,
                    "the log of %s has nothing between %d and %d",
                    log.org(),
                    log.head(),
                    event.position());
            if (event.position() - log.head() > LARGEST_HOLE) {
                return;
            }
            while (log.head() + 1 < event.position()) {
                log.appendHole(findings.line());
            }
        }
        append(log, event);
    }

    private void again(OrgLog log, Entry.Logged event) {
        boolean same = log.holds(event.position())
                && log.isAt(event.position(), event.id())
                && log.hash(event.position()) == event.hash();
        if (!same) {
            findings.violated(
                    Invariant.I4, "position %d of %s was read twice, as two events", event.position(), log.org());
        }
    }

    private void append(OrgLog log, Entry.Logged event) {
        JsonNode payload;
        try {
            payload = Json.tree(event.payload());
        } catch (JsonProcessingException e) {
            findings.violated(
                    Invariant.I4, "the payload of event %s is not JSON: %s", event.id(), e.getOriginalMessage());
            log.appendHole(findings.line());
            return;
        }
        if (event.hash() != EventHash.ofEvent(event.type(), event.rooms(), payload)) {
            findings.refuse("the hash of event %s is not that of its content (line %d)", event.id(), findings.line());
        }
        EventKeys.Subject subject = EventKeys.subjectOf(event.type(), payload);
        int record = records.add(log, event, subject, payload);
        log.append(event, record, subject.version(), findings.line());
        ClientCheck.Place before = places.put(event.id(), new ClientCheck.Place(log, event.position()));
        if (before != null) {
            findings.violated(
                    before.log() == log ? Invariant.I4 : Invariant.I6,
                    "event %s is in the logs twice: at %d of %s and at %d of %s",
                    event.id(),
                    before.position(),
                    before.log().org(),
                    event.position(),
                    log.org());
        }
        operations.add(log, event.position(), event, payload);
        rights(event.org()).add(event.position(), event.type(), payload);
    }

    // ---- second reading ----

    private void readClients(HistoryReader reader) throws IOException {
        for (Optional<Entry> next = reader.read(); next.isPresent(); next = reader.read()) {
            findings.lookAt(reader.line(), next.get());
            if (next.get() instanceof Entry.Received received) {
                client(received.client()).ifPresent(client -> client.received(received));
            } else {
                ofClient(next.get());
            }
        }
    }

    private Optional<ClientCheck> client(int number) {
        Optional<ClientCheck> client = Optional.ofNullable(clients.get(number));
        if (client.isEmpty()) {
            findings.refuse("client %d was not introduced (line %d)", number, findings.line());
        }
        return client;
    }

    private void ofClient(Entry entry) {
        if (entry instanceof Entry.Client client) {
            introduce(client);
        } else if (entry instanceof Entry.Opened opened) {
            client(opened.client()).ifPresent(client -> client.opened(opened));
        } else if (entry instanceof Entry.Connected connected) {
            client(connected.client()).ifPresent(client -> client.connected(connected));
        } else if (entry instanceof Entry.Position position) {
            client(position.client()).ifPresent(client -> client.position(position));
        } else if (entry instanceof Entry.Subscribed subscribed) {
            client(subscribed.client()).ifPresent(client -> client.subscribed(subscribed));
        } else if (entry instanceof Entry.Unsubscribed unsubscribed) {
            client(unsubscribed.client()).ifPresent(client -> client.unsubscribed(unsubscribed));
        } else if (entry instanceof Entry.Closed closed) {
            client(closed.client()).ifPresent(client -> client.closed(closed));
        } else if (entry instanceof Entry.Gone gone) {
            client(gone.client()).ifPresent(client -> client.gone(gone));
        } else {
            atTheEnd(entry);
        }
    }

    private void introduce(Entry.Client client) {
        if (!rights(client.org()).knows(client.user())) {
            findings.refuse("nothing says who the user of client %d is", client.client());
        }
        if (clients.put(client.client(), new ClientCheck(client, log(client.org()), rights(client.org()), world))
                != null) {
            findings.refuse("client %d was introduced twice", client.client());
        }
    }

    private void atTheEnd(Entry entry) {
        if (entry instanceof Entry.Leak leak) {
            findings.violated(Invariant.I6, "client %d saw %s in %s", leak.client(), leak.canary(), leak.where());
        } else if (entry instanceof Entry.Scanned scan) {
            scanned.add(scan.client());
            findings.looked(Invariant.I6, scan.own() > 0 && scan.foreign() > 0 ? 1 : 0);
        } else if (entry instanceof Entry.LogState state) {
            logState(state);
        } else if (entry instanceof Entry.Replayed replayed) {
            replayed(replayed);
        } else if (entry instanceof Entry.State state) {
            state(state);
        } else if (entry instanceof Entry.Residue residue) {
            findings.looked(Invariant.I10);
            if (residue.after() > residue.limit()) {
                findings.violated(
                        Invariant.I10,
                        "%s: %.1f before, %.1f after, at most %.1f",
                        residue.name(),
                        residue.before(),
                        residue.after(),
                        residue.limit());
            }
        }
    }

    private void logState(Entry.LogState state) {
        OrgLog log = log(state.org());
        statedLogs.add(state.org());
        findings.looked(Invariant.I4);
        if (!log.isEmpty() && !state.epoch().equals(log.epoch())) {
            findings.violated(Invariant.I4, "%s: epoch %s, and events of %s", log.org(), state.epoch(), log.epoch());
        }
        if (state.head() != log.head() || log.floor() > state.floor()) {
            findings.violated(
                    Invariant.I4,
                    "the log of %s says that it holds %d to %d, and %d to %d were read",
                    log.org(),
                    state.floor() + 1,
                    state.head(),
                    log.floor() + 1,
                    log.head());
        }
    }

    private void replayed(Entry.Replayed replayed) {
        findings.looked(Invariant.I4);
        OrgLog log = log(replayed.org());
        boolean same = replayed.epoch().equals(log.epoch())
                && log.holds(replayed.position())
                && log.isAt(replayed.position(), replayed.id())
                && log.hash(replayed.position()) == replayed.hash();
        if (!same) {
            findings.violated(
                    Invariant.I4,
                    "%s tells %s at %d of %s, where the log has %s",
                    replayed.node(),
                    replayed.id(),
                    replayed.position(),
                    replayed.org(),
                    log.holds(replayed.position()) ? log.describe(replayed.position()) : "nothing");
        }
    }

    private void state(Entry.State state) {
        if (!state.source().startsWith("client:")) {
            records.check(state);
            return;
        }
        int number = Integer.parseInt(state.source().substring("client:".length()));
        client(number)
                .ifPresent(client -> clientRecords
                        .computeIfAbsent(number, none -> new ClientRecords(client, records, findings))
                        .check(state));
    }

    // ---- the end ----

    private Verdict verdict(Path history, long begin) {
        clients.values().forEach(ClientCheck::finish);
        cuts.finish(clients.values());
        rights.values().forEach(each -> findings.looked(Invariant.I7, each.changes()));
        records.finish();
        clientRecords.values().forEach(ClientRecords::finish);
        clients.forEach((number, client) -> {
            if (!scanned.contains(number)) {
                findings.refuse("client %d did not scan what it was sent", number);
            }
        });
        logs.keySet().stream()
                .filter(org -> !statedLogs.contains(org))
                .forEach(org -> findings.refuse("nobody asked %s how far its log reaches", org));
        if (deliveries.resets() > limits.resets()) {
            findings.violated(
                    Invariant.I8, "%d resumes were refused, at most %d may be", deliveries.resets(), limits.resets());
        }
        refuseIdleRun();
        return new Verdict(
                history,
                findings,
                new Figures(
                        operations,
                        faults,
                        deliveries,
                        cuts,
                        logs.values(),
                        clients.size(),
                        System.nanoTime() - begin));
    }

    /** A run in which nothing happened proves nothing. */
    private void refuseIdleRun() {
        if (deliveries.appliedByClients() < limits.deliveries()) {
            findings.refuse(
                    "%d deliveries, at least %d are needed", deliveries.appliedByClients(), limits.deliveries());
        }
        if (faults.kills() < limits.kills()) {
            findings.refuse("%d kills, at least %d are needed", faults.kills(), limits.kills());
        }
        for (Invariant invariant : limits.exercised()) {
            if (findings.lookedAt(invariant) == 0) {
                findings.refuse("%s %s had nothing to look at", invariant, invariant.title());
            }
        }
    }
}
