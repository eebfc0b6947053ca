package dev.bellhop.model.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.bellhop.model.security.Role;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {
    record Sample(String name, int count, Boolean flag, Instant at, Role role) {}

    @ParameterizedTest
    @ValueSource(
            strings = {
                "O'Brien & Sons", "a < b > c", "<script>alert('x')</script>", "</script><!--", "\u2028 and \u2029",
                "\u0000\u0001\u001f\u007f", "tab\tnewline\ncr\r", "\"quoted\" \\ back/slash", "Zoë 日本 🏨",
                        "\uFEFF\u200B\u202E",
                "<name@example.com>", "]]>", "\\u003c", "💩\u0301", ""
            })
    @DisplayName("F15 S1-073 text is inert in HTML as bytes, and unchanged as a value, as value and as key")
    void inertAndUnchanged(String text) throws Exception {
        byte[] bytes = Json.bytes(Map.of("k" + text, List.of(text)));
        String json = new String(bytes, StandardCharsets.UTF_8);
        for (String written : List.of(json, Json.text(Map.of("k" + text, List.of(text))))) {
            assertInert(written);
            assertThat(Json.tree(written).path("k" + text).get(0).textValue()).isEqualTo(text);
        }
    }

    private static void assertInert(String json) {
        assertThat(json).doesNotContain("<", ">", "&", "'", "\u2028", "\u2029", "\n", "\r");
    }

    @Test
    @DisplayName("F15 whatever Unicode text there is comes back as it was")
    void anyText() throws Exception {
        Random random = new Random(42);
        for (int round = 0; round < 2000; round++) {
            StringBuilder text = new StringBuilder();
            for (int i = random.nextInt(40); i > 0; i--) {
                int codePoint = random.nextInt(4) == 0 ? random.nextInt(0x80) : random.nextInt(0x110000);
                if (codePoint < 0xD800 || codePoint > 0xDFFF) {
                    text.appendCodePoint(codePoint);
                }
            }
            byte[] bytes = Json.bytes(text.toString());
            assertInert(new String(bytes, StandardCharsets.UTF_8));
            assertThat(Json.read(bytes, String.class)).isEqualTo(text.toString());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'name':'a','name':'b'}",
                "{'name':'a'} x",
                "{'name':'a'}{}",
                "{'name':'a',}",
                "{'unknown':1}",
                "{'name':5}",
                "{'name':1.5}",
                "{'name':true}",
                "{'count':'1'}",
                "{'count':1.5}",
                "{'count':99999999999}",
                "{'flag':'true'}",
                "{'flag':1}",
                "{'role':'hr'}",
                "{'role':1}",
                "{'at':1}",
                "{'at':'yesterday'}",
                "{'at':'2026-01-01'}",
                "{'at':''}",
                "{'at':true}",
                "NaN",
                "{'count':01}",
                "{'count':+1}",
                "{name:'a'}",
                "/* c */ {}",
                "{'name':'a\nb'}",
                "{'name':'\u0001'}",
                ""
            })
    @DisplayName("F8 F9 reading is strict: twice, trailing, unknown, coerced, malformed")
    void strict(String text) {
        assertThatThrownBy(() -> Json.read(text.replace('\'', '"'), Sample.class))
                .isInstanceOf(JsonProcessingException.class);
    }

    @Test
    @DisplayName("F9 duplicate keys and trailing text are refused in trees too, at any depth")
    void strictTrees() {
        for (String text : List.of("{\"a\":{\"b\":1,\"b\":2}}", "[] []", "{} null", "1 2", "[1,]")) {
            assertThatThrownBy(() -> Json.tree(text)).as(text).isInstanceOf(JsonProcessingException.class);
            assertThatThrownBy(() -> Json.shallowTree(text)).as(text).isInstanceOf(JsonProcessingException.class);
        }
    }

    @Test
    @DisplayName("F8 a depth bomb, a giant number, a long name and a long string are errors")
    void bombs() throws Exception {
        assertThat(Json.tree("[".repeat(64) + "]".repeat(64)).isArray()).isTrue();
        for (String bomb : List.of(
                "[".repeat(65) + "]".repeat(65),
                "[".repeat(100_000),
                "{\"a\":".repeat(5_000),
                "9".repeat(2_000),
                "1." + "0".repeat(2_000),
                "{\"" + "n".repeat(300) + "\":1}",
                "\"" + "s".repeat((1 << 20) + 1) + "\"",
                "[" + "1,".repeat(2_200_000) + "1]")) {
            assertThatThrownBy(() -> Json.tree(bomb)).isInstanceOf(JsonProcessingException.class);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0",
                "-0",
                "1",
                "1.0",
                "1.10",
                "0.1",
                "100",
                "9007199254740993",
                "12345678901234567890",
                "0.30000000000000004",
                "123456789012345678901234567890.123456789",
                "-1.50"
            })
    @DisplayName("a number that passes through keeps every digit")
    void numbers(String number) throws Exception {
        String through = Json.text(Json.tree("{\"n\":" + number + "}"));
        assertThat(new BigDecimal(through.substring(5, through.length() - 1))).isEqualTo(new BigDecimal(number));
    }

    @Test
    @DisplayName("F8 a number with an absurd exponent passes through as small as it came")
    void exponents() throws Exception {
        for (String number : List.of("1e999999", "1e-999999", "1E400")) {
            assertThat(Json.text(Json.tree("{\"n\":" + number + "}"))).hasSizeLessThan(40);
        }
    }

    @Test
    @DisplayName("S2-020 times have six digits and Z, and are read from any offset, cut to microseconds")
    void times() throws Exception {
        Instant time = Instant.parse("2024-01-01T12:00:00Z");
        assertThat(Json.text(time)).isEqualTo("\"2024-01-01T12:00:00.000000Z\"");
        assertThat(Json.text(time.plusNanos(1_234_567))).isEqualTo("\"2024-01-01T12:00:00.001234Z\"");
        assertThat(Json.read("\"2024-01-01T14:00:00.1234567+02:00\"", Instant.class))
                .isEqualTo(time.plusNanos(123_456_000));
    }

    @Test
    @DisplayName("names are snake_case both ways")
    void snakeCase() throws Exception {
        record Camel(int messageBytes) {}
        assertThat(Json.text(new Camel(1))).isEqualTo("{\"message_bytes\":1}");
        assertThat(Json.read("{\"count\":3,\"role\":\"HR\"}", Sample.class).role())
                .isEqualTo(Role.HR);
    }
}
