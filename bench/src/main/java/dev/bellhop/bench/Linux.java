package dev.bellhop.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** What the kernel says of processors and processes: proc(5) and taskset(1). */
final class Linux {
    /** USER_HZ, which is 100 on every architecture that JDKs are built for. */
    private static final double TICKS_PER_SECOND = 100;

    private static final Path PROC = Path.of("/proc");

    private Linux() {}

    /** Processor time in seconds since the machine started. */
    record Machine(double total, double busy) {
        static Machine now() throws IOException {
            List<String> fields = words(firstLine(PROC.resolve("stat")));
            double total = 0;
            for (String field : fields.subList(1, 9)) { // user to steal; guests are counted in user
                total += Long.parseLong(field);
            }
            double idle = Long.parseLong(fields.get(4)) + Long.parseLong(fields.get(5));
            return new Machine(total / TICKS_PER_SECOND, (total - idle) / TICKS_PER_SECOND);
        }
    }

    /** How many the machine has; a pinned JVM sees only its own. */
    static int processors() throws IOException {
        return (int) Files.readAllLines(PROC.resolve("stat"), StandardCharsets.ISO_8859_1).stream()
                .filter(line -> line.matches("cpu[0-9].*"))
                .count();
    }

    /** Moves this process with all its threads onto one processor; what it starts from now on is there, too. */
    static void pinThisProcess(String processor) throws BenchFailure {
        run(List.of(
                "taskset",
                "-a",
                "-p",
                "-c",
                processor,
                Long.toString(ProcessHandle.current().pid())));
    }

    /** Lets a process and all that descend from it run on every processor. */
    static void unpin(ProcessHandle root) throws BenchFailure, IOException {
        for (long pid : tree(root)) {
            run(List.of("taskset", "-a", "-p", "-c", "0-" + (processors() - 1), Long.toString(pid)));
        }
    }

    /** The command that runs another one on one processor. */
    static List<String> pinned(String processor, List<String> command) {
        List<String> words = new ArrayList<>(List.of("taskset", "-c", processor));
        words.addAll(command);
        return words;
    }

    /** Resident memory of a process and all that descend from it, in bytes. */
    static long residentBytes(ProcessHandle root) throws IOException {
        long bytes = 0;
        for (long pid : tree(root)) {
            for (String line : lines(pid, "status")) {
                if (line.startsWith("VmRSS:")) {
                    bytes += Long.parseLong(words(line).get(1)) * 1024;
                }
            }
        }
        return bytes;
    }

    /** Processor time of a process and all that descend from it, also those that have ended, in user and kernel mode. */
    static double treeSeconds(ProcessHandle root) throws IOException {
        double seconds = 0;
        for (long pid : tree(root)) {
            seconds += seconds(pid, 11, 12, 13, 14);
        }
        return seconds;
    }

    /** Processor time of this process alone: what it started is counted by itself. */
    static double ownSeconds() throws IOException {
        return seconds(ProcessHandle.current().pid(), 11, 12);
    }

    /** @param fields of proc(5) in ticks, counted from the one after the name */
    private static double seconds(long pid, int... fields) throws IOException {
        double ticks = 0;
        for (String line : lines(pid, "stat")) {
            // The second field is the program's name in parentheses and may hold anything.
            List<String> values = words(line.substring(line.lastIndexOf(')') + 2));
            for (int field : fields) {
                ticks += Long.parseLong(values.get(field));
            }
        }
        return ticks / TICKS_PER_SECOND;
    }

    /** Bytes of live objects on a JVM's heap, after a full collection that this asks for. */
    static long liveHeapBytes(ProcessHandle jvm) throws BenchFailure {
        String jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
        String histogram = run(List.of(jcmd, Long.toString(jvm.pid()), "GC.class_histogram"));
        return histogram
                .lines()
                .filter(line -> line.startsWith("Total "))
                .mapToLong(line -> Long.parseLong(words(line).get(2)))
                .findFirst()
                .orElseThrow(() -> new BenchFailure("jcmd shows no heap: " + histogram));
    }

    private static long[] tree(ProcessHandle root) {
        return Stream.concat(Stream.of(root), root.descendants())
                .mapToLong(ProcessHandle::pid)
                .toArray();
    }

    /** No lines for a process that has ended meanwhile. */
    private static List<String> lines(long pid, String file) throws IOException {
        try {
            return Files.readAllLines(PROC.resolve(Long.toString(pid)).resolve(file), StandardCharsets.ISO_8859_1);
        } catch (NoSuchFileException ended) {
            return List.of();
        }
    }

    private static String firstLine(Path file) throws IOException {
        return Files.readAllLines(file, StandardCharsets.ISO_8859_1).get(0);
    }

    private static List<String> words(String line) {
        return Arrays.asList(line.trim().split("\\s+", -1));
    }

    private static String run(List<String> command) throws BenchFailure {
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            process.getOutputStream().close();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw new BenchFailure(String.join(" ", command) + " failed: " + output.trim());
            }
            return output;
        } catch (IOException e) {
            throw new BenchFailure("The benchmark needs Linux with taskset and a JDK: " + e.getMessage() + ".", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new BenchFailure("Interrupted.", e);
        }
    }
}
