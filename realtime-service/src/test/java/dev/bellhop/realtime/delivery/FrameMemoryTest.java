package dev.bellhop.realtime.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellhop.model.wire.RoomName;
import dev.bellhop.realtime.log.LoggedEvent;
import dev.bellhop.realtime.log.NewEvent;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class FrameMemoryTest {
    private static final int OF_EACH = 64_000;
    private static final int OF_ALL = 160_000;
    private static final int EVENTS = 200;

    private final FrameMemory memory = new FrameMemory(OF_EACH, OF_ALL);

    @Test
    @DisplayName("one organisation keeps its newest events up to its own bound, and the newest one whatever its size")
    void alone() {
        Tail tail = new Tail(memory);
        fill(tail);
        assertThat(bytes(tail)).isBetween(OF_EACH - 2_000, OF_EACH);
        assertThat(tail.holds(EVENTS)).isTrue();
        tail.add(frame(EVENTS + 1, 2 * OF_EACH));
        assertThat(tail.holds(EVENTS)).isFalse();
        assertThat(tail.holds(EVENTS + 1)).isTrue();
    }

    @Test
    @DisplayName(
            "many organisations keep no more than the node has for them, each a little, and what one forgets is free again")
    void together() {
        List<Tail> tails = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            Tail tail = new Tail(memory);
            fill(tail);
            tails.add(tail);
        }
        assertThat(tails.stream().mapToInt(FrameMemoryTest::bytes).sum())
                .isLessThan(OF_ALL + 20 * (OF_EACH / 64 + 1_000));
        assertThat(tails).allMatch(tail -> tail.holds(EVENTS));

        tails.forEach(tail -> tail.restartAfter(EVENTS));
        Tail fresh = new Tail(memory);
        fill(fresh);
        assertThat(bytes(fresh)).isGreaterThan(OF_EACH - 2_000);
    }

    @Test
    @DisplayName("what is read for those who are behind is bounded, too: the last chunk stays, whatever its size")
    void chunks() {
        Chunks chunks = new Chunks(memory);
        for (int chunk = 0; chunk < 10; chunk++) {
            chunks.put(chunk, List.of(frame(chunk * 2 + 1, 10_000), frame(chunk * 2 + 2, 10_000)));
        }
        assertThat(chunks.get(9)).hasSize(2);
        assertThat(chunks.get(7)).hasSize(2);
        assertThat(chunks.get(6)).isEmpty();
        chunks.put(20, List.of(frame(41, 2 * OF_EACH)));
        assertThat(chunks.get(9)).isEmpty();
        assertThat(chunks.get(20)).hasSize(1);

        chunks.clear();
        Tail tail = new Tail(memory);
        fill(tail);
        assertThat(bytes(tail)).isGreaterThan(OF_EACH - 2_000);
    }

    private static void fill(Tail tail) {
        for (int position = 1; position <= EVENTS; position++) {
            tail.add(frame(position, 700));
        }
    }

    private static Frame frame(long position, int text) {
        NewEvent event = new NewEvent(
                UUID.randomUUID(),
                "custom.x",
                List.of(RoomName.ORG),
                "{\"text\":\"" + "x".repeat(text) + "\"}",
                Instant.parse("2026-01-01T00:00:00Z"),
                null);
        return Frame.of(new LoggedEvent(position, event), "e1");
    }

    private static int bytes(Tail tail) {
        int bytes = 0;
        for (long position = 1; position <= EVENTS; position++) {
            bytes += tail.holds(position) ? tail.at(position).size() : 0;
        }
        return bytes;
    }
}
