package dev.bellhop.torture;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Live heap of a service over a long run: whether it grows. Looked at once a minute; what counts is the longest time for which it
 * was one and the same process, without the first minutes, in which its caches fill.
 */
final class HeapTrend {
    private static final Duration INTERVAL = Duration.ofMinutes(1);
    private static final int WARMING_SAMPLES = 4;
    private static final int LEAST_SAMPLES = 15;
    private static final double MOST_PERCENT_PER_HOUR = 1;

    private record Sample(long pid, double hours, double bytes) {}

    /**
     * A line through the samples.
     *
     * @param error standard error of the slope
     */
    record Slope(double percentPerHour, double error, int samples) {
        /** Beyond doubt. */
        boolean grows() {
            return percentPerHour - 2 * error > MOST_PERCENT_PER_HOUR;
        }

        @Override
        public String toString() {
            return String.format(Locale.ROOT, "%+.2f ± %.2f %%/h in %d minutes", percentPerHour, 2 * error, samples);
        }
    }

    private final Service service;
    private final long begin = System.nanoTime();
    /** Guarded by itself. */
    private final List<Sample> samples = new ArrayList<>();

    private final Thread thread = new Thread(this::watch, "heap");

    HeapTrend(Service service) {
        this.service = service;
    }

    void start() {
        thread.setDaemon(true);
        thread.start();
    }

    private void watch() {
        try {
            while (true) {
                TimeUnit.NANOSECONDS.sleep(INTERVAL.toNanos());
                look();
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    private void look() throws InterruptedException {
        ProcessHandle process = service.process();
        try {
            Footprint footprint = Footprint.of(process);
            synchronized (samples) {
                samples.add(new Sample(
                        process.pid(), (System.nanoTime() - begin) / 3.6e12, (double) footprint.heapBytes()));
            }
        } catch (TortureFailure gone) {
            // It ended while it was looked at, as it should now and then.
        }
    }

    /** @return empty when no process lived long enough */
    Optional<Slope> stop() {
        thread.interrupt();
        List<Sample> longest = longest();
        longest = longest.subList(Math.min(WARMING_SAMPLES, longest.size()), longest.size());
        if (longest.size() < LEAST_SAMPLES) {
            return Optional.empty();
        }
        int n = longest.size();
        double hours = longest.stream().mapToDouble(Sample::hours).average().orElseThrow();
        double bytes = longest.stream().mapToDouble(Sample::bytes).average().orElseThrow();
        double square = 0;
        double product = 0;
        for (Sample sample : longest) {
            square += (sample.hours() - hours) * (sample.hours() - hours);
            product += (sample.hours() - hours) * (sample.bytes() - bytes);
        }
        double slope = product / square;
        double rest = 0;
        for (Sample sample : longest) {
            double off = sample.bytes() - bytes - slope * (sample.hours() - hours);
            rest += off * off;
        }
        double error = Math.sqrt(rest / (n - 2) / square);
        return Optional.of(new Slope(100 * slope / bytes, 100 * error / bytes, n));
    }

    private List<Sample> longest() {
        List<Sample> longest = List.of();
        List<Sample> current = new ArrayList<>();
        synchronized (samples) {
            for (Sample sample : samples) {
                if (!current.isEmpty() && current.get(0).pid() != sample.pid()) {
                    current = new ArrayList<>();
                }
                current.add(sample);
                longest = current.size() > longest.size() ? current : longest;
            }
        }
        return longest;
    }
}
