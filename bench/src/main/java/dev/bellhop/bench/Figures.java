package dev.bellhop.bench;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.Collectors;
import org.HdrHistogram.Histogram;

/** The figures of one measurement by their names, which are the columns of the report, in its order. */
final class Figures {
    static final String DELIVERIES = "deliveries/s";
    static final String P50 = "p50 ms";
    static final String P99 = "p99 ms";
    static final String RESIDENT = "RSS KB/client";
    static final String COLD = "cold clients/s";
    static final String WARM = "warm clients/s";
    static final String FIRST_RETURNS = "first clients back/s";
    static final String RETURNS = "clients back/s";
    static final String DELIVERED = "delivered %";
    static final String EVENTS = "events/s";
    static final String WRITES = "writes/s";
    static final String OTHERS = "other CPU %";

    private final Map<String, Double> values = new LinkedHashMap<>();

    Figures put(String name, double value) {
        values.put(name, value);
        return this;
    }

    Figures put(String name, long value) {
        return put(name, (double) value);
    }

    OptionalDouble get(String name) {
        Double value = values.get(name);
        return value == null ? OptionalDouble.empty() : OptionalDouble.of(value);
    }

    Map<String, Double> values() {
        return values;
    }

    @Override
    public String toString() {
        return values.entrySet().stream()
                .map(entry -> String.format(Locale.ROOT, "%s %,.1f", entry.getKey(), entry.getValue()))
                .collect(Collectors.joining(", "));
    }

    /** What latencies there were, in milliseconds. */
    Figures putLatencies(Histogram nanoseconds) {
        put(P50, nanoseconds.getValueAtPercentile(50) / 1e6);
        put(P99, nanoseconds.getValueAtPercentile(99) / 1e6);
        return put("max ms", nanoseconds.getMaxValue() / 1e6);
    }

    Figures putFaults(LoadClient.Delivered delivered) {
        put("missing", delivered.missing());
        put("doubled", delivered.duplicated());
        return put("reordered", delivered.reordered());
    }
}
