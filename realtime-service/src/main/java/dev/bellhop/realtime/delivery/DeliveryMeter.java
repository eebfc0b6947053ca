package dev.bellhop.realtime.delivery;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;

/** Figures of delivery, without organisation or user. Thread-safe. */
public final class DeliveryMeter {
    private final Counter delivered;

    public DeliveryMeter(MeterRegistry registry) {
        delivered = Counter.builder("bellhop.deliveries")
                .description("Events put into the queue of a connection")
                .register(registry);
    }

    void delivered(int events) {
        delivered.increment(events);
    }

    public long deliveries() {
        return (long) delivered.count();
    }
}
