package dev.bellhop.quickstart;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The server process of one PostgreSQL data directory, found by the {@code postmaster.pid} in it (PostgreSQL manual,
 * "Database file layout"). Outlives the JVM that started it when that one is killed.
 */
final class Postmaster {
    /** How long a process may take to be gone after it was killed. */
    private static final Duration KILLED = Duration.ofSeconds(5);

    private final ProcessHandle process;

    private Postmaster(ProcessHandle process) {
        this.process = process;
    }

    /**
     * The process that serves this directory, if there is one. A {@code postmaster.pid} whose number has gone to another
     * program since is removed: PostgreSQL would take that program for a server and refuse to start.
     *
     * @param directory an absolute path without symbolic links
     * @throws StartFailure when the file names a PostgreSQL that may or may not be the one of this directory
     */
    static Optional<Postmaster> of(Path directory) throws StartFailure {
        Path file = directory.resolve("postmaster.pid");
        try {
            List<String> lines = Files.readAllLines(file);
            Optional<ProcessHandle> alive = lines.isEmpty() ? Optional.empty() : process(lines.get(0));
            if (alive.isEmpty()) {
                return Optional.empty();
            }
            ProcessHandle process = alive.get();
            Optional<String> program = process.info().command().map(Postmaster::fileName);
            if (program.isPresent() && !isPostgres(program.get())) {
                Files.delete(file);
                return Optional.empty();
            }
            if (program.isPresent() && lines.size() > 1 && serves(process, lines.get(1), directory)) {
                return Optional.of(new Postmaster(process));
            }
            throw new StartFailure(file + " names process " + process.pid()
                    + ", which may be a PostgreSQL of another place or user. Stop that process, or delete the file if it has"
                    + " nothing to do with Bellhop.");
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw new StartFailure(file + " cannot be read: " + DataDirectory.reason(e) + ".", e);
        }
    }

    private static Optional<ProcessHandle> process(String line) {
        try {
            // Negative while initdb runs a server of its own in the directory.
            return ProcessHandle.of(Math.abs(Long.parseLong(line.trim()))).filter(ProcessHandle::isAlive);
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }

    /** Whether the file is no copy from another directory and the process was started with its path. */
    private static boolean serves(ProcessHandle process, String recorded, Path directory) throws IOException {
        Path path = Path.of(recorded);
        boolean recordedHere = Files.isDirectory(path) && Files.isSameFile(path, directory);
        // Windows does not tell arguments.
        return recordedHere
                && process.info()
                        .arguments()
                        .map(arguments -> Arrays.asList(arguments).contains(recorded))
                        .orElse(true);
    }

    /** Ends what a killed start may have left at work on a directory that was never finished. */
    static void endStrays(Path directory) {
        List<ProcessHandle> strays = ProcessHandle.allProcesses()
                .filter(process -> process.info()
                        .command()
                        .map(Postmaster::fileName)
                        .filter(name -> name.startsWith("initdb") || isPostgres(name))
                        .isPresent())
                .filter(process -> process.info()
                        .arguments()
                        .filter(arguments ->
                                Arrays.stream(arguments).anyMatch(argument -> argument.endsWith(directory.toString())))
                        .isPresent())
                .toList();
        strays.forEach(ProcessHandle::destroyForcibly);
        strays.forEach(process -> awaitEnd(process));
    }

    private static void awaitEnd(ProcessHandle process) {
        try {
            process.onExit().get(KILLED.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (TimeoutException | ExecutionException e) {
            throw new IllegalStateException("process " + process.pid() + " does not end", e);
        }
    }

    private static String fileName(String command) {
        return String.valueOf(Path.of(command).getFileName());
    }

    private static boolean isPostgres(String program) {
        // " (deleted)" follows when the binary was replaced while it ran.
        return program.equals("postgres") || program.equals("postgres.exe") || program.equals("postgres (deleted)");
    }

    ProcessHandle process() {
        return process;
    }

    boolean isRunning() {
        return process.isAlive();
    }

    /** Completes when the process is gone. */
    CompletableFuture<ProcessHandle> onExit() {
        return process.onExit();
    }
}
