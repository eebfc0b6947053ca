package dev.bellhop.api.outbox;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Places at which a test can end the process as {@code kill -9} would. Off unless the system property
 * {@code bellhop.failpoints} says {@code NAME=halt} or {@code NAME=halt@N} (at the Nth time), several separated by commas.
 */
final class Failpoints {
    private static final Map<String, AtomicInteger> HITS_LEFT = parse(System.getProperty("bellhop.failpoints", ""));

    private Failpoints() {}

    static void hit(String name) {
        AtomicInteger left = HITS_LEFT.get(name);
        if (left != null && left.decrementAndGet() == 0) {
            Runtime.getRuntime().halt(137);
        }
    }

    private static Map<String, AtomicInteger> parse(String property) {
        Map<String, AtomicInteger> points = new ConcurrentHashMap<>();
        for (String point : property.split(",", -1)) {
            int equals = point.indexOf("=halt");
            if (equals > 0) {
                String times = point.substring(equals + "=halt".length()).replace("@", "");
                points.put(
                        point.substring(0, equals), new AtomicInteger(times.isEmpty() ? 1 : Integer.parseInt(times)));
            }
        }
        return points;
    }
}
