package dev.bellhop.torture.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellhop.realtime.delivery.Drill;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The agent in a JVM of its own. */
class AgentTest {
    private record Ended(int status, String output) {}

    @TempDir
    private Path folder;

    private Path jar;

    /** With a manifest alone: the classes come from the class path of the test. */
    @BeforeEach
    void makeJar() throws IOException {
        jar = folder.resolve("torture-agent.jar");
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes().putValue("Premain-Class", Agent.class.getName());
        manifest.getMainAttributes().putValue("Can-Redefine-Classes", "true");
        try (OutputStream file = Files.newOutputStream(jar)) {
            new JarOutputStream(file, manifest).close();
        }
    }

    private Ended run(String orders, String... typesToLoad) throws IOException, InterruptedException {
        return run(Drill.class, orders, typesToLoad);
    }

    private Ended run(Class<?> main, String orders, String... arguments) throws IOException, InterruptedException {
        Path output = folder.resolve("output");
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-javaagent:" + jar + "=" + orders,
                "-cp",
                System.getProperty("java.class.path"),
                main.getName()));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return new Ended(process.exitValue(), Files.readString(output));
    }

    @Test
    void everythingAtOnceIsLoadedAndRuns() throws Exception {
        String orders = Stream.concat(
                        Point.wireNames().stream().map(point -> point + "=delay:0"),
                        Defect.wireNames().stream().map(defect -> "defect=" + defect))
                .collect(Collectors.joining(";"));

        String[] types = Stream.concat(
                        Arrays.stream(Point.values()).flatMap(point -> point.targets().stream()),
                        Arrays.stream(Defect.values()).flatMap(defect -> defect.targets().stream()))
                .map(Target::type)
                .distinct()
                .toArray(String[]::new);

        Ended ended = run("seed=7;" + orders, types);

        assertThat(ended.output()).contains("torture-agent: seed=7;").contains("done");
        for (String type : types) {
            assertThat(ended.output()).contains("loaded " + type);
        }
        assertThat(ended.status()).isZero();
    }

    @Test
    void haltEndsTheProcessAsKillDoes() throws Exception {
        Ended ended = run("api.afterCommit=halt@2");
        assertThat(ended.output())
                .contains("called 1")
                .contains("api.afterCommit halts")
                .doesNotContain("called 2");
        assertThat(ended.status()).isEqualTo(137);
    }

    @Test
    void throwFailsTheMethod() throws Exception {
        assertThat(run("api.afterCommit=throw@2").output())
                .contains("called 1")
                .contains("injected at api.afterCommit")
                .doesNotContain("called 2");
    }

    @Test
    void withoutTheDefectAFullQueueSaysSo() throws Exception {
        assertThat(run("").output()).contains("a full queue takes more: false");
        assertThat(run("defect=silent-gap").output()).contains("a full queue takes more: true");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "relay.afterLunch=halt",
                "relay.afterPost=explode",
                "relay.afterPost=delay",
                "relay.afterPost=halt@never",
                "clock=ahead:1000",
                "clock=sideways:1000@1+1",
                "clock=ahead:1000@1/2",
                "defect=telepathy",
                "nonsense"
            })
    void anOrderThatIsNotUnderstoodKeepsTheJvmFromStarting(String orders) throws Exception {
        Ended ended = run(orders);
        assertThat(ended.status()).isEqualTo(1);
        assertThat(ended.output()).contains("IllegalArgumentException").doesNotContain("called");
    }

    @ParameterizedTest
    @CsvSource({"ahead:3600000, 3600", "behind:600000, -600"})
    @DisplayName("F36 a clock jumps and comes back, and timers do not notice")
    void clockJumpsAndComesBack(String order, long seconds) throws Exception {
        Ended ended = run(ClockDrill.class, "clock=" + order + "@5+2", "8");
        assertThat(ended.status()).as(ended.output()).isZero();
        assertThat(ended.output().lines().filter(line -> line.startsWith("off by")))
                .containsExactly(
                        "off by 0 0 0 0 s, timers by 0 s",
                        "off by " + (seconds + " ").repeat(4) + "s, timers by 0 s",
                        "off by 0 0 0 0 s, timers by 0 s");
    }

    @Test
    @DisplayName("F36 without the order no clock jumps")
    void noOrderNoJump() throws Exception {
        assertThat(run(ClockDrill.class, "api.afterCommit=delay:0", "1")
                        .output()
                        .lines())
                .filteredOn(line -> line.startsWith("off by"))
                .containsExactly("off by 0 0 0 0 s, timers by 0 s");
    }

    @Test
    void theServicesThemselvesHoldNoFailpoint() throws Exception {
        for (String type : List.of("api.outbox.OutboxRelay", "realtime.delivery.OrgStream")) {
            String file = "/dev/bellhop/" + type.replace('.', '/') + ".class";
            try (var bytes = getClass().getResourceAsStream(file)) {
                assertThat(new String(bytes.readAllBytes(), StandardCharsets.ISO_8859_1))
                        .doesNotContain("torture")
                        .doesNotContainIgnoringCase("failpoint");
            }
        }
    }
}
