package dev.bellhop.model.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullAndEmptySource;
import org.junit.jupiter.params.provider.ValueSource;

class CursorTest {
    @Test
    @DisplayName("a cursor is what it was, and needs no escaping in a URL")
    void roundTrip() {
        Random random = new Random(7);
        for (int i = 0; i < 1000; i++) {
            Cursor cursor = new Cursor("epoch7", random.nextLong(1_000_000_000_000_000_000L), random.nextInt());
            assertThat(cursor.toString()).matches("[A-Za-z0-9._~-]{1,200}");
            assertThat(Cursor.parse(cursor.toString())).contains(cursor);
        }
        assertThat(new Cursor("e", 0, 0)).hasToString("1.e.0.00000000");
        assertThat(Cursor.parse("1.e.0.00000000")).contains(new Cursor("e", 0, 0));
        assertThat(new Cursor("e", 12, -1)).hasToString("1.e.12.ffffffff");
    }

    @ParameterizedTest
    @NullAndEmptySource
    @ValueSource(
            strings = {
                "garbage",
                "1",
                "1.e.1",
                "1.e.1.0",
                "1.e.1.00000000.x",
                "2.e.1.00000000",
                "1.E.1.00000000",
                "1.e.-1.00000000",
                "1.e.+1.00000000",
                "1.e.1e3.00000000",
                "1.e.1.5.00000000",
                "1.e..00000000",
                "1.e.1.0000000g",
                "1.e.1.FFFFFFFF",
                "1..1.00000000",
                " 1.e.1.00000000",
                "1.e.1.00000000\n",
                "1.e.9223372036854775808.00000000",
                "1.e.9999999999999999999.00000000",
                "1.e.١.00000000",
                "1.e.1.00000000%00",
                "1.e';drop table event.1.00000000"
            })
    @DisplayName("D5 D6 what we did not make is no cursor, and no exception")
    void foreignText(String text) {
        assertThat(Cursor.parse(text)).isEmpty();
    }

    @Test
    @DisplayName("a long text is not even matched")
    void longText() {
        assertThat(Cursor.parse("1." + "e".repeat(10_000_000) + ".1.00000000")).isEmpty();
        assertThat(Cursor.parse("1." + "e".repeat(41) + ".1.00000000")).isEmpty();
    }

    @Test
    @DisplayName("fingerprints of events that follow one another differ, and that of one event does not change")
    void fingerprints() {
        UUID fixed = UUID.fromString("0197a3c2-7b1e-7c44-9a51-2f6f0c9d1e01");
        assertThat(Cursor.fingerprint(fixed)).isEqualTo(Cursor.fingerprint(UUID.fromString(fixed.toString())));
        Set<Integer> seen = new HashSet<>();
        for (long i = 0; i < 20_000; i++) {
            seen.add(Cursor.fingerprint(new UUID(0x0197a3c27b1e7000L + (i << 16), 0x8000000000000000L + i)));
        }
        assertThat(seen).hasSizeGreaterThan(19_990);
    }
}
