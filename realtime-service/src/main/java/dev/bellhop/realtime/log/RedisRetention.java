package dev.bellhop.realtime.log;

import dev.bellhop.realtime.log.Redis.Script;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Retention in the Redis log. A step is one call of a script over at most {@value #STEP} events. */
final class RedisRetention implements Retention {
    private static final int STEP = 500;
    private static final Script TRIM = Script.of("log.lua", "trim.lua");
    private static final Logger log = LoggerFactory.getLogger(RedisRetention.class);

    private final Redis redis;
    private final Kept kept;

    RedisRetention(Redis redis, Kept kept) {
        this.redis = redis;
        this.kept = kept;
    }

    @Override
    public long run() {
        long removed = redis.calls().smembers(RedisEventLog.ORGANISATIONS).stream()
                .mapToLong(orgId -> trim(UUID.fromString(orgId)))
                .sum();
        if (removed > 0) {
            log.info("retention removed events={}", removed);
        }
        return removed;
    }

    private long trim(UUID orgId) {
        long removed = 0;
        long step;
        do {
            step = (Long) redis.run(
                            TRIM,
                            RedisEventLog.keys(orgId),
                            Integer.toString(kept.events()),
                            microseconds(kept.age()),
                            microseconds(kept.controls()),
                            Integer.toString(STEP))
                    .get(0);
            removed += step;
        } while (step > 0);
        return removed;
    }

    private static String microseconds(Duration time) {
        return Long.toString(TimeUnit.MICROSECONDS.convert(time));
    }
}
