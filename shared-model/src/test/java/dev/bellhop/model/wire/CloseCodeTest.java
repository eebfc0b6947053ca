package dev.bellhop.model.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * The close codes of the enum, of the file that clients are generated from, and of the page that people read. After a wanted
 * change run with {@code -Dgolden=write} and read the difference.
 */
class CloseCodeTest {
    private static final Path FILE = Path.of("src/main/resources/golden/close-codes.json");
    private static final Path PAGE = Path.of("../docs/protocol.md");
    /** {@code | 1008 | `token_expired` | new_token | …} */
    private static final Pattern ROW = Pattern.compile("(?m)^\\| (\\d{4}) \\| `(\\w+)` \\| (\\w+) \\| \\S.*\\|$");

    private static Map<String, Object> row(CloseCode code) {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("code", code.code());
        row.put("reason", code.reason());
        row.put("reconnect", code.reconnect());
        row.put("action", code.action());
        return row;
    }

    @Test
    @DisplayName("S2-009 the file that clients are generated from holds every close code, and nothing else")
    void file() throws IOException {
        String expected = Arrays.stream(CloseCode.values())
                .map(CloseCodeTest::row)
                .map(Json::text)
                .collect(Collectors.joining(",\n", "[\n", "\n]\n"));
        if ("write".equals(System.getProperty("golden"))) {
            Files.writeString(FILE, expected);
        }
        assertThat(Files.readString(FILE)).isEqualTo(expected);
        assertThat(Json.tree(expected)).hasSize(CloseCode.values().length);
    }

    @Test
    @DisplayName("S2-009 the page has a row for each close code, in the same order, with the same next step")
    void page() throws IOException {
        List<String> rows = ROW.matcher(Files.readString(PAGE))
                .results()
                .map(match -> match.group(1) + " " + match.group(2) + " " + match.group(3))
                .toList();
        assertThat(rows)
                .isEqualTo(Arrays.stream(CloseCode.values())
                        .map(code -> code.code() + " " + code.reason() + " "
                                + code.action().wireName())
                        .toList());
    }

    @Test
    @DisplayName("a reason is one word that fits into a close frame, and stands for one way to end")
    void reasons() {
        assertThat(Arrays.stream(CloseCode.values()).map(CloseCode::reason)).doesNotHaveDuplicates();
        for (CloseCode code : CloseCode.values()) {
            assertThat(code.reason()).matches("[a-z_]+");
            assertThat(code.reason().getBytes(StandardCharsets.UTF_8)).hasSizeLessThanOrEqualTo(123);
            assertThat(code.reconnect()).isEqualTo(code.action() != CloseCode.Action.STOP);
        }
        assertThat(Arrays.stream(CloseCode.values())
                        .filter(CloseCode::reconnect)
                        .map(CloseCode::reason))
                .containsExactlyInAnyOrder(
                        "token_expired", "internal_error", "restarting", "overloaded", "slow_consumer", "no_pong");
    }
}
