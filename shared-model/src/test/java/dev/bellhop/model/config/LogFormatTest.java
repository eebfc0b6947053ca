package dev.bellhop.model.config;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.model.wire.Json;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class LogFormatTest {
    private final ByteArrayOutputStream written = new ByteArrayOutputStream();
    private final PrintStream log = new LogFormat.JsonLines(new PrintStream(written, true, StandardCharsets.UTF_8));

    private List<String> lines() {
        return written.toString(StandardCharsets.UTF_8).lines().toList();
    }

    private JsonNode only() throws JsonProcessingException {
        assertThat(lines()).hasSize(1);
        return Json.tree(lines().get(0));
    }

    @Test
    @DisplayName("F16 an entry is one line of JSON, whatever its text holds")
    void entry() throws JsonProcessingException {
        log.println("[main] WARN dev.bellhop.Test - name=a\n{\"level\":\"ERROR\"}\u001b[31m");
        log.flush();
        JsonNode line = only();
        assertThat(line.path("level").textValue()).isEqualTo("WARN");
        assertThat(line.path("logger").textValue()).isEqualTo("dev.bellhop.Test");
        assertThat(line.path("thread").textValue()).isEqualTo("main");
        assertThat(line.path("message").textValue()).isEqualTo("name=a\n{\"level\":\"ERROR\"}\u001b[31m");
        assertThat(lines().get(0)).doesNotContain("\u001b");
    }

    @Test
    @DisplayName("F16 a text of a megabyte is cut at 1 KiB")
    void longText() throws JsonProcessingException {
        log.println("[main] INFO dev.bellhop.Test - " + "x".repeat(1 << 20));
        log.flush();
        assertThat(only().path("message").textValue()).hasSizeBetween(900, 1024).matches("x+");
    }

    @Test
    @DisplayName("a stack trace belongs to the line of its entry")
    void stack() throws JsonProcessingException {
        log.println("2026-01-01T00:00:00.000Z [relay] ERROR dev.bellhop.Test - relay.fault");
        new IllegalStateException("of the test").printStackTrace(log);
        log.flush();
        JsonNode line = only();
        assertThat(line.path("message").textValue()).isEqualTo("relay.fault");
        assertThat(line.path("stack").textValue())
                .startsWith("java.lang.IllegalStateException: of the test\n")
                .contains("\tat " + LogFormatTest.class.getName());
    }

    @Test
    @DisplayName("what does not come from a logger is an entry of its own, and need not be flushed")
    void others() throws JsonProcessingException {
        log.println("BELLHOP_DATABASE_URL is missing.");
        assertThat(only().path("message").textValue()).isEqualTo("BELLHOP_DATABASE_URL is missing.");
        log.println("[main] INFO dev.bellhop.Test - next");
        log.flush();
        assertThat(lines()).hasSize(2);
    }
}
