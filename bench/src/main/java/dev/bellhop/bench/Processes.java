package dev.bellhop.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Every process that a run starts, so that none outlives it, however it ends. Thread-safe. */
final class Processes implements AutoCloseable {
    private static final Duration AT_THE_END = Duration.ofSeconds(5);

    /** Guarded by this, as is {@link #closed}. */
    private final List<Process> started = new ArrayList<>();

    private boolean closed;

    /** @throws BenchFailure when the run is being stopped */
    synchronized Process start(ProcessBuilder builder) throws IOException, BenchFailure {
        if (closed) {
            throw new BenchFailure("Stopped.");
        }
        started.removeIf(process -> !process.isAlive());
        Process process = builder.start();
        started.add(process);
        return process;
    }

    synchronized boolean isClosed() {
        return closed;
    }

    /** Asks a process to end, and kills it with all that descend from it when it does not in time. */
    static void stop(Process process, Duration patience) {
        List<ProcessHandle> descendants = process.descendants().toList();
        process.destroy();
        try {
            if (!process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
        descendants.forEach(ProcessHandle::destroyForcibly);
    }

    @Override
    public synchronized void close() {
        closed = true;
        for (Process process : started) {
            stop(process, AT_THE_END);
        }
    }
}
