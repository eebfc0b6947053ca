package dev.bellhop.api.http;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.bellhop.model.problem.Problem;
import io.github.bucket4j.Bucket;
import io.github.bucket4j.ConsumptionProbe;
import io.github.bucket4j.EstimationProbe;
import io.javalin.http.Context;
import java.time.Duration;

/**
 * So many calls a minute for each key, as a token bucket, told with the headers of the RateLimit draft
 * (draft-ietf-httpapi-ratelimit-headers). Keys that were not heard of for two minutes are forgotten. Thread-safe.
 */
public final class RateLimit {
    private static final Duration WINDOW = Duration.ofMinutes(1);

    private final String name;
    private final int quota;
    private final Cache<String, Bucket> buckets = Caffeine.newBuilder()
            .expireAfterAccess(WINDOW.multipliedBy(2))
            .maximumSize(100_000)
            .build();

    /**
     * @param name of the policy in the headers
     * @param quota calls a minute; 0 for no limit
     */
    public RateLimit(String name, int quota) {
        this.name = name;
        this.quota = quota;
    }

    /**
     * Sets the headers.
     *
     * @throws Problem 429 when nothing is left
     */
    public void require(Context ctx, String key) {
        if (quota == 0) {
            return;
        }
        EstimationProbe probe = bucket(key).estimateAbilityToConsume(1);
        answer(ctx, probe.canBeConsumed(), probe.getRemainingTokens(), probe.getNanosToWaitForRefill());
    }

    /**
     * Counts one call and sets the headers.
     *
     * @throws Problem 429 when nothing is left, and then nothing is counted
     */
    public void take(Context ctx, String key) {
        if (quota == 0) {
            return;
        }
        ConsumptionProbe probe = bucket(key).tryConsumeAndReturnRemaining(1);
        answer(ctx, probe.isConsumed(), probe.getRemainingTokens(), probe.getNanosToWaitForRefill());
    }

    private void answer(Context ctx, boolean admitted, long remaining, long nanosToWait) {
        Duration wait = Duration.ofNanos(nanosToWait).plusSeconds(1);
        ctx.header("RateLimit-Policy", "\"" + name + "\";q=" + quota + ";w=" + WINDOW.toSeconds());
        ctx.header(
                "RateLimit",
                "\"" + name + "\";r=" + remaining + ";t=" + (admitted ? WINDOW.toSeconds() : wait.toSeconds()));
        if (!admitted) {
            throw Problem.tooManyRequests("Too many attempts; try again later.", wait);
        }
    }

    /** Counts one call. */
    public void consume(String key) {
        if (quota != 0) {
            bucket(key).consumeIgnoringRateLimits(1);
        }
    }

    private Bucket bucket(String key) {
        return buckets.get(
                key,
                unseen -> Bucket.builder()
                        .addLimit(limit -> limit.capacity(quota).refillIntervally(quota, WINDOW))
                        .build());
    }
}
