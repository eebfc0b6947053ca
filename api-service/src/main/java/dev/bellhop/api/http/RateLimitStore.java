package dev.bellhop.api.http;

import java.time.Duration;
import java.util.Optional;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.mapper.RowMapper;

/** What was used of every limit, in PostgreSQL, for all instances. A key's window begins with its first use. Thread-safe. */
public final class RateLimitStore {
    /**
     * @param used in this window, perhaps more than the limit
     * @param left until the window ends, by the clock of the database
     */
    record Usage(long used, Duration left) {}

    private static final RowMapper<Usage> USAGE =
            (rs, ctx) -> new Usage(rs.getLong("used"), Duration.ofMillis(rs.getLong("left_ms")));

    private final Jdbi jdbi;

    /** @param jdbi not the one of the requests, whose transaction would keep the row locked and might be rolled back */
    public RateLimitStore(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    /** Counts, in one statement. */
    Usage add(String policy, String key, int count, Duration window) {
        return jdbi.withHandle(handle -> handle.createQuery("""
                        insert into rate_limit as r (policy, key, used, ends_at)
                        values (:policy, sha256(convert_to(:key, 'UTF8')), :count, now() + :window)
                        on conflict (policy, key) do update
                        set used = case when r.ends_at > now() then r.used + excluded.used else excluded.used end,
                            ends_at = case when r.ends_at > now() then r.ends_at else excluded.ends_at end
                        returning used, ceil(extract(epoch from ends_at - now()) * 1000) as left_ms""")
                .bind("policy", policy)
                .bind("key", key)
                .bind("count", count)
                .bind("window", window)
                .map(USAGE)
                .one());
    }

    /** @return empty when the key was not used in this window */
    Optional<Usage> find(String policy, String key) {
        return jdbi.withHandle(handle -> handle.createQuery("""
                        select used, ceil(extract(epoch from ends_at - now()) * 1000) as left_ms from rate_limit
                        where policy = :policy and key = sha256(convert_to(:key, 'UTF8')) and ends_at > now()""")
                .bind("policy", policy)
                .bind("key", key)
                .map(USAGE)
                .findOne());
    }

    /** Forgets what counts no longer. */
    public void deleteEnded() {
        jdbi.useHandle(handle -> handle.execute("delete from rate_limit where ends_at < now()"));
    }
}
