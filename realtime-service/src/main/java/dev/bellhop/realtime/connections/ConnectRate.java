package dev.bellhop.realtime.connections;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.github.bucket4j.Bucket;
import java.time.Duration;

/** How often one address may try to connect. Thread-safe. */
final class ConnectRate {
    /** Beyond it the addresses that were quiet longest are forgotten, and begin with a full measure again. */
    private static final int MAX_ADDRESSES = 100_000;

    private final int perSecond;
    private final Cache<String, Bucket> buckets = Caffeine.newBuilder()
            .maximumSize(MAX_ADDRESSES)
            .expireAfterAccess(Duration.ofSeconds(10))
            .build();

    /** @param perSecond of one address, and as many at once; 0 for no limit */
    ConnectRate(int perSecond) {
        this.perSecond = perSecond;
    }

    boolean allows(String address) {
        return perSecond == 0 || buckets.get(address, first -> bucket()).tryConsume(1);
    }

    private Bucket bucket() {
        return Bucket.builder()
                .addLimit(limit -> limit.capacity(perSecond).refillGreedy(perSecond, Duration.ofSeconds(1)))
                .build();
    }
}
