package dev.bellhop.realtime.ingest;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.UUID;

/**
 * Which body came under which {@code webhook-id}, for as long as a signature of it can be good on either side of now. Of this
 * node: that no event is logged twice is the log's own promise, this one finds a producer that mixes up its batches.
 * Thread-safe.
 */
final class TakenIds {
    private static final Duration KEPT = Duration.ofMinutes(10);
    private static final int MAX_IDS = 100_000;

    private record Batch(UUID orgId, String id) {}

    private final Cache<Batch, ByteBuffer> digests =
            Caffeine.newBuilder().expireAfterWrite(KEPT).maximumSize(MAX_IDS).build();

    /** @return false when the id was used for another body of the organisation */
    boolean take(UUID orgId, String id, byte[] body) {
        ByteBuffer digest = digest(body);
        ByteBuffer before = digests.asMap().putIfAbsent(new Batch(orgId, id), digest);
        return before == null || before.equals(digest);
    }

    /** The body was not taken after all, so its producer may mend it. */
    void release(UUID orgId, String id, byte[] body) {
        digests.asMap().remove(new Batch(orgId, id), digest(body));
    }

    private static ByteBuffer digest(byte[] body) {
        try {
            return ByteBuffer.wrap(MessageDigest.getInstance("SHA-256").digest(body))
                    .asReadOnlyBuffer();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
