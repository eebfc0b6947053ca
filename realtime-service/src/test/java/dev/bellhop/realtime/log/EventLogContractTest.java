package dev.bellhop.realtime.log;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellhop.model.security.Principal;
import dev.bellhop.model.security.Role;
import dev.bellhop.model.wire.Cursor;
import dev.bellhop.model.wire.RoomName;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What every engine of the log does, on a real server. */
abstract class EventLogContractTest {
    static final Retention.Kept KEEP_TWO = new Retention.Kept(Duration.ZERO, 2, Duration.ofHours(13));
    static final RoomName PROPERTY = RoomName.property("a");

    final UUID org = UUID.randomUUID();

    abstract LogStore store();

    private EventLog log() {
        return store().log();
    }

    static NewEvent event(String type, RoomName... rooms) {
        return new NewEvent(
                UUID.randomUUID(),
                type,
                List.of(rooms),
                "{\"n\":1.10,\"text\":\"O'Brien \\u003c \u20ac\"}",
                Instant.parse("2026-01-01T12:00:00.000001Z"),
                null);
    }

    static List<NewEvent> events(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> event("custom.x", RoomName.ORG))
                .toList();
    }

    private static Append plain(NewEvent... events) {
        return new Append(Optional.empty(), List.of(events));
    }

    private static Append plain(List<NewEvent> events) {
        return new Append(Optional.empty(), events);
    }

    private static Append numbered(String source, long firstSeq, List<NewEvent> events) {
        return new Append(Optional.of(new Append.Numbering(source, firstSeq)), events);
    }

    private List<Append.Outcome> append(Append... requests) {
        return log().append(org, List.of(requests));
    }

    private Append.Outcome.Appended appended(Append request) {
        return (Append.Outcome.Appended) append(request).get(0);
    }

    private static List<Long> positions(Collection<LoggedEvent> events) {
        return events.stream().map(LoggedEvent::position).toList();
    }

    private static List<Long> numbers(long first, long last) {
        return LongStream.rangeClosed(first, last).boxed().toList();
    }

    @Test
    @DisplayName(
            "events get the positions 1, 2, 3 …, come back byte for byte, and the state tells head and fingerprint")
    void positionsAndBytes() {
        NewEvent traced = new NewEvent(
                UUID.randomUUID(),
                "custom.traced",
                List.of(RoomName.ORG, PROPERTY),
                "{\"b\":1,\"a\":2}",
                Instant.parse("2026-01-01T00:00:00.123456Z"),
                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        NewEvent silent = event("custom.silent");
        EventLog.State empty = log().state(org);
        assertThat(empty.head()).isZero();
        assertThat(empty.epoch()).matches("[a-z0-9]{1,40}");
        assertThat(log().read(org, 0, Long.MAX_VALUE, 10)).isEmpty();

        List<Append.Outcome> outcomes = append(plain(traced), plain(silent, event("custom.x", RoomName.GLOBAL)));
        assertThat(outcomes)
                .hasSize(2)
                .allSatisfy(outcome -> assertThat(outcome)
                        .isInstanceOfSatisfying(Append.Outcome.Appended.class, done -> {
                            assertThat(done.epoch()).isEqualTo(empty.epoch());
                            assertThat(done.duplicates()).isZero();
                        }));
        List<LoggedEvent> read = log().read(org, 0, Long.MAX_VALUE, 10);
        assertThat(positions(read)).containsExactly(1L, 2L, 3L);
        assertThat(read.get(0).event()).isEqualTo(traced);
        assertThat(read.get(1).event()).isEqualTo(silent);
        EventLog.State state = log().state(org);
        assertThat(state.epoch()).isEqualTo(empty.epoch());
        assertThat(state.head()).isEqualTo(3);
        assertThat(state.headFingerprint())
                .isEqualTo(Cursor.fingerprint(read.get(2).event().id()));
        assertThat(state.floor()).isZero();
        assertThat(log().heads(List.of(org, UUID.randomUUID())))
                .containsOnlyKeys(org)
                .containsEntry(org, 3L);
        assertThat(positions(log().read(org, 1, 2, 10))).containsExactly(2L);
        assertThat(positions(log().read(org, 0, 3, 2))).containsExactly(1L, 2L);
        assertThat(log().read(org, 3, Long.MAX_VALUE, 10)).isEmpty();
        assertThat(log().state(UUID.randomUUID()).epoch()).isNotEqualTo(state.epoch());
    }

    @Test
    @DisplayName("an id is logged once: repeated later, in the same request, and in the same transaction")
    void onceById() {
        NewEvent one = event("custom.x", RoomName.ORG);
        NewEvent two = event("custom.x", RoomName.ORG);
        assertThat(appended(plain(one)).added()).hasSize(1);
        Append.Outcome.Appended mixed = appended(plain(one, two, two));
        assertThat(positions(mixed.added())).containsExactly(2L);
        assertThat(mixed.duplicates()).isEqualTo(2);
        NewEvent three = event("custom.x", RoomName.ORG);
        List<Append.Outcome> twice = append(plain(three), plain(three));
        assertThat(((Append.Outcome.Appended) twice.get(0)).added()).hasSize(1);
        assertThat(((Append.Outcome.Appended) twice.get(1)).duplicates()).isEqualTo(1);
        assertThat(appended(plain(List.of())).added()).isEmpty();
        assertThat(log().state(org).head()).isEqualTo(3);
        assertThat(((Append.Outcome.Appended) log().append(UUID.randomUUID(), List.of(plain(one)))
                                .get(0))
                        .added())
                .hasSize(1);
    }

    @Test
    @DisplayName(
            "a producer's numbers are a fence: a gap tells what is expected, a repeat is a duplicate, another id diverges")
    void fence() {
        List<NewEvent> first = events(3);
        assertThat(append(numbered("api", 2, first))).containsExactly(new Append.Outcome.SequenceGap(1));
        assertThat(log().state(org).head()).isZero();
        assertThat(appended(numbered("api", 1, first)).added()).hasSize(3);
        assertThat(append(numbered("api", 5, events(1)))).containsExactly(new Append.Outcome.SequenceGap(4));

        Append.Outcome.Appended repeat = appended(numbered("api", 1, first));
        assertThat(repeat.added()).isEmpty();
        assertThat(repeat.duplicates()).isEqualTo(3);
        List<NewEvent> overlapping = new ArrayList<>(first.subList(2, 3));
        overlapping.addAll(events(2));
        Append.Outcome.Appended overlap = appended(numbered("api", 3, overlapping));
        assertThat(positions(overlap.added())).containsExactly(4L, 5L);
        assertThat(overlap.duplicates()).isEqualTo(1);

        assertThat(append(numbered("api", 5, events(1)))).containsExactly(new Append.Outcome.SequenceDivergence(5));
        List<NewEvent> known = new ArrayList<>(events(1));
        known.add(first.get(0));
        assertThat(append(numbered("api", 6, known))).containsExactly(new Append.Outcome.SequenceDivergence(7));
        assertThat(log().state(org).head()).isEqualTo(5);
        assertThat(appended(numbered("bot", 1, events(1))).added()).hasSize(1);
        assertThat(appended(numbered("api", 6, events(1))).added()).hasSize(1);
    }

    @Test
    @DisplayName(
            "requests of one transaction are judged one after the other: a gap between good ones stops nobody else")
    void mixedTransaction() {
        List<NewEvent> events = events(6);
        List<Append.Outcome> outcomes = append(
                numbered("api", 1, events.subList(0, 2)),
                numbered("api", 9, events.subList(2, 3)),
                numbered("api", 3, events.subList(3, 5)),
                plain(events.get(5)));
        assertThat(outcomes.get(1)).isEqualTo(new Append.Outcome.SequenceGap(3));
        assertThat(positions(((Append.Outcome.Appended) outcomes.get(2)).added()))
                .containsExactly(3L, 4L);
        assertThat(positions(((Append.Outcome.Appended) outcomes.get(3)).added()))
                .containsExactly(5L);
        assertThat(log().read(org, 0, Long.MAX_VALUE, 10).stream()
                        .map(e -> e.event().id()))
                .containsExactly(
                        events.get(0).id(),
                        events.get(1).id(),
                        events.get(3).id(),
                        events.get(4).id(),
                        events.get(5).id());
    }

    @Test
    @DisplayName("an event that came without a number keeps its place when its numbered copy comes")
    void numberedCopyOfPlain() {
        NewEvent event = event("custom.x", RoomName.ORG);
        appended(plain(event));
        Append.Outcome.Appended copy = appended(numbered("api", 1, List.of(event)));
        assertThat(copy.added()).isEmpty();
        assertThat(copy.duplicates()).isEqualTo(1);
        assertThat(appended(numbered("api", 2, events(1))).added()).hasSize(1);
    }

    @Test
    @DisplayName("many writers at once, with overlapping batches: no hole, no event twice, each reader sees one order")
    void concurrentWriters() throws Exception {
        List<NewEvent> shared = events(40);
        ExecutorService writers = Executors.newFixedThreadPool(8);
        try {
            List<Callable<List<Append.Outcome>>> tasks = new ArrayList<>();
            for (int from = 0; from < 40; from += 5) {
                List<NewEvent> batch = shared.subList(from, Math.min(40, from + 10));
                tasks.add(() -> append(plain(batch)));
                tasks.add(() -> append(plain(batch), plain(event("custom.own", RoomName.ORG))));
            }
            for (Future<List<Append.Outcome>> done : writers.invokeAll(tasks)) {
                assertThat(done.get()).allMatch(Append.Outcome.Appended.class::isInstance);
            }
        } finally {
            writers.shutdown();
        }
        List<LoggedEvent> all = log().read(org, 0, Long.MAX_VALUE, 1000);
        assertThat(positions(all)).isEqualTo(numbers(1, 48));
        Set<UUID> ids = new HashSet<>();
        assertThat(all).allMatch(event -> ids.add(event.event().id()));
        assertThat(log().state(org).head()).isEqualTo(48);
    }

    @Test
    @DisplayName(
            "relays that race with the same numbers, with a rival who uses them for other events: each number is taken once")
    void racingProducers() throws Exception {
        ExecutorService producers = Executors.newFixedThreadPool(4);
        Set<UUID> expected = new HashSet<>();
        try {
            for (int round = 0; round < 40; round++) {
                List<NewEvent> ours = events(3);
                List<NewEvent> others = events(3);
                Append our = numbered("api", 1 + 3L * round, ours);
                Append other = numbered("api", 1 + 3L * round, others);
                List<Future<List<Append.Outcome>>> outcomes = producers.invokeAll(List.of(
                        () -> append(our),
                        () -> append(other),
                        () -> append(our),
                        () -> append(plain(event("custom.own", RoomName.ORG)))));
                boolean oursAreIn = outcomes.get(0).get().get(0) instanceof Append.Outcome.Appended;
                assertThat(outcomes.get(2).get().get(0) instanceof Append.Outcome.Appended)
                        .isEqualTo(oursAreIn);
                assertThat(outcomes.get(1).get().get(0) instanceof Append.Outcome.Appended)
                        .isNotEqualTo(oursAreIn);
                (oursAreIn ? ours : others).forEach(event -> expected.add(event.id()));
            }
        } finally {
            producers.shutdown();
        }
        List<LoggedEvent> all = log().read(org, 0, Long.MAX_VALUE, 1000);
        assertThat(positions(all)).isEqualTo(numbers(1, 160));
        assertThat(all.stream()
                        .filter(event -> event.event().type().equals("custom.x"))
                        .map(event -> event.event().id()))
                .hasSize(120)
                .containsExactlyInAnyOrderElementsOf(expected);
        assertThat(append(numbered("api", 122, events(1)))).containsExactly(new Append.Outcome.SequenceGap(121));
    }

    @Test
    @DisplayName("one room is read, counted and found from its newest, over more events than one look takes")
    void rooms() {
        List<NewEvent> many = new ArrayList<>();
        for (int i = 1; i <= 2500; i++) {
            many.add(i % 500 == 0 ? event("custom.rare", PROPERTY, RoomName.GLOBAL) : event("custom.x", RoomName.ORG));
        }
        for (int from = 0; from < many.size(); from += 500) {
            append(plain(many.subList(from, from + 500)));
        }
        assertThat(positions(log().readRoom(org, PROPERTY, 0, 2500, 10)))
                .containsExactly(500L, 1000L, 1500L, 2000L, 2500L);
        assertThat(positions(log().readRoom(org, PROPERTY, 500, 2499, 2))).containsExactly(1000L, 1500L);
        assertThat(positions(log().newest(org, PROPERTY, 2499, 3))).containsExactly(1000L, 1500L, 2000L);
        assertThat(log().newest(org, RoomName.user("nobody"), 2500, 3)).isEmpty();
        assertThat(log().count(org, 0, 2500, List.of(PROPERTY, RoomName.GLOBAL), 100))
                .isEqualTo(5);
        assertThat(log().count(org, 499, 2500, List.of(RoomName.ORG, PROPERTY), 3000))
                .isEqualTo(2001);
        assertThat(log().count(org, 0, 2500, List.of(RoomName.ORG), 100)).isEqualTo(101);
        assertThat(log().beforeNewest(org, List.of(PROPERTY), 2))
                .isEqualTo(new Cursor(
                        log().state(org).epoch(),
                        1999,
                        Cursor.fingerprint(many.get(1998).id())));
        assertThat(log().beforeNewest(org, List.of(RoomName.user("nobody")), 2).position())
                .isZero();
    }

    @Test
    @DisplayName("an event is found by its id, with the time at which it was logged")
    void find() {
        NewEvent event = event("custom.x", RoomName.ORG);
        Instant before = Instant.now().minusSeconds(5);
        append(plain(events(2)), numbered("api", 1, List.of(event)));
        EventLog.Found found = log().find(org, event.id()).orElseThrow();
        assertThat(found.logged()).isEqualTo(new LoggedEvent(3, event));
        assertThat(found.appendedAt()).isBetween(before, Instant.now().plusSeconds(5));
        assertThat(log().find(org, UUID.randomUUID())).isEmpty();
        assertThat(log().find(UUID.randomUUID(), event.id())).isEmpty();
    }

    @Test
    @DisplayName("retention moves the floor and keeps positions, control events, and what is young or among the newest")
    void retention() {
        NewEvent control = event("member.updated");
        append(numbered("api", 1, List.of(event("custom.x", RoomName.ORG), control)), plain(events(4)));
        List<LoggedEvent> all = log().read(org, 0, Long.MAX_VALUE, 10);
        assertThat(store().retention().run()).isGreaterThanOrEqualTo(4);
        EventLog.State state = log().state(org);
        assertThat(state.floor()).isEqualTo(4);
        assertThat(state.floorFingerprint())
                .isEqualTo(Cursor.fingerprint(all.get(3).event().id()));
        assertThat(state.head()).isEqualTo(6);
        assertThat(positions(log().read(org, 0, Long.MAX_VALUE, 10))).containsExactly(5L, 6L);
        assertThat(log().controls(org, Duration.ofHours(1), 6)).containsExactly(new LoggedEvent(2, control));
        assertThat(log().controls(org, Duration.ofHours(1), 1)).isEmpty();
        assertThat(log().beforeNewest(org, List.of(RoomName.ORG), 10))
                .isEqualTo(new Cursor(state.epoch(), 4, state.floorFingerprint()));
        // The numbers of what is gone still count, and the log goes on where it was.
        assertThat(appended(numbered("api", 1, List.of(all.get(0).event(), control)))
                        .duplicates())
                .isEqualTo(2);
        assertThat(positions(appended(numbered("api", 3, events(1))).added())).containsExactly(7L);
        assertThat(log().state(org).epoch()).isEqualTo(state.epoch());
    }

    @Test
    @DisplayName("who is connected to other nodes is who they wrote down and did not end, while they live")
    void spans() {
        UUID here = UUID.randomUUID();
        UUID there = UUID.randomUUID();
        SpanStore spans = store().spans();
        Span one = span("u1", "Ann");
        Span two = span("u2", "Ben");
        spans.renew(there, 7);
        assertThat(spans.renew(here, 0)).contains(new SpanStore.Lease(there, 7));
        spans.write(there, List.of(one, two), List.of());
        assertThat(spans.open(here, Optional.of(org)))
                .extracting(SpanStore.Open::name)
                .containsExactlyInAnyOrder("Ann", "Ben");
        assertThat(spans.open(there, Optional.of(org))).isEmpty();
        assertThat(spans.open(here, Optional.of(UUID.randomUUID()))).isEmpty();
        assertThat(spans.open(here, Optional.empty())).hasSizeGreaterThanOrEqualTo(2);

        spans.write(there, List.of(), List.of(new Span.End(one.id(), org, 9, Instant.EPOCH, "peer")));
        SpanStore.Open left = spans.open(here, Optional.of(org)).get(0);
        assertThat(left)
                .isEqualTo(new SpanStore.Open(
                        org,
                        two.connectionId(),
                        "u2",
                        "Ben",
                        "MEMBER",
                        "sse",
                        "127.0.0.1",
                        Instant.EPOCH,
                        List.of("org")));
        SpanStore.Stored stored = spans.of(org, "u1").get(0);
        assertThat(stored.toPosition()).contains(9L);
        assertThat(stored.endedBy()).contains("peer");
        assertThat(stored.rooms()).containsExactly("org");
        assertThat(spans.of(org, "u2").get(0).endedAt()).isEmpty();

        spans.endAllBut(there, Set.of());
        assertThat(spans.open(here, Optional.of(org))).isEmpty();
        spans.giveUp(there);
        assertThat(spans.renew(here, 0)).extracting(SpanStore.Lease::node).doesNotContain(there);
    }

    private Span span(String userId, String name) {
        Principal principal = new Principal(
                userId,
                Optional.of(org),
                Role.MEMBER,
                name,
                List.of(),
                List.of(),
                Optional.empty(),
                0,
                "t",
                Instant.EPOCH,
                Instant.EPOCH);
        return new Span(
                UUID.randomUUID(),
                org,
                UUID.randomUUID().toString(),
                principal,
                name,
                "sse",
                "127.0.0.1",
                Instant.EPOCH,
                List.of(RoomName.ORG),
                0,
                false,
                Instant.now());
    }
}
