package dev.bellhop.realtime.log;

import io.lettuce.core.ScriptOutputType;
import java.util.UUID;
import net.bytebuddy.asm.Advice;

final class ReuseInRedis {
    private static final String GO_BACK = """
            local head = tonumber(redis.call('HGET', KEYS[1], 'head') or 0)
            local last = head - tonumber(ARGV[1])
            if last <= tonumber(redis.call('HGET', KEYS[1], 'floor') or 0) then
                return 0
            end
            local place = string.format('%.0f-0', last)
            for _, entry in ipairs(redis.call('XRANGE', KEYS[2], '(' .. place, '+')) do
                redis.call('XDEL', KEYS[2], entry[1])
                redis.call('XDEL', KEYS[6], entry[1])
                redis.call('HDEL', KEYS[3], entry[2][2])
            end
            redis.call('XSETID', KEYS[2], place)
            if redis.call('EXISTS', KEYS[6]) == 1 then
                redis.call('XSETID', KEYS[6], place)
            end
            local fingerprint = redis.call('XRANGE', KEYS[2], place, place)[1][2][4]
            redis.call('HSET', KEYS[1], 'head', string.format('%.0f', last), 'head_fingerprint', fingerprint)
            return 1""";

    private ReuseInRedis() {}

    @Advice.OnMethodEnter
    static void enter(@Advice.FieldValue("redis") Redis redis, @Advice.Argument(0) UUID orgId) {
        if (ReuseInPostgres.isFirst(orgId)) {
            goBack(redis, orgId);
        }
    }

    static long goBack(Redis redis, UUID orgId) {
        return redis.calls()
                .eval(
                        GO_BACK,
                        ScriptOutputType.INTEGER,
                        RedisEventLog.keys(orgId),
                        Long.toString(ReuseInPostgres.REUSED));
    }
}
