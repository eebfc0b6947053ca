package dev.bellhop.torture;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * One process that is made to suffer. It is started again on the same port as soon as it has ended, whatever ended it, until
 * it is {@linkplain #stop stopped}. Thread-safe.
 */
final class Service {
    /** From the start of a JVM on a busy machine to its first answer. */
    private static final Duration START = Duration.ofSeconds(60);

    private static final Duration POLL = Duration.ofMillis(50);

    /** How it is started: the words of its command and the variables of its environment, asked for at every start. */
    interface Recipe {
        List<String> command();

        Map<String, String> settings();
    }

    private final String name;
    private final int port;
    private final Recipe recipe;
    private final Path log;
    private final Processes processes;
    private final BooleanSupplier ready;

    /** Guarded by this, as are the following ones; null before the first start. */
    private Process process;

    private boolean wanted;
    /** Ended by itself or by a failpoint in it, not by a signal of ours. */
    private int deaths;

    /** @param ready asks the running process whether it can do its work */
    Service(String name, int port, Recipe recipe, Path log, Processes processes, BooleanSupplier ready) {
        this.name = name;
        this.port = port;
        this.recipe = recipe;
        this.log = log;
        this.processes = processes;
        this.ready = ready;
    }

    /** A question by HTTP that only status 200 answers with yes. */
    static BooleanSupplier answers(HttpClient http, URI address) {
        HttpRequest request =
                HttpRequest.newBuilder(address).timeout(Duration.ofSeconds(2)).build();
        return () -> {
            try {
                return http.send(request, HttpResponse.BodyHandlers.discarding())
                                .statusCode()
                        == 200;
            } catch (IOException notYet) {
                return false;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return false;
            }
        };
    }

    String name() {
        return name;
    }

    InetSocketAddress address() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    synchronized void start() throws TortureFailure {
        wanted = true;
        if (process == null || !process.isAlive()) {
            launch();
        }
    }

    private synchronized void launch() throws TortureFailure {
        ProcessBuilder builder = new ProcessBuilder(recipe.command())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        builder.environment().keySet().removeIf(variable -> variable.startsWith("BELLHOP_"));
        builder.environment().putAll(recipe.settings());
        try {
            process = processes.start(builder);
        } catch (IOException e) {
            throw new TortureFailure(name + " cannot be started: " + e.getMessage(), e);
        }
        Process current = process;
        Thread watch = new Thread(() -> watch(current), name);
        watch.setDaemon(true);
        watch.start();
    }

    private void watch(Process which) {
        try {
            which.waitFor();
            ended(which);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized void ended(Process which) {
        if (which != process || !wanted || processes.isClosed()) {
            return;
        }
        deaths++;
        relaunch();
    }

    private void relaunch() {
        try {
            launch();
        } catch (TortureFailure stopped) {
            wanted = false; // the run is over
        }
    }

    /** @throws TortureFailure when it cannot do its work after {@link #START} */
    void awaitReady() throws TortureFailure, InterruptedException {
        long end = System.nanoTime() + START.toNanos();
        while (!ready.getAsBoolean()) {
            if (processes.isClosed() || System.nanoTime() > end) {
                throw new TortureFailure(name + " does not get ready; its log is " + log + ".");
            }
            TimeUnit.NANOSECONDS.sleep(POLL.toNanos());
        }
    }

    /** SIGKILL, and a start at once. */
    synchronized void kill() throws InterruptedException {
        Process victim = process;
        wanted = false;
        victim.destroyForcibly();
        victim.waitFor();
        wanted = true;
        relaunch();
    }

    /** SIGKILL. It stays away until it is started. */
    synchronized void killForNow() throws InterruptedException {
        wanted = false;
        process.destroyForcibly();
        process.waitFor();
    }

    /**
     * SIGTERM, and a start as soon as it has ended.
     *
     * @return the exit status and how long the end took; empty when it had to be killed after {@code patience}
     */
    CompletableFuture<Ending> terminate(Duration patience) {
        Process leaving;
        synchronized (this) {
            leaving = process;
            wanted = false;
        }
        long begin = System.nanoTime();
        leaving.destroy();
        return leaving.onExit()
                .orTimeout(patience.toMillis(), TimeUnit.MILLISECONDS)
                .handle((ended, late) -> {
                    boolean killed = late != null;
                    if (killed) {
                        leaving.destroyForcibly();
                        leaving.onExit().join();
                    }
                    Ending ending =
                            new Ending(leaving.exitValue(), killed, Duration.ofNanos(System.nanoTime() - begin));
                    synchronized (this) {
                        wanted = true;
                        relaunch();
                    }
                    return ending;
                });
    }

    /** SIGTERM; returns when it has ended. */
    void stopInGoodOrder() throws InterruptedException {
        Process leaving;
        synchronized (this) {
            wanted = false;
            leaving = process;
        }
        leaving.destroy();
        leaving.waitFor();
    }

    /** @param killed it did not end by itself in time */
    record Ending(int status, boolean killed, Duration took) {}

    /** SIGSTOP: it stands still, its connections stay. */
    void pause() throws TortureFailure {
        signal("STOP");
    }

    void resume() throws TortureFailure {
        signal("CONT");
    }

    private void signal(String signal) throws TortureFailure {
        long pid;
        synchronized (this) {
            pid = process.pid();
        }
        try {
            new ProcessBuilder("kill", "-" + signal, Long.toString(pid))
                    .inheritIO()
                    .start()
                    .waitFor();
        } catch (IOException e) {
            throw new TortureFailure("There is no kill(1): " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    synchronized void stop() {
        wanted = false;
        if (process != null) {
            process.destroyForcibly();
        }
    }

    synchronized ProcessHandle process() {
        return process.toHandle();
    }

    synchronized int deaths() {
        return deaths;
    }
}
