package dev.bellhop.torture;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Live heap of a service over a long run: whether it grows. Looked at every 15 s; of each five minutes the lowest counts. Queues,
 * replays and requests under way are live too, for a moment, and only ever add: the lows are what the service keeps at rest, and a
 * leak raises them as it raises the rest. What counts is the longest time for which it was one and the same process, without its
 * first ten minutes, for which some of its caches keep what they have.
 */
final class HeapTrend {
    private static final Duration INTERVAL = Duration.ofSeconds(15);
    private static final Duration WINDOW = Duration.ofMinutes(5);
    private static final int FILLING_WINDOWS = 2;
    private static final int LEAST_WINDOWS = 5;
    private static final double MOST_PERCENT_PER_HOUR = 1;

    /** @param seconds since the first look at any process */
    record Sample(double seconds, long pid, long bytes) {}

    /**
     * A line through the lows.
     *
     * @param error standard error of the slope
     * @param minutes that all windows together cover
     */
    record Slope(double percentPerHour, double error, int windows, long minutes) {
        /** Beyond doubt. */
        boolean grows() {
            return percentPerHour - 2 * error > MOST_PERCENT_PER_HOUR;
        }

        @Override
        public String toString() {
            return String.format(
                    Locale.ROOT,
                    "%+.2f ± %.2f %%/h in %d windows, %d minutes",
                    percentPerHour,
                    2 * error,
                    windows,
                    minutes);
        }
    }

    private final Service service;
    private final Path file;
    private final long begin = System.nanoTime();
    /** Guarded by itself. */
    private final List<Sample> samples = new ArrayList<>();

    private final Thread thread = new Thread(this::watch, "heap");

    /** @param file for all that was seen, written in the end */
    HeapTrend(Service service, Path file) {
        this.service = service;
        this.file = file;
    }

    void start() {
        thread.setDaemon(true);
        thread.start();
    }

    private void watch() {
        ProcessHandle before = null;
        try {
            while (true) {
                TimeUnit.NANOSECONDS.sleep(INTERVAL.toNanos());
                ProcessHandle process = service.process();
                if (process.equals(before)) { // jcmd ends a JVM that is too young to be asked
                    look(process);
                }
                before = process;
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    private void look(ProcessHandle process) throws InterruptedException {
        try {
            long bytes = Footprint.liveHeapBytes(process);
            synchronized (samples) {
                samples.add(new Sample((System.nanoTime() - begin) / 1e9, process.pid(), bytes));
            }
        } catch (TortureFailure gone) {
            // It ended while it was looked at, as it should now and then.
        }
    }

    /** @return empty when no process lived long enough */
    Optional<Slope> stop() throws IOException {
        thread.interrupt();
        synchronized (samples) {
            write();
            return slope(samples);
        }
    }

    private void write() throws IOException {
        Stream<String> rows = samples.stream()
                .map(sample ->
                        String.format(Locale.ROOT, "%.1f,%d,%d", sample.seconds(), sample.pid(), sample.bytes()));
        Files.write(file, Stream.concat(Stream.of("seconds,pid,bytes"), rows).toList());
    }

    /** @return empty when no process was seen in enough windows */
    static Optional<Slope> slope(List<Sample> samples) {
        List<Sample> lows = lows(longest(samples));
        int n = lows.size();
        if (n < LEAST_WINDOWS) {
            return Optional.empty();
        }
        double time = lows.stream().mapToDouble(Sample::seconds).average().orElseThrow();
        double bytes = lows.stream().mapToDouble(Sample::bytes).average().orElseThrow();
        double square = 0;
        double product = 0;
        for (Sample low : lows) {
            square += (low.seconds() - time) * (low.seconds() - time);
            product += (low.seconds() - time) * (low.bytes() - bytes);
        }
        double slope = product / square;
        double rest = 0;
        for (Sample low : lows) {
            double off = low.bytes() - bytes - slope * (low.seconds() - time);
            rest += off * off;
        }
        double error = Math.sqrt(rest / (n - 2) / square);
        double percentPerHour = 100 / bytes * Duration.ofHours(1).toSeconds();
        return Optional.of(new Slope(slope * percentPerHour, error * percentPerHour, n, n * WINDOW.toMinutes()));
    }

    private static List<Sample> longest(List<Sample> samples) {
        List<Sample> longest = List.of();
        List<Sample> current = new ArrayList<>();
        for (Sample sample : samples) {
            if (!current.isEmpty() && current.get(0).pid() != sample.pid()) {
                current = new ArrayList<>();
            }
            current.add(sample);
            longest = current.size() > longest.size() ? current : longest;
        }
        return longest;
    }

    /** Of whole windows only: the lowest of a few is higher than the lowest of many. */
    private static List<Sample> lows(List<Sample> life) {
        if (life.isEmpty()) {
            return List.of();
        }
        double first = life.get(0).seconds();
        int whole = window(life.get(life.size() - 1).seconds() + INTERVAL.toSeconds() - first);
        return life.stream()
                .collect(Collectors.groupingBy(sample -> window(sample.seconds() - first)))
                .entrySet()
                .stream()
                .filter(window -> window.getKey() >= FILLING_WINDOWS && window.getKey() < whole)
                .map(window -> window.getValue().stream()
                        .min(Comparator.comparingLong(Sample::bytes))
                        .orElseThrow())
                .toList();
    }

    private static int window(double seconds) {
        return (int) (seconds / WINDOW.toSeconds());
    }
}
