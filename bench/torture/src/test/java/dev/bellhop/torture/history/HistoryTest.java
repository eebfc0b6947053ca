package dev.bellhop.torture.history;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class HistoryTest {
    private static final UUID ID = UUID.fromString("0197a3c2-7b1e-7c44-9a51-fedcba987654");
    private static final Entry.Received RECEIVED = new Entry.Received(5, 1, 7, "e1", 12, ID, 1L << 51, true);

    private Path file;

    @BeforeEach
    void setUp(@TempDir Path directory) {
        file = directory.resolve("history.ndjson");
    }

    @Test
    void everyKindOfEntryComesBackAsItWasWritten() throws IOException {
        List<Entry> entries = List.of(
                new Entry.Member(1, "o", "u", "MANAGER", List.of("p"), null),
                new Entry.Invoke(2, 0, "o", "u", "POST /x", List.of(new Entry.Effect("entity.created", "mk0"))),
                new Entry.Ok(3, 0, 201),
                new Entry.Refused(3, 1, 409),
                new Entry.Unknown(3, 2, "timeout"),
                new Entry.LogState(4, "o", "e1", 0, 1),
                new Entry.Logged(4, "o", "e1", 1, ID, "entity.created", List.of("org"), "{\"a\":\"é\"}", 9),
                new Entry.Floor(4, "o", 1),
                new Entry.Replayed(4, "n", "o", "e1", 1, ID, 9),
                new Entry.Client(5, 1, "o", "u", "WS", List.of()),
                new Entry.Opened(5, 1, 7, "n", "s", 3, -1),
                new Entry.Connected(5, 1, 7, "e1", 3, List.of("org"), false, 0, "too_old"),
                RECEIVED,
                new Entry.Received(-5, 1, 7, "", -1, ID, 4, false),
                new Entry.Position(6, 1, 7, "e1", 13, Entry.Mark.PING),
                new Entry.Subscribed(6, 1, 7, "property-p", 12),
                new Entry.Unsubscribed(6, 1, 7, "property-p", "client"),
                new Entry.Closed(6, 1, 7, 1012, "restarting"),
                new Entry.Gone(6, 1),
                new Entry.Leak(6, 1, "cn0", "frame"),
                new Entry.Scanned(6, 1, 100, 3, 9),
                new Entry.Cut(6, 0, "o", "u", null, null),
                new Entry.Restored(6, 0, "o", null),
                new Entry.Fault(6, 0, "F14", "realtime-1", true, false),
                new Entry.Heal(6, 0),
                new Entry.State(7, "db", "o", "entity", "i", 3, "mk0", 0, true),
                new Entry.Residue(7, "threads", 1, 2, 3.5),
                new Entry.End(8));

        write(entries);

        assertThat(entries.stream().map(Object::getClass).distinct())
                .hasSize(Entry.class.getPermittedSubclasses().length);
        assertThat(read(new HistoryReader(file))).isEqualTo(entries);
        assertThat(read(HistoryReader.withoutReceived(file)))
                .hasSize(entries.size() - 2)
                .doesNotContain(RECEIVED);
    }

    @Test
    void theFastReaderAgreesWithTheParser() throws IOException {
        byte[] line = Line.of(RECEIVED);

        assertThat(new ReceivedLine().read(line, 0, line.length))
                .isEqualTo(RECEIVED)
                .isEqualTo(Line.parse(line, 0, line.length));
    }

    @Test
    void aReceivedThatIsWrittenInAnotherWayIsReadAllTheSame() throws IOException {
        String line = new String(Line.of(RECEIVED), StandardCharsets.UTF_8);
        Files.writeString(
                file, line.replace(",\"hash\"", ", \"hash\"") + "\n" + line.replace("e1", "\\u0065\\u0031") + "\n");

        assertThat(read(new HistoryReader(file))).containsExactly(RECEIVED, RECEIVED);
    }

    @Test
    void linesAreLongerThanTheBuffer() throws IOException {
        Entry large = new Entry.Unknown(1, 1, "x".repeat(3_000_000));
        write(List.of(RECEIVED, large, RECEIVED, large, large));

        assertThat(read(new HistoryReader(file))).containsExactly(RECEIVED, large, RECEIVED, large, large);
    }

    @Test
    void aFileThatEndsWithinALineIsCutShort() throws IOException {
        write(List.of(RECEIVED, new Entry.End(9)));
        byte[] bytes = Files.readAllBytes(file);
        Files.write(file, java.util.Arrays.copyOf(bytes, bytes.length - 1));

        try (HistoryReader reader = new HistoryReader(file)) {
            assertThat(reader.read()).contains(RECEIVED);
            assertThat(reader.read()).isEmpty();
            assertThat(reader.isCutShort()).isTrue();
        }
    }

    @Test
    void aLineThatIsNoEntryIsNamed() throws IOException {
        Files.writeString(file, "{\"e\":\"end\",\"at\":1}\n{\"e\":\"ok\",\"at\":1,\"op\":2}\n");

        try (HistoryReader reader = new HistoryReader(file)) {
            assertThat(reader.read()).contains(new Entry.End(1));
            assertThatThrownBy(reader::read).isInstanceOf(IOException.class).hasMessageContaining("line 2");
        }
    }

    private void write(List<Entry> entries) throws IOException {
        try (HistoryWriter writer = new HistoryWriter(file)) {
            entries.forEach(writer::write);
        }
    }

    private static List<Entry> read(HistoryReader reader) throws IOException {
        List<Entry> entries = new ArrayList<>();
        try (reader) {
            for (Optional<Entry> next = reader.read(); next.isPresent(); next = reader.read()) {
                entries.add(next.get());
            }
        }
        return entries;
    }
}
