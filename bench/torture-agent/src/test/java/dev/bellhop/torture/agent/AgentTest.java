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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
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
        try (OutputStream file = Files.newOutputStream(jar)) {
            new JarOutputStream(file, manifest).close();
        }
    }

    private Ended run(String orders, String... typesToLoad) throws IOException, InterruptedException {
        Path output = folder.resolve("output");
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-javaagent:" + jar + "=" + orders,
                "-cp",
                System.getProperty("java.class.path"),
                Drill.class.getName()));
        command.addAll(List.of(typesToLoad));
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
                "defect=telepathy",
                "nonsense"
            })
    void anOrderThatIsNotUnderstoodKeepsTheJvmFromStarting(String orders) throws Exception {
        Ended ended = run(orders);
        assertThat(ended.status()).isEqualTo(1);
        assertThat(ended.output()).contains("IllegalArgumentException").doesNotContain("called");
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
