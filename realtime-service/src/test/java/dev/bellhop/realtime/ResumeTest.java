package dev.bellhop.realtime;

import static dev.bellhop.realtime.testing.RunningRealtime.batch;
import static dev.bellhop.realtime.testing.RunningRealtime.event;
import static dev.bellhop.realtime.testing.RunningRealtime.ticks;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.model.wire.Cursor;
import dev.bellhop.model.wire.Json;
import dev.bellhop.realtime.log.LogStore;
import dev.bellhop.realtime.log.Retention;
import dev.bellhop.realtime.testing.Person;
import dev.bellhop.realtime.testing.RawSocket;
import dev.bellhop.realtime.testing.RunningRealtime;
import dev.bellhop.realtime.testing.TestSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A client that comes back with its cursor gets exactly what it missed, or is told that it cannot. */
class ResumeTest {
    @RegisterExtension
    static final RunningRealtime realtime = new RunningRealtime();

    private final UUID org = UUID.randomUUID();

    private static TestSocket resume(Person person, Object cursor, String... rooms) {
        return realtime.dial("/ws?token=" + realtime.token(person) + "&cursor=" + cursor
                + (rooms.length == 0 ? "" : "&rooms=" + String.join(",", rooms)));
    }

    private static Cursor cursorOf(JsonNode frame) {
        return Cursor.parse(frame.path("cursor").textValue()).orElseThrow();
    }

    /** The cursor of somebody who is told where the stream stands. */
    private Cursor head(Person person) {
        try (TestSocket socket = realtime.dial("/ws?token=" + realtime.token(person))) {
            return cursorOf(socket.next("connected"));
        }
    }

    private static JsonNode recovered(TestSocket socket, int replayed) {
        JsonNode hello = socket.next("connected");
        assertThat(hello.path("payload").path("recovered").asBoolean())
                .as(hello.toString())
                .isTrue();
        assertThat(hello.path("payload").path("replayed").asInt()).isEqualTo(replayed);
        assertThat(hello.path("payload").has("reason")).isFalse();
        return hello;
    }

    private static void caughtUp(TestSocket socket, int replayed) {
        assertThat(socket.next("caught_up").path("payload").path("replayed").asInt())
                .isEqualTo(replayed);
    }

    private static void refused(TestSocket socket, String reason) {
        JsonNode hello = socket.next("connected");
        assertThat(hello.path("payload").path("recovered").asBoolean(true)).isFalse();
        assertThat(hello.path("payload").path("reason").textValue()).isEqualTo(reason);
        assertThat(hello.path("payload").path("replayed").asInt(-1)).isZero();
        socket.hearsNothingElse(); // no partial replay, no caught_up
    }

    private static List<Integer> numbers(TestSocket socket, int count) {
        return IntStream.range(0, count)
                .map(i -> socket.next("custom.tick").path("payload").path("n").asInt())
                .boxed()
                .toList();
    }

    private static List<Integer> range(int from, int to) {
        return IntStream.range(from, to).boxed().toList();
    }

    // ---- recovered ----

    @Test
    @DisplayName("D11 a cursor at the head recovers with nothing missed, also before the first event of all")
    void atTheHead() {
        Person member = Person.member(org);
        Cursor empty = head(member);
        assertThat(empty.position()).isZero();
        TestSocket first = resume(member, empty);
        assertThat(cursorOf(recovered(first, 0))).isEqualTo(empty);
        caughtUp(first, 0);

        realtime.publish(org, ticks(0, 3, "org"));
        assertThat(numbers(first, 3)).isEqualTo(range(0, 3));
        TestSocket second = resume(member, head(member));
        recovered(second, 0);
        caughtUp(second, 0);
        realtime.publish(org, ticks(3, 1, "org"));
        assertThat(numbers(second, 1)).containsExactly(3);
        second.hearsNothingElse();
    }

    @Test
    @DisplayName("S2-051 what was missed comes in log order, once, across rooms, and then caught_up")
    void acrossRooms() {
        Person manager = Person.manager(org, "a");
        TestSocket before = realtime.connect(manager);
        realtime.publish(org, ticks(0, 2, "org"));
        before.next();
        Cursor cursor = cursorOf(before.next());
        before.cut();

        List<Map<String, Object>> missed = new ArrayList<>();
        missed.addAll(ticks(2, 1, "property-a"));
        missed.addAll(ticks(90, 1, "property-b"));
        missed.addAll(ticks(3, 1, "org", "property-a", "user-" + manager.userId()));
        missed.addAll(ticks(91, 1, "user-somebody-else", "global"));
        missed.addAll(ticks(4, 1, "user-" + manager.userId(), "property-b"));
        missed.addAll(ticks(92, 1));
        missed.addAll(ticks(5, 1, "role-MANAGER"));
        realtime.publish(org, missed);

        TestSocket after = resume(manager, cursor);
        assertThat(cursorOf(recovered(after, 4))).isEqualTo(cursor);
        assertThat(numbers(after, 4)).containsExactly(2, 3, 4, 5);
        JsonNode caughtUp = after.next("caught_up");
        assertThat(caughtUp.path("payload").path("replayed").asInt()).isEqualTo(4);
        assertThat(cursorOf(caughtUp).position()).isEqualTo(9);
        after.hearsNothingElse();
    }

    @Test
    @DisplayName("clients whose past is no longer in memory read it from the log, all of it, several at once")
    void beyondTheTail() {
        Person member = Person.member(org);
        Cursor start = head(member);
        TestSocket live = realtime.connect(member);
        String padding = "x".repeat(28_000);
        int count = 0;
        for (int batch = 0; batch < 10; batch++) {
            List<Map<String, Object>> events = new ArrayList<>();
            for (int i = 0; i < 30; i++) {
                events.add(event("custom.tick", List.of("org"), Map.of("n", count++, "padding", padding)));
            }
            realtime.publish(org, events);
        }
        List<TestSocket> late =
                IntStream.range(0, 5).mapToObj(i -> resume(member, start)).toList();
        for (TestSocket socket : late) {
            recovered(socket, 300);
            assertThat(numbers(socket, 300)).isEqualTo(range(0, 300));
            caughtUp(socket, 300);
            socket.cut();
        }
        assertThat(numbers(live, 300)).isEqualTo(range(0, 300));
    }

    @Test
    @DisplayName("D9 the permissions are those of now: a property that was taken away is not replayed")
    void permissionsOfNow() {
        Person before = Person.manager(org, "a", "b");
        Cursor cursor = head(before);
        realtime.publish(org, ticks(0, 1, "property-a"));
        realtime.publish(org, ticks(1, 1, "property-b"));
        realtime.publish(org, ticks(2, 1, "property-c"));
        Person now = new Person(org, before.userId(), before.role(), List.of("a", "c"), List.of());
        TestSocket socket = resume(now, cursor);
        recovered(socket, 2);
        assertThat(numbers(socket, 2)).containsExactly(0, 2);
        caughtUp(socket, 2);
        socket.hearsNothingElse();
    }

    @Test
    @DisplayName("S1-006 rooms named in rooms= are part of the resume, and those refused are errors after connected")
    void roomsOfTheRequest() {
        Person hr = Person.hr(org);
        Cursor cursor = head(hr);
        realtime.publish(org, ticks(0, 1, "property-7"));
        realtime.publish(org, ticks(1, 1, "property-8"));
        realtime.publish(org, ticks(2, 1, "department-d"));
        TestSocket socket = resume(hr, cursor, "property-7", "user-else", "property%207", "department-d");
        JsonNode hello = recovered(socket, 2);
        assertThat(hello.path("payload").path("rooms").toString())
                .contains("property-7", "department-d")
                .doesNotContain("user-else");
        assertThat(socket.next("error").path("payload").path("code").textValue())
                .isEqualTo("forbidden_room");
        assertThat(socket.next("error").path("payload").path("code").textValue())
                .isEqualTo("unknown_room");
        assertThat(numbers(socket, 2)).containsExactly(0, 2);
        caughtUp(socket, 2);
        socket.hearsNothingElse();
    }

    @Test
    @DisplayName("S1-021 subscribe with since brings what that room missed, marked, without what came by another room")
    void subscribeSince() {
        Person hr = Person.hr(org);
        TestSocket socket = realtime.connect(hr);
        Cursor cursor = head(hr);
        realtime.publish(org, ticks(0, 1, "property-9"));
        realtime.publish(org, ticks(1, 1, "property-9", "global"));
        realtime.publish(org, ticks(2, 1, "property-10"));
        realtime.publish(org, ticks(3, 1, "property-9"));
        assertThat(numbers(socket, 1)).containsExactly(1);
        socket.send(Map.of("type", "subscribe", "room", "property-9", "since", cursor.toString(), "ref", "r-1"));
        assertThat(socket.next("subscribed").path("ref").textValue()).isEqualTo("r-1");
        for (int n : List.of(0, 3)) {
            JsonNode replay = socket.next("custom.tick");
            assertThat(replay.path("payload").path("n").asInt()).isEqualTo(n);
            assertThat(replay.path("replay").asBoolean()).isTrue();
            assertThat(replay.has("cursor")).isFalse();
        }
        JsonNode caughtUp = socket.next("caught_up");
        assertThat(caughtUp.path("payload").path("replayed").asInt()).isEqualTo(2);
        assertThat(caughtUp.path("ref").textValue()).isEqualTo("r-1");
        realtime.publish(org, ticks(4, 1, "property-9"));
        JsonNode live = socket.next("custom.tick");
        assertThat(live.has("replay")).isFalse();
        assertThat(live.has("cursor")).isTrue();

        socket.send(Map.of("type", "subscribe", "room", "property-10", "since", "garbage", "ref", "r-2"));
        JsonNode error = socket.next("error");
        assertThat(error.path("ref").textValue()).isEqualTo("r-2");
        assertThat(error.path("payload").path("code").textValue()).isEqualTo("invalid_message");
        realtime.publish(org, ticks(5, 1, "property-10"));
        socket.hearsNothingElse();
    }

    @Test
    @DisplayName(
            "S1-021 an event of two rooms that are both subscribed with since comes once, however often it is asked for")
    void subscribeSinceTwice() {
        Person hr = Person.hr(org);
        Cursor cursor = head(hr);
        List<Map<String, Object>> both = ticks(0, 1, "property-9", "property-10");
        realtime.publish(org, both);
        TestSocket socket = realtime.connect(hr);
        for (String room : List.of("property-9", "property-10", "property-9")) {
            socket.send(Map.of("type", "subscribe", "room", room, "since", cursor.toString()));
        }
        List<String> heard = new ArrayList<>();
        for (int i = 0; i < 7; i++) {
            heard.add(socket.next().path("type").textValue());
        }
        assertThat(heard)
                .containsExactly(
                        "subscribed", "custom.tick", "caught_up", "subscribed", "caught_up", "subscribed", "caught_up");
        socket.hearsNothingElse();
        JsonNode explained = realtime.get(
                        "/ws/explain?event=" + both.get(0).get("id") + "&user=" + hr.userId(),
                        realtime.token(Person.admin(org)))
                .body();
        assertThat(explained.path("verdict").textValue()).isEqualTo("delivered");
        assertThat(explained.path("reason").textValue()).isEqualTo("recovered_later");
    }

    @Test
    @DisplayName("an unsubscribe right behind a subscribe with since is done after it, though the log has to be asked")
    void unsubscribeBehindSubscribe() {
        Person hr = Person.hr(org);
        Cursor cursor = head(hr);
        for (int i = 0; i < 6; i++) {
            realtime.publish(org, ticks(i * 100, 100, "property-9"));
        }
        realtime.stop();
        realtime.start();
        TestSocket socket = realtime.connect(hr);
        socket.send(Map.of("type", "subscribe", "room", "property-9", "since", cursor.toString()));
        socket.send(Map.of("type", "unsubscribe", "room", "property-9", "ref", "last"));
        socket.next("subscribed");
        JsonNode last = socket.next();
        while (last.path("type").textValue().equals("custom.tick")) {
            last = socket.next();
        }
        assertThat(last.path("type").textValue()).isEqualTo("unsubscribed");
        assertThat(last.path("ref").textValue()).isEqualTo("last");
        socket.next("caught_up");
        realtime.publish(org, ticks(600, 1, "property-9"));
        socket.hearsNothingElse();
    }

    @Test
    @DisplayName("leaving a room and coming back with since repeats nothing that the room brought before")
    void leaveAndComeBack() {
        Person hr = Person.hr(org);
        TestSocket socket = realtime.connect(hr);
        Cursor cursor = head(hr);
        socket.send(Map.of("type", "subscribe", "room", "property-9"));
        socket.next("subscribed");
        realtime.publish(org, ticks(0, 1, "property-9"));
        assertThat(numbers(socket, 1)).containsExactly(0);
        socket.send(Map.of("type", "unsubscribe", "room", "property-9"));
        socket.next("unsubscribed");
        realtime.publish(org, ticks(1, 1, "property-9"));
        socket.send(Map.of("type", "subscribe", "room", "property-9", "since", cursor.toString()));
        socket.next("subscribed");
        assertThat(numbers(socket, 1)).containsExactly(1);
        caughtUp(socket, 1);
        socket.hearsNothingElse();
    }

    // ---- refused ----

    @ParameterizedTest
    @ValueSource(
            strings = {"garbage", "1.abc", "0", "-1", "null", "9223372036854775807", "1.e.1e3.00000000", "%00", "%20"})
    @DisplayName("D6 what is no cursor is invalid_cursor")
    void garbage(String cursor) {
        refused(resume(Person.member(org), cursor), "invalid_cursor");
    }

    @Test
    @DisplayName("D5 a cursor ahead of the log itself is invalid_cursor")
    void ahead() {
        Person member = Person.member(org);
        realtime.publish(org, ticks(0, 2, "org"));
        Cursor head = head(member);
        refused(resume(member, new Cursor(head.epoch(), head.position() + 1, 7)), "invalid_cursor");
        refused(resume(member, new Cursor(head.epoch(), 999_999_999_999_999_999L, 7)), "invalid_cursor");
    }

    @Test
    @DisplayName("D6 a cursor of another epoch is epoch_changed, and so is one of a log that was lost")
    void anotherEpoch() {
        Person member = Person.member(org);
        realtime.publish(org, ticks(0, 5, "org"));
        Cursor head = head(member);
        refused(resume(member, new Cursor("another", head.position(), head.fingerprint())), "epoch_changed");

        realtime.stop();
        sql("delete from realtime.event where org_id = ?", org);
        sql("delete from realtime.stream where org_id = ?", org);
        realtime.start();
        realtime.publish(org, ticks(100, 9, "org"));
        refused(resume(member, head), "epoch_changed");
    }

    @Test
    @DisplayName("another event at the cursor's position is epoch_changed: at the head, in memory and in the log")
    void anotherEvent() {
        Person member = Person.member(org);
        TestSocket live = realtime.connect(member);
        for (int i = 0; i < 3; i++) {
            realtime.publish(org, ticks(i * 200, 200, "org"));
        }
        List<Cursor> cursors = IntStream.range(0, 600)
                .mapToObj(i -> cursorOf(live.next("custom.tick")))
                .toList();
        for (int at : List.of(599, 598)) {
            Cursor good = cursors.get(at);
            refused(resume(member, new Cursor(good.epoch(), good.position(), good.fingerprint() ^ 1)), "epoch_changed");
        }
        realtime.stop();
        sql("update realtime.event set event_id = ? where org_id = ? and position = 5", UUID.randomUUID(), org);
        realtime.start();
        refused(resume(member, cursors.get(4)), "epoch_changed");
        TestSocket good = resume(member, cursors.get(5));
        recovered(good, 594);
        assertThat(numbers(good, 594)).isEqualTo(range(6, 600));
    }

    @Test
    @DisplayName("D7 below what is kept is too_old, exactly at it is not")
    void tooOld() {
        Person member = Person.member(org);
        TestSocket live = realtime.connect(member);
        realtime.publish(org, ticks(0, 20, "org"));
        List<Cursor> cursors = IntStream.range(0, 20)
                .mapToObj(i -> cursorOf(live.next("custom.tick")))
                .toList();
        realtime.stop();
        sql("delete from realtime.event where org_id = ? and position <= 10", org);
        sql(
                "update realtime.stream set floor = 10, floor_fingerprint = ? where org_id = ?",
                cursors.get(9).fingerprint(),
                org);
        realtime.start();
        refused(resume(member, cursors.get(8)), "too_old");
        refused(resume(member, new Cursor(cursors.get(0).epoch(), 0, 0)), "too_old");
        TestSocket atFloor = resume(member, cursors.get(9));
        recovered(atFloor, 10);
        assertThat(numbers(atFloor, 10)).isEqualTo(range(10, 20));
        caughtUp(atFloor, 10);
        Cursor floor = cursors.get(9);
        refused(resume(member, new Cursor(floor.epoch(), 10, floor.fingerprint() ^ 1)), "epoch_changed");
    }

    @Test
    @DisplayName(
            "F47 a client that retention overtakes gets an unbroken beginning, is sent away, and then told too_old")
    void overtakenByRetention() throws Exception {
        Person member = Person.member(org);
        Cursor start = head(member);
        String padding = "x".repeat(60_000);
        for (int n = 0;
                n < 600;
                n += 8) { // far more than one read of the log, the buffers of the kernel, and the memory
            List<Map<String, Object>> events = IntStream.range(n, n + 8)
                    .mapToObj(i -> event("custom.tick", List.of("org"), Map.of("n", i, "padding", padding)))
                    .toList();
            realtime.publish(org, events);
        }
        String path = "/ws?token=" + realtime.token(member) + "&cursor=" + start;
        Cursor last;
        try (RawSocket slow = RawSocket.upgraded(new RawSocket(realtime.port(), 65_536), path)) {
            slow.readText("connected");
            JsonNode frame = Json.tree(slow.read().text());
            keepOnlyTheNewest(3);
            int next = 0;
            last = start;
            while (frame.path("type").asText().equals("custom.tick")) {
                assertThat(frame.path("payload").path("n").asInt()).isEqualTo(next);
                last = cursorOf(frame);
                next++;
                frame = Json.tree(slow.read().text());
            }
            assertThat(next).isBetween(1, 396);
            assertThat(frame.path("type").asText()).isEqualTo("disconnect");
            assertThat(frame.path("payload").path("reconnect").asBoolean()).isTrue();
        }
        refused(resume(member, last), "too_old");
    }

    private static void keepOnlyTheNewest(int events) {
        Retention.Kept kept = new Retention.Kept(Duration.ZERO, events, Duration.ZERO);
        try (LogStore store = LogStore.postgres(realtime.postgres().url(), 2, kept)) {
            store.retention().run();
        }
    }

    @Test
    @DisplayName("10,000 missed events are replayed, one more is too_many; what is not for the client does not count")
    void tooMany() {
        Person member = Person.member(org);
        Cursor start = head(member);
        insert(9_000, "org");
        insert(1_000, "global");
        realtime.publish(org, ticks(0, 500, "org"));
        realtime.publish(org, ticks(0, 500, "org"));
        String admin = realtime.token(Person.admin(org));
        await().untilAsserted(() -> assertThat(
                        realtime.get("/ws/stats", admin).body().path("position").asInt())
                .isEqualTo(11_000));
        TestSocket socket = resume(member, start);
        recovered(socket, 10_000);
        for (int i = 0; i < 10_000; i++) {
            socket.next("custom.tick");
        }
        caughtUp(socket, 10_000);
        realtime.publish(org, ticks(0, 1, "org"));
        refused(resume(member, start), "too_many");
    }

    /** Rows behind the service's back, many at once. What comes after them by the service makes the head right. */
    private void insert(int count, String room) {
        sql("""
                insert into realtime.event (org_id, position, event_id, type, rooms, payload, occurred_at)
                select org_id, head + n, gen_random_uuid(), 'custom.tick', array[?], '{"n":0}', now()
                from realtime.stream, generate_series(1, ?) as n where org_id = ?""", room, count, org);
        sql("update realtime.stream set head = head + ? where org_id = ?", count, org);
    }

    private static void sql(String statement, Object... values) {
        realtime.postgres().jdbi().useHandle(handle -> handle.execute(statement, values));
    }

    // ---- races ----

    /** Reads ticks until {@code last} has come; returns their positions. */
    private static List<Long> positions(TestSocket socket, int last) {
        List<Long> positions = new ArrayList<>();
        JsonNode frame;
        do {
            frame = socket.next();
            if (frame.path("type").textValue().equals("custom.tick")) {
                positions.add(cursorOf(frame).position());
            }
        } while (!frame.path("type").textValue().equals("custom.tick")
                || frame.path("payload").path("n").asInt() != last);
        return positions;
    }

    @Test
    @DisplayName("D10 a client that comes back again and again while events pour in sees each once, without a gap")
    void resumeUnderLoad() {
        Person member = Person.member(org);
        int total = 3_000;
        CompletableFuture<Void> publisher = CompletableFuture.runAsync(() -> {
            for (int n = 0; n < total; n += 20) {
                realtime.publish(org, ticks(n, 20, "org"));
            }
        });
        List<Long> seen = new ArrayList<>();
        Object cursor = new Cursor(head(member).epoch(), 0, 0);
        int visits = 0;
        while (seen.size() < total) {
            TestSocket socket = resume(member, cursor);
            assertThat(socket.next("connected")
                            .path("payload")
                            .path("recovered")
                            .asBoolean())
                    .isTrue();
            int taken = 0;
            while (taken < 83 && seen.size() < total) {
                JsonNode frame = socket.next();
                if (frame.path("type").textValue().equals("custom.tick")) {
                    seen.add(cursorOf(frame).position());
                    taken++;
                }
                cursor = frame.path("cursor").textValue();
            }
            socket.cut();
            visits++;
        }
        publisher.join();
        assertThat(visits).isGreaterThan(30);
        assertThat(seen).isEqualTo(LongStream.rangeClosed(1, total).boxed().toList());
    }

    @Test
    @DisplayName("a restart of the node is not noticed in the order of events")
    void restartBetween() {
        Person member = Person.member(org);
        TestSocket before = realtime.connect(member);
        realtime.publish(org, ticks(0, 10, "org"));
        List<Long> seen = new ArrayList<>(positions(before, 9));
        Cursor cursor = head(member);
        realtime.stop();
        realtime.start();
        realtime.publish(org, ticks(10, 10, "org"));
        TestSocket after = resume(member, cursor);
        recovered(after, 10);
        seen.addAll(positions(after, 19));
        assertThat(seen).isEqualTo(LongStream.rangeClosed(1, 20).boxed().toList());
    }

    @Test
    @DisplayName("S1-118 S2-066 two nodes on one log: the clients of both see every event of both, in one order")
    void twoNodes() throws Exception {
        Person member = Person.member(org);
        ExecutorService producers = Executors.newFixedThreadPool(4);
        try (RunningRealtime other = realtime.anotherNode()) {
            TestSocket here = realtime.connect(member);
            TestSocket there = other.connect(member);
            List<CompletableFuture<Void>> running = new ArrayList<>();
            for (int p = 0; p < 4; p++) {
                RunningRealtime node = p % 2 == 0 ? realtime : other;
                int first = p * 1000;
                running.add(CompletableFuture.runAsync(
                        () -> {
                            for (int n = 0; n < 300; n += 10) {
                                node.publish(org, ticks(first + n, 10, "org"));
                            }
                        },
                        producers));
            }
            running.forEach(CompletableFuture::join);
            realtime.publish(org, ticks(-1, 1, "org"));
            List<JsonNode> seenHere = ticksUntil(here, -1);
            List<JsonNode> seenThere = ticksUntil(there, -1);
            assertThat(seenHere.stream().map(frame -> cursorOf(frame).position()))
                    .isEqualTo(LongStream.rangeClosed(1, 1201).boxed().toList());
            assertThat(seenThere).isEqualTo(seenHere);

            // A cursor of one node is good on the other, also when that one is still behind.
            TestSocket moved = other.dial("/ws?token=" + other.token(member) + "&cursor="
                    + cursorOf(seenHere.get(1000)).toString());
            recovered(moved, 200);
            List<JsonNode> rest = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                rest.add(moved.next("custom.tick"));
            }
            assertThat(rest).isEqualTo(seenHere.subList(1001, 1201));
        } finally {
            producers.shutdown();
        }
    }

    private static List<JsonNode> ticksUntil(TestSocket socket, int last) {
        List<JsonNode> frames = new ArrayList<>();
        do {
            frames.add(socket.next("custom.tick"));
        } while (frames.get(frames.size() - 1).path("payload").path("n").asInt() != last);
        return frames;
    }

    @Test
    @DisplayName(
            "a client that saw more on another node than this one has is not sent away: this one reads the log first")
    void aheadOfThisNode() {
        Person member = Person.member(org);
        try (RunningRealtime other = realtime.anotherNode()) {
            TestSocket here = realtime.connect(member);
            TestSocket there = other.connect(member);
            for (int round = 0; round < 10; round++) {
                other.publish(org, ticks(round, 1, "org"));
                Cursor cursor = cursorOf(there.next("custom.tick"));
                TestSocket moved = resume(member, cursor);
                recovered(moved, 0);
                caughtUp(moved, 0);
                moved.cut();
            }
            assertThat(numbers(here, 10)).isEqualTo(range(0, 10));
        }
    }

    @Test
    @DisplayName("a batch that is repeated is not delivered twice, and one for nobody moves the cursor all the same")
    void repeatsAndControlEvents() {
        Person member = Person.member(org);
        TestSocket socket = realtime.connect(member);
        Map<String, Object> batch = batch(org, ticks(0, 5, "org"));
        for (int i = 0; i < 3; i++) {
            assertThat(realtime.ingest(batch).status()).isEqualTo(200);
        }
        realtime.publish(org, ticks(90, 3));
        assertThat(numbers(socket, 5)).isEqualTo(range(0, 5));
        socket.hearsNothingElse();
        assertThat(head(member).position()).isEqualTo(8);
    }
}
