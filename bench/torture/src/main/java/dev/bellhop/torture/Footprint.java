package dev.bellhop.torture;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What a JVM holds: proc(5) and jcmd.
 *
 * @param files open, without the connections of those who call it: how many of them come to which node is theirs to decide
 * @param heapBytes of live objects, after a full collection that this asks for
 */
record Footprint(int threads, int files, long heapBytes) {
    private static final Path PROC = Path.of("/proc");
    /** A state in /proc/net/tcp. */
    private static final String ESTABLISHED = "01";

    /** @param port on which it listens */
    static Footprint of(ProcessHandle jvm, int port) throws TortureFailure, InterruptedException {
        Path directory = PROC.resolve(Long.toString(jvm.pid()));
        Set<String> callers = connectionsTo(port);
        try (Stream<Path> files = Files.list(directory.resolve("fd"))) {
            int threads = Files.readAllLines(directory.resolve("status"), StandardCharsets.ISO_8859_1).stream()
                    .filter(line -> line.startsWith("Threads:"))
                    .mapToInt(line ->
                            Integer.parseInt(line.substring("Threads:".length()).trim()))
                    .sum();
            int own =
                    (int) files.filter(file -> !callers.contains(target(file))).count();
            return new Footprint(threads, own, liveHeapBytes(jvm));
        } catch (NoSuchFileException ended) {
            throw new TortureFailure("Process " + jvm.pid() + " ended while it was looked at.", ended);
        } catch (IOException e) {
            throw new TortureFailure("The test needs Linux with /proc: " + e.getMessage(), e);
        }
    }

    /**
     * Those that stand, by what their descriptors point to. One that was closed by the caller only does not stand. A machine without
     * IPv6 has no table of it.
     */
    private static Set<String> connectionsTo(int port) throws TortureFailure {
        Set<String> sockets = new HashSet<>();
        String local = String.format(Locale.ROOT, ":%04X", port);
        try {
            for (String table : List.of("tcp", "tcp6")) {
                Path file = PROC.resolve("net").resolve(table);
                for (String line : Files.exists(file) ? Files.readAllLines(file) : List.<String>of()) {
                    String[] columns = line.trim().split("\\s+", -1);
                    if (columns[1].endsWith(local) && columns[3].equals(ESTABLISHED)) {
                        sockets.add("socket:[" + columns[9] + "]");
                    }
                }
            }
        } catch (IOException e) {
            throw new TortureFailure("The test needs Linux with /proc: " + e.getMessage(), e);
        }
        return sockets;
    }

    /** Empty for one that was closed in the meantime. */
    private static String target(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString();
        } catch (IOException closed) {
            return "";
        }
    }

    static long liveHeapBytes(ProcessHandle jvm) throws TortureFailure, InterruptedException {
        String jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
        try {
            Process process = new ProcessBuilder(jcmd, Long.toString(jvm.pid()), "GC.class_histogram")
                    .redirectErrorStream(true)
                    .start();
            process.getOutputStream().close();
            String histogram = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            process.waitFor();
            return histogram
                    .lines()
                    .filter(line -> line.startsWith("Total "))
                    .mapToLong(line -> Long.parseLong(line.trim().split("\\s+", -1)[2]))
                    .findFirst()
                    .orElseThrow(() -> new TortureFailure("jcmd shows no heap: " + histogram));
        } catch (IOException e) {
            throw new TortureFailure("jcmd cannot be asked: " + e.getMessage(), e);
        }
    }
}
