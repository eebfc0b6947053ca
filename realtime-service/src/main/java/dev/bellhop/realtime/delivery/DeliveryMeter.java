package dev.bellhop.realtime.delivery;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.stream.IntStream;

/** Figures of delivery, without organisation or user. Thread-safe. */
public final class DeliveryMeter {
    /** Of the histogram's buckets. */
    private static final Duration[] BOUNDS = IntStream.of(1, 2, 5, 10, 20, 50, 100, 250, 500, 1000, 2500, 10_000)
            .mapToObj(Duration::ofMillis)
            .toArray(Duration[]::new);

    private final Counter delivered;
    private final Timer latency;

    public DeliveryMeter(MeterRegistry registry) {
        delivered = Counter.builder("bellhop.deliveries")
                .description("Events put into the queue of a connection")
                .register(registry);
        latency = Timer.builder("bellhop.delivery.latency")
                .description("From the commit of an append to the write to the sockets of this node, sampled")
                .serviceLevelObjectives(BOUNDS)
                .register(registry);
    }

    /** A sample: what was appended that long ago has been written. */
    void written(Duration sinceCommit) {
        latency.record(sinceCommit);
    }

    void delivered(int events) {
        delivered.increment(events);
    }

    public long deliveries() {
        return (long) delivered.count();
    }
}
