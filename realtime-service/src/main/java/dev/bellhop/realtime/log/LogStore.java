package dev.bellhop.realtime.log;

import dev.bellhop.db.Database;
import dev.bellhop.db.SqlErrors;
import io.lettuce.core.RedisException;

/**
 * Everything that nodes share: the log, its retention, the spans, and the hints. In PostgreSQL or in Redis, never half in one and
 * half in the other, so that a node depends on one server.
 *
 * @param closing releases what the parts hold together
 */
public record LogStore(EventLog log, Retention retention, SpanStore spans, Hints hints, AutoCloseable closing)
        implements AutoCloseable {

    /**
     * @param url JDBC address with user and password
     * @param connections most that are open at once
     * @throws RuntimeException when the server cannot be reached
     */
    public static LogStore postgres(String url, int connections, Retention.Kept kept) {
        Database database = Database.open(url, "bellhop-realtime", connections);
        try {
            Database.migrate(url, "realtime", "db/migration/realtime");
        } catch (RuntimeException failure) {
            database.close();
            throw failure;
        }
        return new LogStore(
                new PostgresEventLog(database.jdbi()),
                new PostgresRetention(database.jdbi(), kept),
                new PostgresSpans(database.jdbi()),
                new PostgresHints(url, database.jdbi()),
                database);
    }

    /**
     * @param url {@code redis://} or {@code rediss://}
     * @throws RuntimeException when the server cannot be reached
     */
    public static LogStore redis(String url, Retention.Kept kept) {
        Redis redis = Redis.open(url);
        return new LogStore(
                new RedisEventLog(redis),
                new RedisRetention(redis, kept),
                new RedisSpans(redis),
                new RedisHints(redis),
                redis);
    }

    /** Whether a failure means that the server could not be reached, does not answer or takes no writes now. */
    public static boolean isAway(Throwable failure) {
        return SqlErrors.isTransient(failure) || isRedisAway(failure);
    }

    private static boolean isRedisAway(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof RedisException) {
                return !String.valueOf(cause.getMessage()).startsWith("ERR"); // which is a fault of ours
            }
        }
        return false;
    }

    @Override
    public void close() {
        hints.close();
        try {
            closing.close();
        } catch (Exception e) {
            throw new IllegalStateException("the store does not close", e);
        }
    }
}
