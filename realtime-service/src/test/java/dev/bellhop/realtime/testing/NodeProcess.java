package dev.bellhop.realtime.testing;

import static org.awaitility.Awaitility.await;

import dev.bellhop.realtime.RealtimeService;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A node in a JVM of its own, as it runs in production: it can be stopped by a signal, and killed. */
public final class NodeProcess implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Pattern LISTENING = Pattern.compile("listening on port (\\d+)");

    private final Process process;
    private final List<String> lines = new CopyOnWriteArrayList<>();

    private NodeProcess(Process process) {
        this.process = process;
        new Thread(this::read, "output of " + process.pid()).start();
    }

    /** Starts a node and returns when it serves. */
    public static NodeProcess start(Map<String, String> settings) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        RealtimeService.class.getName())
                .redirectErrorStream(true);
        builder.environment().keySet().removeIf(name -> name.startsWith("BELLHOP_"));
        builder.environment().putAll(settings);
        NodeProcess node = new NodeProcess(builder.start());
        await().atMost(PATIENCE).until(() -> !node.process.isAlive() || node.port() > 0);
        if (node.port() == 0) {
            throw new AssertionError("ended early: " + node.lines);
        }
        return node;
    }

    private void read() {
        try (BufferedReader output =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            output.lines().forEach(lines::add);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** 0 before it serves. */
    public int port() {
        return lines.stream()
                .map(LISTENING::matcher)
                .filter(Matcher::find)
                .mapToInt(found -> Integer.parseInt(found.group(1)))
                .findFirst()
                .orElse(0);
    }

    public String url(String path) {
        return "http://127.0.0.1:" + port() + path;
    }

    /** What it has logged. */
    public List<String> output() {
        return List.copyOf(lines);
    }

    /** What a service manager's stop does. */
    public void terminate() {
        process.destroy();
    }

    /** What the kernel does to a process that takes too much memory: nothing of it runs any more. */
    public void kill() throws InterruptedException {
        process.destroyForcibly();
        exitCode();
    }

    public int exitCode() throws InterruptedException {
        if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
            throw new AssertionError("still running after " + PATIENCE + ": " + lines);
        }
        return process.exitValue();
    }

    @Override
    public void close() {
        process.destroyForcibly();
        process.onExit().orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS).join();
    }
}
