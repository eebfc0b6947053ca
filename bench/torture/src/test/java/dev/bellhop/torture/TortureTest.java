package dev.bellhop.torture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * The short profile, a minute and a half. It runs the jars of the services, the agent and the quickstart, which the build makes
 * when it packages them: {@code ./bellhop test} does, {@code mvn test} does not. It needs Linux, for /proc and kill(1).
 */
class TortureTest {
    private static final Path HOME = Path.of("../..").toAbsolutePath().normalize();
    private static final List<String> JARS = List.of(
            "api-service/target/api-service.jar",
            "realtime-service/target/realtime-service.jar",
            "bench/torture-agent/target/torture-agent.jar");

    /** Tests of other modules may run at the same time: how soon a socket is closed is no matter of this one. */
    private static final Duration CUT = Duration.ofSeconds(5);

    @Test
    @DisplayName("nothing is lost, repeated, reordered or leaked while services and network fail")
    void everyPromiseIsKeptWhileEverythingFails() throws Exception {
        for (String jar : JARS) {
            assumeTrue(Files.exists(HOME.resolve(jar)), jar + " is not built: run ./bellhop test");
        }
        assumeTrue(Files.isDirectory(Path.of("/proc/self")), "needs Linux");
        ByteArrayOutputStream report = new ByteArrayOutputStream();
        Run run = new Run(
                HOME,
                HOME.resolve("bench/torture/target/test-run"),
                Profile.CI,
                Cluster.Engine.POSTGRES,
                Optional.empty(),
                fault -> true,
                CUT,
                20_260_101,
                new PrintStream(report, true, StandardCharsets.UTF_8));

        boolean passed = run.call();

        assertThat(passed).as(report.toString(StandardCharsets.UTF_8)).isTrue();
    }
}
