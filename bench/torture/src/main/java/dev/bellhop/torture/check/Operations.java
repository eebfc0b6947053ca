package dev.bellhop.torture.check;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.torture.history.Entry;
import dev.bellhop.torture.history.EventKeys;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What was asked for, how it was answered, and which events came of it: I1, and of I5 what is about operations. */
final class Operations {
    private enum Outcome {
        OPEN,
        OK,
        REFUSED,
        UNKNOWN
    }

    private static final class Operation {
        final Entry.Invoke invoke;
        final long line;
        Outcome outcome = Outcome.OPEN;
        long endedAt;
        long endedLine;

        Operation(Entry.Invoke invoke, long line) {
            this.invoke = invoke;
            this.line = line;
        }

        @Override
        public String toString() {
            return "operation %d (%s)".formatted(invoke.op(), invoke.what());
        }
    }

    private record Key(String org, String type, String key) {}

    /** What is known of the events with one key. */
    private static final class Effects {
        final List<Operation> wanted = new ArrayList<>(1);
        int events;
        OrgLog log;
        long position;
    }

    /** An event that comes with another one, if that is there. */
    private record Consequence(OrgLog log, long position, Key own, Key cause) {}

    private final Findings findings;
    private final Map<Integer, Operation> operations = new HashMap<>();
    private final Map<Key, Effects> effects = new HashMap<>();
    private final List<Consequence> consequences = new ArrayList<>();
    private final Map<String, String> entityOfCall = new HashMap<>();
    private final Set<Key> endsOfMembers = new HashSet<>();

    Operations(Findings findings) {
        this.findings = findings;
    }

    void add(Entry.Invoke invoke) {
        Operation operation = new Operation(invoke, findings.line());
        if (operations.put(invoke.op(), operation) != null) {
            findings.refuse("operation %d was invoked twice", invoke.op());
        }
        for (Entry.Effect effect : invoke.effects()) {
            effects.computeIfAbsent(new Key(invoke.org(), effect.type(), effect.key()), none -> new Effects())
                    .wanted
                    .add(operation);
        }
    }

    void add(Entry.Ok ok) {
        end(ok.op(), ok.at(), Outcome.OK);
    }

    void add(Entry.Refused refused) {
        end(refused.op(), refused.at(), Outcome.REFUSED);
    }

    void add(Entry.Unknown unknown) {
        end(unknown.op(), unknown.at(), Outcome.UNKNOWN);
    }

    private void end(int number, long at, Outcome outcome) {
        Operation operation = operations.get(number);
        if (operation == null || operation.outcome != Outcome.OPEN) {
            findings.refuse("operation %d ended %s", number, operation == null ? "before it was invoked" : "twice");
            return;
        }
        operation.outcome = outcome;
        operation.endedAt = at;
        operation.endedLine = findings.line();
    }

    /** Events come in the order of their log. */
    void add(OrgLog log, long position, Entry.Logged event, JsonNode payload) {
        Key own = new Key(log.org(), event.type(), EventKeys.keyOf(event.type(), event.rooms(), payload));
        Optional<Key> cause = cause(log.org(), event.type(), payload);
        if (cause.isPresent()) {
            consequences.add(new Consequence(log, position, own, cause.get()));
            if (event.type().equals("call.updated")) {
                return; // its key is that of the change before
            }
        }
        Effects effect = effects.computeIfAbsent(own, none -> new Effects());
        effect.events++;
        if (effect.events == 1) {
            effect.log = log;
            effect.position = position;
        }
    }

    private Optional<Key> cause(String org, String type, JsonNode payload) {
        return switch (type) {
            case "share.revoked" ->
                payload.path("resource_type").asText().equals("entity")
                        ? Optional.of(new Key(
                                org,
                                "entity.deleted",
                                payload.path("resource_id").asText()))
                        : Optional.empty();
            case "call.created", "call.updated" -> causeOfCall(org, payload);
            case "session.revoked" ->
                payload.hasNonNull("sid") || payload.hasNonNull("except_sid")
                        ? Optional.empty()
                        : Optional.of(endOfMember(org, payload));
            case "member.updated", "member.removed" -> {
                if (type.equals("member.removed")
                        || payload.path("status").asText().equals("disabled")) {
                    endsOfMembers.add(endOfMember(org, payload));
                }
                yield Optional.empty();
            }
            default -> Optional.empty();
        };
    }

    private Optional<Key> causeOfCall(String org, JsonNode payload) {
        String entity = payload.path("entity_id").textValue();
        String before = entityOfCall.put(payload.path("id").asText(), entity);
        return before != null && entity == null
                ? Optional.of(new Key(org, "entity.deleted", before))
                : Optional.empty();
    }

    private static Key endOfMember(String org, JsonNode payload) {
        return new Key(
                org,
                "",
                payload.path("user_id").asText() + "#" + payload.path("ver").asText());
    }

    /** Everything was added. */
    void finish() {
        consequences.forEach(this::checkCause);
        effects.forEach(this::check);
        operations.values().forEach(this::checkWhole);
    }

    private void checkCause(Consequence consequence) {
        Effects own = effects.get(consequence.own);
        boolean askedFor = own != null && !own.wanted.isEmpty() && !consequence.own.type.equals("call.updated");
        if (askedFor) {
            return;
        }
        findings.looked(Invariant.I1);
        Effects cause = effects.get(consequence.cause);
        if ((cause == null || cause.events == 0) && !endsOfMembers.contains(consequence.cause)) {
            violated(consequence.log, consequence.position, "came without its cause");
        } else if (own != null && own.wanted.isEmpty() && own.events > 1) {
            violated(consequence.log, consequence.position, "is in the log " + own.events + " times");
        }
        if (own != null && own.wanted.isEmpty()) {
            own.events = 0; // settled
        }
    }

    private void violated(OrgLog log, long position, String explanation) {
        findings.violatedAt(
                log.line(position), findings.at(), Invariant.I1, "%s %s", log.describe(position), explanation);
    }

    private void check(Key key, Effects found) {
        int ok = count(found, Outcome.OK);
        int unknown = count(found, Outcome.UNKNOWN) + count(found, Outcome.OPEN);
        findings.looked(Invariant.I1, ok + unknown + count(found, Outcome.REFUSED));
        if (found.events < ok) {
            Operation operation = last(found, Outcome.OK);
            findings.violatedAt(
                    operation.endedLine,
                    operation.endedAt,
                    Invariant.I1,
                    "%s was acknowledged, and %s of %s is %s",
                    operation,
                    key.type,
                    key.key,
                    found.events == 0 ? "not in the log" : "in the log only " + found.events + " times");
        } else if (found.events > ok + unknown) {
            violated(found.log, found.position, tooMany(found, ok + unknown, key));
        }
        if (found.events == 1 && found.wanted.size() == 1) {
            found.log.made(found.position, found.wanted.get(0).invoke.op());
        }
    }

    private static String tooMany(Effects found, int most, Key key) {
        if (found.wanted.isEmpty()) {
            return "of " + key.key + " was asked for by nobody";
        }
        return most == 0
                ? "exists although " + found.wanted.get(0) + " was refused"
                : "of " + key.key + " is in the log " + found.events + " times";
    }

    private static int count(Effects effect, Outcome outcome) {
        int count = 0;
        for (Operation operation : effect.wanted) {
            count += operation.outcome == outcome ? 1 : 0;
        }
        return count;
    }

    private static Operation last(Effects effect, Outcome outcome) {
        return effect.wanted.stream()
                .filter(operation -> operation.outcome == outcome)
                .reduce((earlier, later) -> later)
                .orElseThrow();
    }

    /** An operation of which nobody knows whether it happened has happened as a whole, or not at all. */
    private void checkWhole(Operation operation) {
        if (operation.outcome == Outcome.OPEN) {
            findings.refuse("%s has no outcome", operation);
        }
        if (operation.outcome != Outcome.UNKNOWN) {
            return;
        }
        long there = operation.invoke.effects().stream()
                .filter(effect -> effects.get(new Key(operation.invoke.org(), effect.type(), effect.key())).events > 0)
                .count();
        if (there != 0 && there != operation.invoke.effects().size()) {
            findings.violatedAt(
                    operation.endedLine,
                    operation.endedAt,
                    Invariant.I1,
                    "%s happened in part: %d of %d events",
                    operation,
                    there,
                    operation.invoke.effects().size());
        }
    }

    /**
     * What was acknowledged before another request was sent stands before what that one made. But the realtime service's own
     * requests do not wait for what is still on its way from the API's database.
     */
    void checkCausality(OrgLog log) {
        Operation latest = null;
        for (long position = log.floor() + 1; position <= log.head(); position++) {
            Operation operation = operations.get(log.operation(position));
            if (operation == null) {
                continue;
            }
            findings.looked(Invariant.I5);
            if (latest != null
                    && operation.outcome == Outcome.OK
                    && operation.endedAt < latest.invoke.at()
                    && operation != latest) {
                findings.violatedAt(
                        latest.line,
                        latest.invoke.at(),
                        Invariant.I5,
                        "%s was invoked after %s had been acknowledged, and stands before its %s",
                        latest,
                        operation,
                        log.describe(position));
            }
            boolean overtakes = operation.invoke.what().contains(" /ws/");
            if (!overtakes && (latest == null || operation.invoke.at() > latest.invoke.at())) {
                latest = operation;
            }
        }
    }

    int size() {
        return operations.size();
    }

    long ended(boolean known) {
        return operations.values().stream()
                .filter(operation -> known == (operation.outcome == Outcome.OK || operation.outcome == Outcome.REFUSED))
                .count();
    }

    /** When the request was sent that made an event; {@link Long#MIN_VALUE} when nobody knows. */
    long invokedAt(int number) {
        Operation operation = operations.get(number);
        return operation == null ? Long.MIN_VALUE : operation.invoke.at();
    }
}
