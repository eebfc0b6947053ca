package dev.bellhop.realtime;

import dev.bellhop.realtime.testing.RedisExtension;
import dev.bellhop.realtime.testing.RunningRealtime;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.extension.RegisterExtension;

class RedisClusterTest extends ClusterContractTest {
    @Order(1)
    @RegisterExtension
    static final RedisExtension redis = new RedisExtension();

    @Order(2)
    @RegisterExtension
    static final RunningRealtime realtime = node().with("BELLHOP_REDIS_URL", redis.url());

    @Override
    RunningRealtime first() {
        return realtime;
    }
}
