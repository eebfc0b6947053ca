package dev.bellhop.torture.check;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.torture.history.Entry;
import dev.bellhop.torture.history.EventHash;
import dev.bellhop.torture.history.EventKeys;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The fold of the logs into records, and what others hold of them at the end: I9, and of I5 what is about versions. */
final class Records {
    /** Their {@code ver} counts changes of rights, so it may stay, and grows without an event of theirs. */
    private static final String MEMBER = "member";
    /** No records that anybody lists. */
    private static final Set<String> NOT_LISTED = Set.of("organization", "event");

    private record Key(String org, String type, String id) {}

    private static final class Subject {
        final Key key;
        final int number;
        long version;
        Optional<String> mark = Optional.empty();
        boolean gone;
        long hash;
        OrgLog log;
        long position;

        Subject(Key key, int number) {
            this.key = key;
            this.number = number;
        }

        @Override
        public String toString() {
            return key.type + " " + key.id;
        }
    }

    private static final class Held {
        final BitSet subjects = new BitSet();
        final Set<String> types = new HashSet<>();
    }

    private final Findings findings;
    private final Map<Key, Subject> byKey = new HashMap<>();
    private final List<Subject> subjects = new ArrayList<>();
    private final Map<String, Held> held = new HashMap<>();
    /** By organisation: the position before the first event of its log that is known. */
    private final Map<String, Long> floors = new HashMap<>();

    Records(Findings findings) {
        this.findings = findings;
    }

    /** Where an organisation's log begins. */
    void begin(String org, long floor) {
        floors.put(org, floor);
    }

    /**
     * Events come in the order of their log, and are not in it yet.
     *
     * @return number of the record
     */
    int add(OrgLog log, Entry.Logged event, EventKeys.Subject said, JsonNode payload) {
        Key key = new Key(log.org(), said.type(), said.id());
        Subject subject = byKey.computeIfAbsent(key, added -> {
            subjects.add(new Subject(added, subjects.size()));
            return subjects.get(subjects.size() - 1);
        });
        checkVersion(subject, event, said);
        boolean isRecord = !event.type().equals("session.revoked");
        subject.version = Math.max(subject.version, said.version());
        if (isRecord) {
            subject.mark = said.mark();
            subject.gone = said.gone();
            subject.hash = EventHash.ofRecord(payload);
            subject.log = log;
            subject.position = event.position();
        }
        return subject.number;
    }

    private void checkVersion(Subject subject, Entry.Logged event, EventKeys.Subject said) {
        if (said.version() == 0) {
            return;
        }
        findings.looked(Invariant.I5);
        boolean isFirstSeen = subject.version == 0 && event.position() > 1 && subject.log == null;
        boolean ascends = subject.key.type.equals(MEMBER)
                ? said.version() >= subject.version
                : said.version() == subject.version + 1 && !subject.gone;
        boolean beganBeforeTheLog = isFirstSeen && !event.type().endsWith(".created") && floorOf(event) > 0;
        if (!ascends && !beganBeforeTheLog) {
            findings.violated(
                    Invariant.I5,
                    "%s at %d brings %s to version %d after %d%s",
                    event.type(),
                    event.position(),
                    subject,
                    said.version(),
                    subject.version,
                    subject.gone ? ", when it was gone" : "");
        }
    }

    private long floorOf(Entry.Logged event) {
        return floors.getOrDefault(event.org(), 0L);
    }

    /** A record of the database or of the REST API. */
    void check(Entry.State state) {
        findings.looked(Invariant.I9);
        Held source = held.computeIfAbsent(state.source(), none -> new Held());
        source.types.add(state.resource());
        Subject subject = byKey.get(new Key(state.org(), state.resource(), state.id()));
        if (subject == null) {
            if (floors.getOrDefault(state.org(), 0L) == 0) {
                findings.violated(
                        Invariant.I9,
                        "%s holds %s %s, of which the log says nothing",
                        state.source(),
                        state.resource(),
                        state.id());
            }
            return;
        }
        source.subjects.set(subject.number);
        String difference = difference(subject, state);
        if (!difference.isEmpty()) {
            findings.violated(
                    Invariant.I9,
                    "%s holds %s otherwise than the log at %d: %s",
                    state.source(),
                    subject,
                    subject.position,
                    difference);
        }
    }

    private static String difference(Subject subject, Entry.State state) {
        if (subject.gone == state.present()) {
            return subject.gone ? "it is deleted" : "it is there";
        }
        if (subject.gone) {
            return "";
        }
        if (state.version() != subject.version) {
            return "version %d, not %d".formatted(state.version(), subject.version);
        }
        if (subject.mark.isPresent()
                && state.mark() != null
                && !subject.mark.get().equals(state.mark())) {
            return "text %s, not %s".formatted(state.mark(), subject.mark.get());
        }
        return state.hash() != 0 && state.hash() != subject.hash ? "other content" : "";
    }

    /** Every record that is there by the log is held by the database and by REST, as far as they list its kind. */
    void finish() {
        held.forEach((source, holds) -> subjects.stream()
                .filter(subject -> subject.log != null
                        && !subject.gone
                        && holds.types.contains(subject.key.type)
                        && !NOT_LISTED.contains(subject.key.type)
                        && !holds.subjects.get(subject.number))
                .forEach(subject -> findings.violatedAt(
                        subject.log.line(subject.position),
                        findings.at(),
                        Invariant.I9,
                        "%s lacks %s, which is there by the log at %d",
                        source,
                        subject,
                        subject.position)));
    }

    /** @return number of the record; empty when no log names it */
    Optional<Integer> number(Entry.State state) {
        return Optional.ofNullable(byKey.get(new Key(state.org(), state.resource(), state.id())))
                .map(subject -> subject.number);
    }

    /** Position of the last event of a record. */
    long lastPosition(int number) {
        return subjects.get(number).position;
    }

    boolean isGone(int number) {
        return subjects.get(number).gone;
    }

    long hash(int number) {
        return subjects.get(number).hash;
    }

    String describe(int number) {
        return subjects.get(number).toString();
    }

    String type(int number) {
        return subjects.get(number).key.type;
    }
}
