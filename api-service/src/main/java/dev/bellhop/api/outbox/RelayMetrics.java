package dev.bellhop.api.outbox;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.concurrent.atomic.AtomicInteger;

/** What an operator watches of the outbox. Thread-safe. */
final class RelayMetrics {
    private final MeterRegistry registry;
    private final AtomicInteger haltedStreams = new AtomicInteger();
    private volatile OutboxStore.Figures figures = new OutboxStore.Figures(0, 0, 0, 0);

    RelayMetrics(MeterRegistry registry) {
        this.registry = registry;
        Gauge.builder("bellhop.outbox.backlog", this, m -> m.figures.unsequenced() + m.figures.unsent())
                .description("Events that the realtime service has not acknowledged")
                .register(registry);
        Gauge.builder("bellhop.outbox.unsequenced", this, m -> m.figures.unsequenced())
                .register(registry);
        Gauge.builder("bellhop.outbox.oldest.age.seconds", this, m -> m.figures.oldestSeconds())
                .description("Age of the oldest of them; alert above 10")
                .register(registry);
        Gauge.builder("bellhop.outbox.parked", this, m -> m.figures.parked())
                .description("Events that could not be delivered and were replaced by a tombstone; alert above 0")
                .register(registry);
        Gauge.builder("bellhop.outbox.halted.streams", haltedStreams, AtomicInteger::get)
                .description("Organisations whose numbers contradict the receiver's; alert above 0")
                .register(registry);
    }

    void figures(OutboxStore.Figures now) {
        figures = now;
    }

    void delivery(Delivery delivery) {
        registry.counter("bellhop.relay.batches", "result", delivery.result()).increment();
    }

    void sent(int events) {
        registry.counter("bellhop.relay.events").increment(events);
    }

    void halted() {
        haltedStreams.incrementAndGet();
    }
}
