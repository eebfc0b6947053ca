package dev.bellhop.quickstart;

import static org.awaitility.Awaitility.await;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A command of {@code ./bellhop} in a JVM of its own, as a user runs it: seen from outside, and killable. */
final class BellhopProcess implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final Process process;
    private final List<String> lines = new CopyOnWriteArrayList<>();
    private final Thread reader;

    private BellhopProcess(Process process) {
        this.process = process;
        this.reader = new Thread(this::read, "output of " + process.pid());
        reader.start();
    }

    /**
     * Starts {@code bellhop} with these arguments and settings. Ports are free ones unless the settings say otherwise.
     *
     * @param data the data directory
     */
    static BellhopProcess start(Path data, Map<String, String> settings, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Bellhop.class.getName()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        Map<String, String> environment = builder.environment();
        environment.keySet().removeIf(name -> name.startsWith("BELLHOP_"));
        environment.putAll(Map.of(
                "BELLHOP_DATA_DIR", data.toString(),
                "BELLHOP_API_PORT", "0",
                "BELLHOP_REALTIME_PORT", "0"));
        environment.putAll(settings);
        return new BellhopProcess(builder.start());
    }

    private void read() {
        try (BufferedReader output =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            output.lines().forEach(lines::add);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits until everything runs and has said where. */
    Addresses awaitUp() {
        return await().atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(50))
                .failFast(this::requireAlive)
                .until(this::addresses, Optional::isPresent)
                .orElseThrow();
    }

    /** What has been said so far: the lines come one by one, so a first one alone is not an answer. */
    private Optional<Addresses> addresses() {
        Optional<URI> api = find("REST API +(http\\S+)/api/v1");
        Optional<URI> realtime = find("Server-Sent +(http\\S+)/events");
        return api.flatMap(it -> realtime.map(that -> new Addresses(it, that)));
    }

    private void requireAlive() {
        if (!process.isAlive()) {
            throw new AssertionError("ended early: " + lines);
        }
    }

    private Optional<URI> find(String regex) {
        Pattern pattern = Pattern.compile(regex);
        return lines.stream()
                .map(pattern::matcher)
                .filter(Matcher::find)
                .map(matcher -> URI.create(matcher.group(1)))
                .findFirst();
    }

    /** What a user's Ctrl-C or a service manager's stop does. */
    void terminate() {
        process.destroy();
    }

    /** What the kernel does to a process that takes too much memory: no hook of it runs. */
    void kill() throws InterruptedException {
        process.destroyForcibly();
        exitCode();
    }

    int exitCode() throws InterruptedException {
        if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
            throw new AssertionError("still running after " + PATIENCE + ": " + lines);
        }
        reader.join();
        return process.exitValue();
    }

    List<String> output() {
        return List.copyOf(lines);
    }

    /** Stops it, if it still runs, as {@link #terminate} does. */
    @Override
    public void close() {
        process.destroy();
        process.onExit().orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS).join();
    }
}
