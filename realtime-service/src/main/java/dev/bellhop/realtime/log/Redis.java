package dev.bellhop.realtime.log;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisException;
import io.lettuce.core.RedisNoScriptException;
import io.lettuce.core.RedisURI;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.SocketOptions;
import io.lettuce.core.TimeoutOptions;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.DefaultClientResources;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One Redis server, version 6.2 or newer. A call that gets no answer within 5 s fails, and so does every call while the line is
 * down, which is mended in the background; what was under way is not sent again, since nobody knows whether it was done.
 * Thread-safe: calls share one connection.
 */
final class Redis implements AutoCloseable {
    private static final Duration TIMEOUT = Duration.ofSeconds(5);
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(3);
    private static final int IO_THREADS = 2;

    private static final Logger log = LoggerFactory.getLogger(Redis.class);

    /** What has to be set for an acknowledged event to survive, and what it costs when it is not. */
    private static final Map<String, String> DURABLE = Map.of(
            "appendonly", "yes",
            "appendfsync", "always",
            "maxmemory-policy", "noeviction");

    /** A Lua program; it is sent once and then known by its digest. */
    static final class Script {
        private final String text;
        private volatile String digest;

        private Script(String text) {
            this.text = text;
        }

        /** @param names files beside each other in {@code /redis}, run as one */
        static Script of(String... names) {
            StringBuilder text = new StringBuilder();
            for (String name : names) {
                try (InputStream file = Redis.class.getResourceAsStream("/redis/" + name)) {
                    text.append(new String(file.readAllBytes(), StandardCharsets.UTF_8));
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
            return new Script(text.toString());
        }
    }

    private final ClientResources resources;
    private final RedisClient client;
    private final StatefulRedisConnection<String, String> connection;

    private Redis(ClientResources resources, RedisClient client, StatefulRedisConnection<String, String> connection) {
        this.resources = resources;
        this.client = client;
        this.connection = connection;
    }

    /**
     * @param url {@code redis://} or {@code rediss://}, with password and database where needed
     * @throws RedisException when the server cannot be reached
     */
    static Redis open(String url) {
        ClientResources resources = DefaultClientResources.builder()
                .ioThreadPoolSize(IO_THREADS)
                .computationThreadPoolSize(IO_THREADS)
                .build();
        RedisURI uri = RedisURI.create(url);
        uri.setTimeout(TIMEOUT);
        RedisClient client = RedisClient.create(resources, uri);
        client.setOptions(ClientOptions.builder()
                .disconnectedBehavior(ClientOptions.DisconnectedBehavior.REJECT_COMMANDS)
                .replayFilter(command -> true)
                .timeoutOptions(TimeoutOptions.enabled(TIMEOUT))
                .socketOptions(SocketOptions.builder()
                        .connectTimeout(CONNECT_TIMEOUT)
                        .keepAlive(true)
                        .build())
                .build());
        try {
            Redis redis = new Redis(resources, client, client.connect());
            redis.warnOfLoss();
            return redis;
        } catch (RuntimeException failure) {
            shutDown(client, resources);
            throw failure;
        }
    }

    /** An event is acknowledged when Redis has it on its disk, and Redis does so only when it is told. */
    private void warnOfLoss() {
        Map<String, String> found;
        try {
            found = connection.sync().configGet(DURABLE.keySet().toArray(String[]::new));
        } catch (RedisCommandExecutionException refused) {
            log.warn(
                    "this Redis does not tell its settings; acknowledged events survive its crash only with {}",
                    DURABLE);
            return;
        }
        DURABLE.forEach((setting, needed) -> {
            if (!needed.equals(found.get(setting))) {
                log.warn(
                        "acknowledged events can be lost with Redis: {} is {}, not {}",
                        setting,
                        found.get(setting),
                        needed);
            }
        });
    }

    RedisCommands<String, String> calls() {
        return connection.sync();
    }

    /** For several calls at once; who uses it waits for the answers. */
    RedisAsyncCommands<String, String> pipeline() {
        return connection.async();
    }

    /** A connection of its own that hears what is published; it comes back by itself when the line breaks. */
    StatefulRedisPubSubConnection<String, String> listen() {
        return client.connectPubSub();
    }

    /** Runs a script in one round trip, or two when the server does not know it yet. */
    List<Object> run(Script script, String[] keys, String... arguments) {
        if (script.digest == null) {
            script.digest = connection.sync().digest(script.text);
        }
        try {
            return connection.sync().evalsha(script.digest, ScriptOutputType.MULTI, keys, arguments);
        } catch (RedisNoScriptException unknown) {
            return connection.sync().eval(script.text, ScriptOutputType.MULTI, keys, arguments);
        }
    }

    @Override
    public void close() {
        connection.close();
        shutDown(client, resources);
    }

    private static void shutDown(RedisClient client, ClientResources resources) {
        client.shutdown(Duration.ZERO, Duration.ofSeconds(2));
        resources.shutdown(0, 2, java.util.concurrent.TimeUnit.SECONDS).awaitUninterruptibly();
    }
}
