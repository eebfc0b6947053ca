package dev.bellhop.torture;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * What a JVM holds: proc(5) and jcmd.
 *
 * @param heapBytes of live objects, after a full collection that this asks for
 */
record Footprint(int threads, int files, long heapBytes) {
    private static final Path PROC = Path.of("/proc");

    static Footprint of(ProcessHandle jvm) throws TortureFailure, InterruptedException {
        Path directory = PROC.resolve(Long.toString(jvm.pid()));
        try (Stream<Path> files = Files.list(directory.resolve("fd"))) {
            int threads = Files.readAllLines(directory.resolve("status"), StandardCharsets.ISO_8859_1).stream()
                    .filter(line -> line.startsWith("Threads:"))
                    .mapToInt(line ->
                            Integer.parseInt(line.substring("Threads:".length()).trim()))
                    .sum();
            return new Footprint(threads, (int) files.count(), liveHeapBytes(jvm));
        } catch (NoSuchFileException ended) {
            throw new TortureFailure("Process " + jvm.pid() + " ended while it was looked at.", ended);
        } catch (IOException e) {
            throw new TortureFailure("The test needs Linux with /proc: " + e.getMessage(), e);
        }
    }

    private static long liveHeapBytes(ProcessHandle jvm) throws IOException, TortureFailure, InterruptedException {
        String jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
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
    }
}
