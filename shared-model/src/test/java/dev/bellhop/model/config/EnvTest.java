package dev.bellhop.model.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.bellhop.model.security.Secret;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class EnvTest {
    private static final String WEBHOOK = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    private static final String OTHER = "whsec_ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";

    @Test
    @DisplayName("what is set is read in its type")
    void values() {
        Env env = new Env(Map.of(
                "TEXT", "t",
                "NUMBER", " 7 ",
                "PORT", "0",
                "WAIT", "1500",
                "FLAG", "true",
                "MODE", "b",
                "KEY", "x".repeat(32),
                "KEYS", WEBHOOK + "  " + OTHER,
                "URL", "https://example.com:8443/base",
                "WORDS", " https://a.example\thttps://b.example "));
        assertThat(env.text("TEXT", "-")).isEqualTo("t");
        assertThat(env.integer("NUMBER", 1, 0, 10)).isEqualTo(7);
        assertThat(env.port("PORT", 80)).isZero();
        assertThat(env.milliseconds("WAIT", Duration.ofSeconds(9), Duration.ofMillis(1)))
                .isEqualTo(Duration.ofMillis(1500));
        assertThat(env.flag("FLAG", false)).isTrue();
        assertThat(env.oneOf("MODE", "a", Set.of("a", "b"))).isEqualTo("b");
        assertThat(env.secret("KEY").bytes()).isEqualTo("x".repeat(32).getBytes(StandardCharsets.UTF_8));
        assertThat(env.webhookSecrets("KEYS")).hasSize(2);
        assertThat(env.httpUri("URL", "http://x")).isEqualTo(URI.create("https://example.com:8443/base"));
        assertThat(env.words("WORDS")).containsExactly("https://a.example", "https://b.example");
        assertThatCode(env::rejectFaults).doesNotThrowAnyException();
    }

    @Test
    @DisplayName("what is not set, or blank, has its default")
    void defaults() {
        Env env = new Env(Map.of("BLANK", "  "));
        assertThat(env.text("BLANK", "d")).isEqualTo("d");
        assertThat(env.text("BLANK")).isEmpty();
        assertThat(env.integer("N", 5, 0, 10)).isEqualTo(5);
        assertThat(env.milliseconds("D", Duration.ofSeconds(30), Duration.ofMillis(1)))
                .isEqualTo(Duration.ofSeconds(30));
        assertThat(env.flag("F", true)).isTrue();
        assertThat(env.oneOf("M", "a", Set.of("a"))).isEqualTo("a");
        assertThat(env.httpUri("U", "http://localhost:8081")).isEqualTo(URI.create("http://localhost:8081"));
        assertThat(env.words("W")).isEmpty();
        assertThatCode(env::rejectFaults).doesNotThrowAnyException();
    }

    @Test
    @DisplayName("every fault is told at once, each with the name of its setting, and no secret is repeated")
    void faults() {
        Env env = new Env(Map.ofEntries(
                Map.entry("N", "eleven"),
                Map.entry("BIG", "11"),
                Map.entry("P", "65536"),
                Map.entry("D", "0"),
                Map.entry("F", "yes"),
                Map.entry("M", "c"),
                Map.entry("SHORT", "canary-short"),
                Map.entry("HOOK", "whsec_canary canary-hook"),
                Map.entry("U", "ftp://example.com"),
                Map.entry("V", "http://user:canary-pass@example.com"),
                Map.entry("W", "http://example.com/?q=1")));
        env.integer("N", 1, 0, 10);
        env.integer("BIG", 1, 0, 10);
        env.port("P", 1);
        env.milliseconds("D", Duration.ofSeconds(1), Duration.ofMillis(1));
        env.flag("F", true);
        env.oneOf("M", "a", Set.of("a"));
        env.secret("SHORT");
        env.secret("MISSING");
        env.webhookSecrets("HOOK");
        env.webhookSecrets("NO_HOOK");
        env.httpUri("U", "http://x");
        env.httpUri("V", "http://x");
        env.httpUri("W", "http://x");
        env.required("GONE");
        env.fault("Two settings contradict each other.");
        Env.Faults faults = catchThrowableOfType(Env.Faults.class, env::rejectFaults);
        List<String> sentences = faults.getMessage().lines().toList();
        assertThat(sentences).hasSize(16).allMatch(sentence -> sentence.endsWith("."));
        for (String name : List.of(
                "N is \"eleven\"",
                "BIG is",
                "P is",
                "D is",
                "F is",
                "M is",
                "SHORT needs",
                "MISSING is not set",
                "HOOK needs",
                "NO_HOOK is not set",
                "U is not",
                "V is not",
                "W is not",
                "GONE is not set",
                "Two settings")) {
            assertThat(sentences).as(name).anyMatch(sentence -> sentence.startsWith(name));
        }
        assertThat(faults.getMessage()).doesNotContain("canary");
    }

    @Test
    @DisplayName("a secret does not print")
    void secrets() {
        assertThat(Secret.ofText("x".repeat(32))).hasToString("***");
    }
}
