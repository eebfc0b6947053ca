package dev.bellhop.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class StampsTest {
    @Test
    void areFoundWhereverTheyStand() {
        for (int before = 0; before < 20; before++) {
            for (int after = 0; after < 20; after++) {
                ByteBuffer text = bytes("@".repeat(before) + "@T12.3@" + "x".repeat(after));
                assertThat(Stamps.find(text, 0, text.limit())).isEqualTo(before + 2);
            }
        }
    }

    @Test
    void areNotFoundBehindTheEnd() {
        ByteBuffer text = bytes("{\"to\":\"a@b.example\"}@T1.2@");
        assertThat(Stamps.find(text, 0, text.limit() - 6)).isEqualTo(-1);
        assertThat(Stamps.find(text, 0, text.limit())).isEqualTo(text.limit() - 4);
    }

    @Test
    void areReadAsTheyWereWritten() {
        Message message = new Message(200);
        ByteBuffer written = ByteBuffer.allocate(210).order(ByteOrder.LITTLE_ENDIAN);
        message.write(written, 5, 123_456_789_012L, Long.MAX_VALUE);
        assertThat(new String(written.array(), 5, 200, StandardCharsets.US_ASCII))
                .matches("\\{\"stamp\":\"@T123456789012\\.9223372036854775807@\",\"pad\":\"x+\"}")
                .hasSize(200);
        int from = Stamps.find(written, 0, 210);
        int dot = Stamps.endOfDigits(written, from, 210);
        int end = Stamps.endOfDigits(written, dot + 1, 210);
        assertThat(Stamps.number(written, from, dot)).isEqualTo(123_456_789_012L);
        assertThat(Stamps.number(written, dot + 1, end)).isEqualTo(Long.MAX_VALUE);
    }

    private static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)).order(ByteOrder.LITTLE_ENDIAN);
    }
}
