package dev.bellhop.torture.check;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.model.wire.Json;
import dev.bellhop.torture.history.Entry;
import dev.bellhop.torture.history.EventHash;
import dev.bellhop.torture.history.EventKeys;
import dev.bellhop.torture.history.HistoryWriter;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;

/**
 * The whole system in one thread and no time: an API with an outbox, a relay, a log, two nodes, and clients that come, go, stall,
 * lose rights and come back, all by a seed. It writes the history that the torture test would write. It is right unless it is
 * given a {@link Defect}.
 */
final class Simulation {
    static final long MILLI = 1_000_000;

    private static final int KEPT = 3;

    /** @param operations for all organisations together */
    record Size(int organizations, int clients, int operations) {}

    /** Something that happens later. */
    private record Task(long at, long number, Runnable action) {}

    record Event(UUID id, String org, String type, List<String> rooms, String payload, JsonNode tree, long hash) {}

    private record Row(long id, long xid, Event event) {}

    /** A record as the API's database holds it. */
    static final class Stored {
        final String type;
        final String id;
        long version;
        String mark;
        long hash;
        boolean busy;

        Stored(String type, String id) {
            this.type = type;
            this.id = id;
        }
    }

    static final class Member {
        final String id;
        final String role;
        String name = "";
        List<String> properties;
        boolean active = true;
        long ver = 1;
        boolean busy;

        Member(String id, String role, List<String> properties) {
            this.id = id;
            this.role = role;
            this.properties = properties;
        }
    }

    static final class Org {
        final String id;
        final List<String> properties = new ArrayList<>();
        final Map<String, Member> members = new LinkedHashMap<>();
        final Map<String, Stored> stored = new LinkedHashMap<>();
        final Deque<Event> pending = new ArrayDeque<>();
        final List<Event> log = new ArrayList<>();
        final Set<UUID> known = new HashSet<>();
        /** Retention took what is up to there. */
        int floor;

        boolean sending;

        Org(String id) {
            this.id = id;
        }
    }

    /** An event as it becomes visible, with a row id that counts over all organisations. */
    record Visible(long globalId, Org org, long position) {}

    final Random random;
    final Optional<Defect> defect;
    final List<Org> orgs = new ArrayList<>();
    final List<SimulatedNode> nodes = new ArrayList<>();
    final TreeSet<Visible> visible = new TreeSet<>(Comparator.comparingLong(Visible::globalId));

    private final HistoryWriter out;
    private final Size size;
    private final PriorityQueue<Task> tasks =
            new PriorityQueue<>(Comparator.comparingLong(Task::at).thenComparingLong(Task::number));
    private final List<SimulatedClient> clients = new ArrayList<>();
    private final Set<Long> transactions = new HashSet<>();
    private final List<Row> committed = new ArrayList<>();

    private long now;
    private long taskNumber;
    private long marks;
    private int operations;
    private int faults;
    private int sessions;
    private int sids;
    private long nextXid = 1;
    private long nextRow = 1;
    private long nextGlobal = 1;
    private long lastRow;
    private boolean quiet;

    Simulation(long seed, Optional<Defect> defect, Size size, HistoryWriter out) {
        this.random = new Random(seed);
        this.defect = defect;
        this.size = size;
        this.out = out;
    }

    boolean has(Defect asked) {
        return defect.isPresent() && defect.get() == asked;
    }

    boolean chance(double probability) {
        return random.nextDouble() < probability;
    }

    void write(Entry entry) {
        out.write(entry);
    }

    long now() {
        return now;
    }

    void in(double millis, Runnable action) {
        tasks.add(new Task(now + (long) (millis * MILLI), taskNumber++, action));
    }

    /** At a random time before that. */
    void within(double millis, Runnable action) {
        in(random.nextDouble() * millis, action);
    }

    int nextSession() {
        return sessions++;
    }

    String nextSid() {
        return "sid-" + sids++;
    }

    boolean isQuiet() {
        return quiet;
    }

    // ---- the run ----

    void run() {
        setUp();
        in(1, this::relay);
        for (int index = 0; index < size.operations(); index++) {
            in(20 + index * 1.5, this::operate);
        }
        double end = 20 + size.operations() * 1.5;
        for (double at = 100; at < end - 100; at += 150 + random.nextInt(200)) {
            in(at, this::kill);
        }
        for (double at = 250; at < end - 100; at += 400) {
            in(at, () -> orgs.forEach(this::forget));
        }
        in(end + 500, this::calm);
        in(end + 2_000, () -> clients.forEach(SimulatedClient::resumeOnceMore));
        // Where a defect lost the news that somebody may come back, that client would try for ever.
        runUntil((long) ((end + 3_000) * MILLI));
        finish();
    }

    private void runUntil(long end) {
        for (Task next = tasks.poll(); next != null && next.at() <= end; next = tasks.poll()) {
            now = next.at();
            next.action().run();
        }
    }

    private void setUp() {
        for (int number = 0; number < size.organizations(); number++) {
            Org org = new Org(id(1, number));
            orgs.add(org);
            org.properties.addAll(List.of(id(2, number * 2L), id(2, number * 2L + 1)));
            for (int member = 0; member < 6; member++) {
                String role = List.of("ADMIN", "HR", "MANAGER", "MANAGER", "MEMBER", "MEMBER")
                        .get(member);
                List<String> properties = role.equals("MANAGER") ? List.of(org.properties.get(member - 2)) : List.of();
                Member added = new Member(id(3, number * 6L + member), role, properties);
                org.members.put(added.id, added);
                write(new Entry.Member(now, org.id, added.id, role, properties, null));
            }
        }
        nodes.add(new SimulatedNode(this, "node-1"));
        nodes.add(new SimulatedNode(this, "node-2"));
        for (int number = 0; number < size.clients(); number++) {
            Org org = orgs.get(number % orgs.size());
            List<Member> members = List.copyOf(org.members.values());
            addClient(org, members.get(number / orgs.size() % members.size()));
        }
    }

    private static String id(int kind, long number) {
        return new UUID(kind, number).toString();
    }

    void addClient(Org org, Member member) {
        SimulatedClient client = new SimulatedClient(this, clients.size(), org, member);
        clients.add(client);
        client.begin();
    }

    private void calm() {
        quiet = true;
        nodes.forEach(SimulatedNode::start);
        clients.forEach(SimulatedClient::calm);
    }

    private void kill() {
        SimulatedNode node = nodes.get(random.nextInt(nodes.size()));
        if (quiet || !node.isUp()) {
            return;
        }
        int fault = faults++;
        write(new Entry.Fault(now, fault, "F14", node.name(), true, true));
        node.stop();
        if (has(Defect.EPOCH_REUSED)) {
            orgs.forEach(org -> {
                visible.removeIf(each -> each.org() == org && each.position() > org.log.size() / 2);
                org.log.subList(org.log.size() / 2, org.log.size()).clear();
                org.known.clear();
            });
            nodes.forEach(SimulatedNode::stop);
            in(40, () -> nodes.forEach(SimulatedNode::start));
        }
        in(30 + random.nextInt(30), () -> {
            node.start();
            write(new Entry.Heal(now, fault));
        });
    }

    /** Retention, which leaves few events. */
    private void forget(Org org) {
        write(new Entry.Floor(now - 1, org.id, org.floor));
        org.floor = Math.max(org.floor, org.log.size() - KEPT);
        write(new Entry.Floor(now, org.id, org.floor));
    }

    // ---- operations ----

    private record Draft(String type, List<String> rooms, Map<String, Object> payload) {}

    private void operate() {
        Org org = orgs.get(random.nextInt(3) == 0 ? random.nextInt(orgs.size()) : 0);
        int kind = random.nextInt(100);
        if (kind < 35) {
            create(org);
        } else if (kind < 65) {
            change(org);
        } else if (kind < 72) {
            delete(org);
        } else if (kind < 82) {
            apply(org);
        } else if (kind < 88) {
            note(org);
        } else if (kind < 92) {
            moveManager(org);
        } else if (kind < 95) {
            disable(org);
        } else if (kind < 98) {
            logout(org);
        } else {
            createMany(org);
        }
    }

    private String mark() {
        return EventKeys.mark(++marks);
    }

    private Draft draft(Stored stored, String event, long version, String mark) {
        Map<String, Object> payload = new LinkedHashMap<>();
        payload.put("id", stored.id);
        if (event.endsWith("deleted")) {
            payload.put("resource_type", stored.type);
        } else {
            payload.put("name", "a name with " + mark);
        }
        payload.put("version", version);
        return new Draft(event, List.of("org"), payload);
    }

    private Stored fresh(String type) {
        Stored stored = new Stored(type, id(4, ++marks));
        stored.version = 1;
        stored.mark = mark();
        stored.busy = true;
        return stored;
    }

    private void create(Org org) {
        Stored stored = fresh("entity");
        transact(
                org,
                "POST /entities",
                List.of(draft(stored, "entity.created", 1, stored.mark)),
                List.of(),
                happened -> {
                    stored.busy = false;
                    if (happened) {
                        org.stored.put(stored.id, stored);
                    }
                });
    }

    private void createMany(Org org) {
        List<Stored> many = new ArrayList<>();
        for (int index = 0; index < 5; index++) {
            many.add(fresh("entity"));
        }
        List<Draft> drafts = many.stream()
                .map(each -> draft(each, "entity.created", 1, each.mark))
                .toList();
        transact(
                org,
                "POST /entities/batch",
                drafts,
                List.of(),
                happened -> many.forEach(each -> {
                    each.busy = false;
                    if (happened) {
                        org.stored.put(each.id, each);
                    }
                }));
    }

    private Optional<Stored> anyEntity(Org org) {
        List<Stored> free = org.stored.values().stream()
                .filter(stored -> !stored.busy && stored.type.equals("entity"))
                .toList();
        return free.isEmpty() ? Optional.empty() : Optional.of(free.get(random.nextInt(free.size())));
    }

    private void change(Org org) {
        anyEntity(org).ifPresent(stored -> {
            stored.busy = true;
            String mark = mark();
            Draft draft = draft(stored, "entity.updated", stored.version + 1, mark);
            transact(org, "PATCH /entities/" + stored.id, List.of(draft), List.of(), happened -> {
                stored.busy = false;
                if (happened) {
                    stored.version++;
                    stored.mark = mark;
                }
            });
        });
    }

    private void delete(Org org) {
        anyEntity(org).ifPresent(stored -> {
            stored.busy = true;
            Draft draft = draft(stored, "entity.deleted", stored.version + 1, "");
            transact(org, "DELETE /entities/" + stored.id, List.of(draft), List.of(), happened -> {
                stored.busy = false;
                if (happened) {
                    org.stored.remove(stored.id);
                }
            });
        });
    }

    private void apply(Org org) {
        Stored stored = fresh("application");
        String property = org.properties.get(random.nextInt(org.properties.size()));
        Draft draft = new Draft(
                "application.submitted",
                List.of("property-" + property, "global"),
                Map.of("application_id", stored.id, "applicant_name", stored.mark, "version", 1));
        transact(org, "POST /applications", List.of(draft), List.of(), happened -> {
            stored.busy = false;
            if (happened) {
                org.stored.put(stored.id, stored);
            }
        });
    }

    /** Something that only those see who asked for the room. */
    private void note(Org org) {
        String property = org.properties.get(random.nextInt(org.properties.size()));
        Draft draft =
                new Draft("note.left", List.of("property-" + property), Map.of("id", id(5, ++marks), "mark", mark()));
        transact(org, "POST /ws/broadcast", List.of(draft), List.of(), happened -> {});
    }

    private Optional<Member> anyMember(Org org, String role) {
        List<Member> free = org.members.values().stream()
                .filter(member -> member.role.equals(role) && !member.busy && member.active)
                .toList();
        return free.isEmpty() ? Optional.empty() : Optional.of(free.get(random.nextInt(free.size())));
    }

    private Draft member(Member member, List<String> properties, boolean active, long ver, String mark) {
        Map<String, Object> payload = new LinkedHashMap<>();
        payload.put("user_id", member.id);
        payload.put("name", mark);
        payload.put("role", member.role);
        payload.put("property_ids", properties);
        payload.put("department_id", null);
        payload.put("status", active ? "active" : "disabled");
        payload.put("ver", ver);
        return new Draft("member.updated", List.of("org"), payload);
    }

    /** A manager loses the property and gets it back some time later. */
    private void moveManager(Org org) {
        anyMember(org, "MANAGER").ifPresent(manager -> {
            manager.busy = true;
            boolean takes = !manager.properties.isEmpty();
            String lost = takes ? manager.properties.get(0) : "";
            List<String> properties =
                    takes ? List.of() : List.of(org.properties.get(random.nextInt(org.properties.size())));
            String mark = mark();
            Draft draft = member(manager, properties, true, manager.ver + 1, mark);
            if (!takes) {
                write(new Entry.Restored(now, operations, org.id, manager.id));
            }
            int operation = operations;
            Runnable cut = () -> {
                if (takes) {
                    write(new Entry.Cut(now, operation, org.id, manager.id, null, "property-" + lost));
                }
            };
            transact(org, "PATCH /members/" + manager.id, List.of(draft), List.of(cut), happened -> {
                manager.busy = false;
                if (happened) {
                    manager.properties = properties;
                    manager.ver++;
                    manager.name = mark;
                }
            });
        });
    }

    private void disable(Org org) {
        anyMember(org, "MEMBER").ifPresent(member -> {
            member.busy = true;
            String mark = mark();
            long ver = member.ver + 1;
            Draft disabled = member(member, List.of(), false, ver, mark);
            Draft ended = new Draft("session.revoked", List.of(), Map.of("user_id", member.id, "ver", ver));
            int operation = operations;
            Runnable cut = () -> write(new Entry.Cut(now, operation, org.id, member.id, null, null));
            transact(org, "PATCH /members/" + member.id, List.of(disabled, ended), List.of(cut), happened -> {
                member.busy = happened;
                if (happened) {
                    member.active = false;
                    member.ver = ver;
                    member.name = mark;
                    in(100, () -> enable(org, member));
                }
            });
        });
    }

    /** Until it works. */
    private void enable(Org org, Member member) {
        String mark = mark();
        write(new Entry.Restored(now, operations, org.id, member.id));
        Draft draft = member(member, List.of(), true, member.ver + 1, mark);
        transact(org, "PATCH /members/" + member.id, List.of(draft), List.of(), happened -> {
            if (happened) {
                member.active = true;
                member.busy = false;
                member.ver++;
                member.name = mark;
            } else {
                in(20, () -> enable(org, member));
            }
        });
    }

    private void logout(Org org) {
        List<SimulatedClient> here = clients.stream()
                .filter(client -> client.org() == org && client.canLogOut())
                .toList();
        if (here.isEmpty()) {
            return;
        }
        SimulatedClient client = here.get(random.nextInt(here.size()));
        String sid = client.logOut();
        Draft draft = new Draft("session.revoked", List.of(), Map.of("user_id", client.member().id, "sid", sid));
        int operation = operations;
        Runnable cut = () -> write(new Entry.Cut(now, operation, org.id, client.member().id, sid, null));
        transact(org, "POST /auth/logout", List.of(draft), List.of(cut), client::loggedOut);
    }

    private interface Outcome {
        void settle(boolean happened);
    }

    /** A request from its sending to its answer: rows get their ids before they are committed, and some never are. */
    private void transact(Org org, String what, List<Draft> drafts, List<Runnable> whenAnswered, Outcome outcome) {
        int operation = operations++;
        List<Event> events = drafts.stream().map(draft -> event(org, draft)).toList();
        List<Entry.Effect> effects = events.stream()
                .filter(event ->
                        !(event.type().equals("session.revoked") && event.tree().has("ver")))
                .map(event ->
                        new Entry.Effect(event.type(), EventKeys.keyOf(event.type(), event.rooms(), event.tree())))
                .toList();
        write(new Entry.Invoke(now, operation, org.id, "sql", what, effects));
        int fate = random.nextInt(100);
        boolean happens = fate >= 8;
        boolean answered = fate < 5 || fate >= 12;
        within(3, () -> {
            long xid = nextXid++;
            transactions.add(xid);
            within(5, () -> {
                List<Row> rows = events.stream()
                        .map(event -> new Row(nextRow++, xid, event))
                        .toList();
                within(12, () -> {
                    transactions.remove(xid);
                    boolean silent =
                            has(Defect.CHANGE_WITHOUT_EVENT) && !answered && what.startsWith("PATCH /entities");
                    if ((happens && !silent) || has(Defect.ROLLED_BACK_AND_PUBLISHED)) {
                        committed.addAll(rows);
                    }
                    outcome.settle(happens);
                    within(3, () -> answer(operation, happens, answered, whenAnswered));
                });
            });
        });
    }

    private void answer(int operation, boolean happened, boolean answered, List<Runnable> whenAnswered) {
        if (!answered) {
            write(new Entry.Unknown(now, operation, "reset"));
        } else if (happened) {
            write(new Entry.Ok(now, operation, 200));
            whenAnswered.forEach(Runnable::run);
        } else {
            write(new Entry.Refused(now, operation, 409));
        }
    }

    private Event event(Org org, Draft draft) {
        String payload = Json.text(draft.payload());
        JsonNode tree = tree(payload);
        UUID id = new UUID(0x0197_0000_0000_7000L, ++marks);
        return new Event(
                id,
                org.id,
                draft.type(),
                draft.rooms(),
                payload,
                tree,
                EventHash.ofEvent(draft.type(), draft.rooms(), tree));
    }

    private static JsonNode tree(String json) {
        try {
            return Json.tree(json);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    // ---- relay and log ----

    private void relay() {
        committed.sort(Comparator.comparingLong(Row::id));
        long oldest = transactions.stream().mapToLong(Long::longValue).min().orElse(Long.MAX_VALUE);
        boolean byId = has(Defect.RELAY_BY_ID) || has(Defect.RELAY_BY_ID_AND_XMIN);
        List<Row> next = committed.stream()
                .filter(row -> !byId || row.id() > lastRow)
                .filter(row -> !has(Defect.RELAY_BY_ID_AND_XMIN) || row.xid() < oldest)
                .filter(row -> !has(Defect.RELAY_WITHOUT_ORDER) || chance(0.7))
                .toList();
        for (Row row : next) {
            lastRow = Math.max(lastRow, row.id());
            org(row.event().org()).pending.add(row.event());
        }
        committed.removeAll(new HashSet<>(next));
        orgs.forEach(this::send);
        if (!quiet || !next.isEmpty() || orgs.stream().anyMatch(org -> !org.pending.isEmpty())) {
            in(4, this::relay);
        }
    }

    private Org org(String id) {
        return orgs.stream().filter(org -> org.id.equals(id)).findFirst().orElseThrow();
    }

    private void send(Org org) {
        if (org.sending || org.pending.isEmpty()) {
            return;
        }
        org.sending = true;
        List<Event> batch = org.pending.stream().limit(20).toList();
        boolean lost = !quiet && chance(0.03);
        boolean ackedAnyway = lost && has(Defect.ACKNOWLEDGED_BEFORE_COMMIT);
        long firstGlobal = nextGlobal;
        nextGlobal += batch.size();
        within(4, () -> {
            if (!lost) {
                append(org, batch, firstGlobal);
            }
            boolean acked = ackedAnyway || (!lost && (quiet || !chance(0.05)));
            within(2, () -> {
                org.sending = false;
                if (acked) {
                    batch.forEach(event -> org.pending.remove());
                }
                send(org);
            });
        });
    }

    private void append(Org org, List<Event> batch, long firstGlobal) {
        long global = firstGlobal;
        for (Event event : batch) {
            boolean isNew = org.known.add(event.id());
            if (isNew || has(Defect.DUPLICATE_AFTER_LOST_ACK)) {
                org.log.add(event);
                visible.add(new Visible(global, org, org.log.size()));
            }
            global++;
        }
        nodes.forEach(node -> within(2, () -> node.follow(org)));
    }

    // ---- the end ----

    private void finish() {
        for (Org org : orgs) {
            write(new Entry.LogState(now, org.id, "e1", org.floor, org.log.size()));
            for (int index = 0; index < org.log.size(); index++) {
                Event event = org.log.get(index);
                write(new Entry.Logged(
                        now,
                        org.id,
                        "e1",
                        index + 1,
                        event.id(),
                        event.type(),
                        event.rooms(),
                        event.payload(),
                        event.hash()));
                long told = has(Defect.HISTORY_OF_ITS_OWN) ? event.hash() + 1 : event.hash();
                write(new Entry.Replayed(now, "node-1", org.id, "e1", index + 1, event.id(), told));
            }
            for (Stored stored : org.stored.values()) {
                write(new Entry.State(now, "db", org.id, stored.type, stored.id, stored.version, stored.mark, 0, true));
            }
        }
        clients.forEach(SimulatedClient::finish);
        write(new Entry.Residue(now, "unsent", 0, has(Defect.OUTBOX_NOT_EMPTY) ? 1 : 0, 0));
        write(new Entry.End(now));
    }
}
