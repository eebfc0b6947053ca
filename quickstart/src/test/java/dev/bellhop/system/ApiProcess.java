package dev.bellhop.system;

import static org.awaitility.Awaitility.await;

import dev.bellhop.api.ApiService;
import dev.bellhop.torture.agent.Agent;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;

/** The API service in a JVM of its own, which can be killed. */
final class ApiProcess implements AutoCloseable {
    /** How a JVM ends that a failpoint halted, and the shell's word for {@code kill -9}. */
    static final int KILLED = 137;

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final Process process;
    private final File output;
    private final ApiClient health;

    private ApiProcess(Process process, File output, URI address) {
        this.process = process;
        this.output = output;
        this.health = new ApiClient(address, null);
    }

    /**
     * Starts it with a system's settings and waits until it is ready.
     *
     * @param failpoints as {@link Agent} takes them; empty for none
     */
    static ApiProcess start(RunningSystem system, String failpoints) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-javaagent:" + agent() + "=" + failpoints,
                "-cp",
                System.getProperty("java.class.path"),
                ApiService.class.getName()));
        File output = File.createTempFile("bellhop-api", ".log");
        output.deleteOnExit();
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output);
        builder.environment().keySet().removeIf(name -> name.startsWith("BELLHOP_"));
        builder.environment().putAll(system.settings());
        ApiProcess api = new ApiProcess(builder.start(), output, system.apiUri());
        await().atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(50))
                .failFast(api::requireAlive)
                .until(api::isReady);
        return api;
    }

    /** A jar that names the agent, whose classes are on the class path of the tests. */
    private static File agent() throws IOException {
        File jar = File.createTempFile("torture-agent", ".jar");
        jar.deleteOnExit();
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes().putValue("Premain-Class", Agent.class.getName());
        try (OutputStream file = Files.newOutputStream(jar.toPath())) {
            new JarOutputStream(file, manifest).close();
        }
        return jar;
    }

    private void requireAlive() throws IOException {
        if (!process.isAlive()) {
            throw new AssertionError(
                    "ended early with " + process.exitValue() + ": " + Files.readString(output.toPath()));
        }
    }

    private boolean isReady() {
        try {
            return health.get("/health/ready").status() == 200;
        } catch (UncheckedIOException notListeningYet) {
            return false;
        }
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** What the kernel does to a process that takes too much memory: no hook of it runs. */
    void kill() throws InterruptedException {
        process.destroyForcibly();
        exitStatus();
    }

    int exitStatus() throws InterruptedException {
        if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
            throw new AssertionError("still running after " + PATIENCE + ", see " + output);
        }
        return process.exitValue();
    }

    /** As SIGTERM would. Harmless when it has ended already. */
    @Override
    public void close() {
        process.destroy();
        process.onExit().orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS).join();
    }
}
