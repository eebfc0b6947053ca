package dev.bellhop.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The service as a process: what an operator sees when it starts and stops. */
class StartTest {
    @RegisterExtension
    static final RunningApi api = new RunningApi();

    @TempDir
    File directory;

    private Process process;

    @AfterEach
    void noProcessIsLeft() {
        process.destroyForcibly();
    }

    @Test
    @DisplayName("every wrong setting is one sentence, all at once, with status 1 and without a stack trace")
    void wrongSettings() throws Exception {
        Map<String, String> settings = api.settings();
        settings.put("BELLHOP_API_PORT", "http");
        settings.put("BELLHOP_JWT_SECRET", "short");
        settings.put("BELLHOP_REALTIME_URL", "ftp://x");
        settings.remove("BELLHOP_EVENT_SECRETS");
        process = start(settings);
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isEqualTo(1);
        assertThat(output())
                .contains(
                        "BELLHOP_API_PORT is \"http\"",
                        "BELLHOP_JWT_SECRET",
                        "BELLHOP_REALTIME_URL",
                        "BELLHOP_EVENT_SECRETS is not set.");
        assertThat(output().lines()).hasSize(4).noneMatch(line -> line.startsWith("\tat "));
    }

    @Test
    @DisplayName("a taken port is one sentence that names it, with status 1")
    void takenPort() throws Exception {
        Map<String, String> settings = api.settings();
        settings.put("BELLHOP_API_PORT", Integer.toString(api.port()));
        process = start(settings);
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isEqualTo(1);
        assertThat(output()).contains("Port " + api.port() + " is taken").doesNotContain("\tat ");
    }

    @Test
    @DisplayName("SIGTERM ends a running service cleanly")
    void stops() throws Exception {
        process = start(api.settings());
        await().atMost(Duration.ofSeconds(30)).until(() -> output().contains("listens on port"));
        process.destroy();
        assertThat(process.waitFor(15, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isEqualTo(143);
        assertThat(output()).doesNotContain("Exception");
    }

    private Process start(Map<String, String> settings) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(
                System.getProperty("java.home") + "/bin/java",
                "-cp",
                System.getProperty("java.class.path"),
                ApiService.class.getName());
        builder.environment().keySet().removeIf(name -> name.startsWith("BELLHOP_"));
        builder.environment().putAll(settings);
        return builder.redirectErrorStream(true)
                .redirectOutput(new File(directory, "output"))
                .start();
    }

    private String output() throws IOException {
        return Files.readString(new File(directory, "output").toPath());
    }
}
