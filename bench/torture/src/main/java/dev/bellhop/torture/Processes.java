package dev.bellhop.torture;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Every process that a run starts, so that none outlives it, however it ends: also when this process is killed, a small one
 * that waits for its end kills the others. Thread-safe.
 */
final class Processes implements AutoCloseable {
    /** Reads until the other end of its standard input is gone, whatever made it go. */
    private static final String GUARD =
            "trap '' INT TERM HUP; cat >/dev/null; while read -r pid; do kill -9 \"$pid\" 2>/dev/null; done <\"$0\"";

    private final Path list;
    private final Process guard;
    /** Guarded by this, as is {@link #closed}. */
    private final Set<ProcessHandle> started = new LinkedHashSet<>();

    private boolean closed;

    /** @param directory for the list of the processes */
    Processes(Path directory) throws TortureFailure {
        list = directory.resolve("processes");
        try {
            Files.writeString(list, "");
            guard = new ProcessBuilder("sh", "-c", GUARD, list.toString()).start();
        } catch (IOException e) {
            throw new TortureFailure("The test needs a shell: " + e.getMessage(), e);
        }
    }

    /** @throws TortureFailure when the run is being stopped */
    synchronized Process start(ProcessBuilder builder) throws IOException, TortureFailure {
        if (closed) {
            throw new TortureFailure("Stopped.");
        }
        Process process = builder.start();
        adopt(process.toHandle());
        process.getOutputStream().close();
        return process;
    }

    /** Takes over a process that something else has started. */
    synchronized void adopt(ProcessHandle process) throws TortureFailure {
        if (closed) {
            kill(process);
            throw new TortureFailure("Stopped.");
        }
        started.removeIf(other -> !other.isAlive());
        started.add(process);
        String pids = started.stream().map(each -> each.pid() + "\n").collect(Collectors.joining());
        try {
            Path draft = Files.writeString(list.resolveSibling("processes.draft"), pids);
            Files.move(draft, list, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new TortureFailure(list + " cannot be written: " + e.getMessage(), e);
        }
    }

    synchronized boolean isClosed() {
        return closed;
    }

    /** SIGKILL for the process and all that descend from it. */
    static void kill(ProcessHandle process) {
        Set<ProcessHandle> tree = new LinkedHashSet<>();
        process.descendants().forEach(tree::add);
        process.destroyForcibly();
        tree.forEach(ProcessHandle::destroyForcibly);
    }

    /** Nothing is asked to end in good order: there is nothing to be kept. */
    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            started.forEach(Processes::kill);
            guard.destroyForcibly();
        }
    }
}
