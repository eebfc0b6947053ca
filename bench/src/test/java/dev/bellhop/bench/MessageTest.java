package dev.bellhop.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellhop.model.wire.Json;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class MessageTest {
    private static String written(Message message) {
        ByteBuffer target = ByteBuffer.allocate(message.size());
        message.write(target, 0, 123, 45);
        return new String(target.array(), StandardCharsets.US_ASCII);
    }

    @Test
    @DisplayName("a message has the size that was asked for, and is the same when it stands in a JSON string")
    void sizes() throws Exception {
        Message message = new Message(200);
        String text = written(message);
        assertThat(text).hasSize(200).contains("@T123.45@");

        String inString = written(message.inString());
        assertThat(Json.tree("\"" + inString + "\"").textValue()).isEqualTo(text);
    }
}
