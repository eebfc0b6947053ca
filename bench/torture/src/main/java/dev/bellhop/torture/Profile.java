package dev.bellhop.torture;

import java.time.Duration;

/**
 * How hard a run is, and the least that has to have happened in it: a run in which nothing happened proves nothing.
 *
 * @param duration from the start of the first process to the check
 * @param clients at any time
 * @param operationsPerSecond through the API
 * @param kills processes that are ended without a warning, at least
 * @param databaseCrashes of PostgreSQL, at least
 * @param rollingRestarts of all realtime services, one after the other, at least
 * @param redisRestarts with the Redis engine, at least
 * @param retentions times that a node takes all but the newest events, at least; only with them may a resume be refused
 * @param deliveries at least
 * @param overflows of the queues of clients that read too slowly, at least
 * @param sampleOneOf of so many clients one keeps every entity that it is told of, to compare it with the database
 */
record Profile(
        String name,
        Duration duration,
        int clients,
        int operationsPerSecond,
        int kills,
        int databaseCrashes,
        int rollingRestarts,
        int redisRestarts,
        int retentions,
        long deliveries,
        int overflows,
        int sampleOneOf) {

    static final Profile CI = new Profile("ci", Duration.ofSeconds(90), 30, 40, 6, 0, 0, 0, 0, 30_000, 0, 2);
    static final Profile MAIN = new Profile("main", Duration.ofMinutes(5), 60, 60, 20, 1, 1, 1, 0, 150_000, 1, 4);
    static final Profile SOAK = new Profile("soak", Duration.ofHours(1), 80, 40, 200, 6, 10, 10, 6, 1_000_000, 20, 40);

    /** The profile that is meant for that long; its demands are those of its own length, in proportion. */
    static Profile lasting(Duration duration) {
        Profile base = duration.compareTo(Duration.ofSeconds(180)) < 0
                ? CI
                : duration.compareTo(Duration.ofMinutes(20)) < 0 ? MAIN : SOAK;
        return base.scaled(duration);
    }

    static Profile named(String name) {
        return switch (name) {
            case "ci" -> CI;
            case "main" -> MAIN;
            case "soak" -> SOAK;
            default -> throw new IllegalArgumentException("there is no profile " + name);
        };
    }

    Profile scaled(Duration other) {
        double factor = Math.max(
                0, faultTime(other).toMillis() / (double) faultTime(duration).toMillis());
        return new Profile(
                name,
                other,
                clients,
                operationsPerSecond,
                (int) (kills * factor),
                (int) (databaseCrashes * factor),
                (int) (rollingRestarts * factor),
                (int) (redisRestarts * factor),
                (int) (retentions * factor),
                (long) (deliveries * factor),
                (int) (overflows * factor),
                sampleOneOf);
    }

    Profile withClients(int count) {
        return new Profile(
                name,
                duration,
                count,
                operationsPerSecond,
                kills,
                databaseCrashes,
                rollingRestarts,
                redisRestarts,
                retentions,
                deliveries * Math.min(count, clients) / clients,
                overflows,
                sampleOneOf);
    }

    Profile withRetentions(int count) {
        return new Profile(
                name,
                duration,
                clients,
                operationsPerSecond,
                kills,
                databaseCrashes,
                rollingRestarts,
                redisRestarts,
                count,
                deliveries,
                overflows,
                sampleOneOf);
    }

    /** Long enough to see whether a heap grows: fifty minutes are left when the last service that is followed was killed. */
    boolean followsHeap() {
        return duration.compareTo(Duration.ofHours(1)) >= 0;
    }

    Duration faultTime() {
        return faultTime(duration);
    }

    /** The rest of the duration is for the start, the way to full load, healing, and reading everything back. */
    private static Duration faultTime(Duration whole) {
        long tail = Math.max(18, Math.min(60, whole.toSeconds() / 6));
        return whole.minusSeconds(18 + tail);
    }
}
