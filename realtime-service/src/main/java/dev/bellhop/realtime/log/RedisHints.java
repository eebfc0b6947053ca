package dev.bellhop.realtime.log;

import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import java.util.function.Consumer;

/** Hints by publish and subscribe. */
final class RedisHints implements Hints {
    private static final String CHANNEL = "bellhop:hints";

    private final Redis redis;
    private volatile StatefulRedisPubSubConnection<String, String> connection;

    RedisHints(Redis redis) {
        this.redis = redis;
    }

    @Override
    public void listen(Consumer<String> heard) {
        connection = redis.listen();
        connection.addListener(new RedisPubSubAdapter<>() {
            @Override
            public void message(String channel, String text) {
                heard.accept(text);
            }
        });
        connection.sync().subscribe(CHANNEL);
    }

    @Override
    public void say(String text) {
        redis.calls().publish(CHANNEL, text);
    }

    @Override
    public void close() {
        if (connection != null) {
            connection.close();
        }
    }
}
