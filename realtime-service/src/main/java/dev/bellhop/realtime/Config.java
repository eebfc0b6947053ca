package dev.bellhop.realtime;

import dev.bellhop.model.config.Env;
import dev.bellhop.model.security.Secret;
import dev.bellhop.model.security.TokenKeys;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Every setting of the service. Docs: docs/configuration.md.
 *
 * @param port 0 takes a free one
 * @param databaseUrl JDBC address with user and password; empty where the log is in Redis
 * @param redisUrl {@code redis://} or {@code rediss://}; where it is given, the log is there
 * @param eventSecrets those that may sign {@code POST /events}
 * @param stripHtml whether HTML elements are taken out of event texts ({@code strip}) or stay ({@code verbatim})
 * @param headerTimeout from the first byte of a request to the end of its headers
 * @param bodyTimeout from there to the end of its body
 * @param retentionAge events younger than this are kept, and so are the newest {@code retentionEvents}
 * @param dashboardDirectory what the build of the dashboard made; without it a page that says how to make it is served
 * @param apiUrl where browsers reach the REST API; empty for the address that serves the dashboard
 * @param allowedOrigins exact origins of pages that may connect; empty allows pages of this service's own host only
 */
public record Config(
        String host,
        int port,
        Optional<String> databaseUrl,
        Optional<String> redisUrl,
        TokenKeys tokenKeys,
        List<Secret> eventSecrets,
        List<String> allowedOrigins,
        boolean stripHtml,
        Limits limits,
        Duration pingInterval,
        Duration pongTimeout,
        Duration tokenSweep,
        Duration staleSweep,
        Duration headerTimeout,
        Duration bodyTimeout,
        Duration followInterval,
        Duration presenceGrace,
        Duration retentionAge,
        int retentionEvents,
        Duration retentionInterval,
        int cacheBytes,
        int cacheTotalBytes,
        Optional<String> metricsToken,
        Optional<Path> dashboardDirectory,
        Optional<URI> apiUrl) {

    /**
     * Bounds on what one client, one user, one address or all of them may take; 0 is none.
     *
     * @param connectsPerSecond attempts from one address; a further one is 429
     * @param queueBytes most bytes that wait for one connection
     */
    public record Limits(
            int connections,
            int connectionsPerUser,
            int connectionsPerAddress,
            int connectsPerSecond,
            int roomsPerConnection,
            int messagesPerSecond,
            int messageBurst,
            int messageBytes,
            int queueBytes) {}

    /** @throws Env.Faults naming every setting that is wrong */
    public static Config from(Map<String, String> variables) {
        Env env = new Env(variables);
        Optional<String> redisUrl = redisUrl(env);
        Config config = new Config(
                env.text("BELLHOP_HOST", "0.0.0.0"),
                env.port("BELLHOP_REALTIME_PORT", 8081),
                redisUrl.isPresent() ? Optional.empty() : Optional.of(databaseUrl(env)),
                redisUrl,
                TokenKeys.from(env, false),
                env.webhookSecrets("BELLHOP_EVENT_SECRETS"),
                env.words("BELLHOP_ALLOWED_ORIGINS"),
                env.oneOf("BELLHOP_SANITIZE", "strip", Set.of("strip", "verbatim"))
                        .equals("strip"),
                new Limits(
                        env.integer("BELLHOP_MAX_CONNECTIONS", 20_000, 0, 10_000_000),
                        env.integer("BELLHOP_MAX_CONNECTIONS_PER_USER", 100, 0, 10_000_000),
                        env.integer("BELLHOP_MAX_CONNECTIONS_PER_ADDRESS", 0, 0, 10_000_000),
                        env.integer("BELLHOP_MAX_CONNECTS_PER_SECOND", 0, 0, 100_000),
                        env.integer("BELLHOP_MAX_ROOMS_PER_CONNECTION", 100, 0, 100_000),
                        env.integer("BELLHOP_MAX_MESSAGES_PER_SECOND", 20, 0, 100_000),
                        env.integer("BELLHOP_MESSAGE_BURST", 40, 1, 100_000),
                        env.integer("BELLHOP_MAX_MESSAGE_BYTES", 65_536, 1024, 1 << 20),
                        env.integer("BELLHOP_QUEUE_BYTES", 1 << 20, 128 << 10, 64 << 20)),
                env.milliseconds("BELLHOP_PING_INTERVAL_MS", Duration.ofSeconds(30), Duration.ofMillis(100)),
                env.milliseconds("BELLHOP_HEARTBEAT_TIMEOUT_MS", Duration.ofSeconds(5), Duration.ofMillis(50)),
                env.milliseconds("BELLHOP_TOKEN_SWEEP_MS", Duration.ofSeconds(60), Duration.ofMillis(100)),
                env.milliseconds("BELLHOP_STALE_SWEEP_MS", Duration.ofMinutes(5), Duration.ofMillis(100)),
                env.milliseconds("BELLHOP_HEADER_TIMEOUT_MS", Duration.ofSeconds(15), Duration.ofMillis(100)),
                env.milliseconds("BELLHOP_BODY_TIMEOUT_MS", Duration.ofSeconds(10), Duration.ofMillis(100)),
                env.milliseconds("BELLHOP_FOLLOW_INTERVAL_MS", Duration.ofMillis(250), Duration.ofMillis(10)),
                env.milliseconds("BELLHOP_PRESENCE_GRACE_MS", Duration.ofSeconds(15), Duration.ZERO),
                Duration.ofHours(env.integer("BELLHOP_RETENTION_HOURS", 24, 0, 24 * 3650)),
                env.integer("BELLHOP_RETENTION_EVENTS", 100_000, 0, Integer.MAX_VALUE),
                env.milliseconds("BELLHOP_RETENTION_INTERVAL_MS", Duration.ofMinutes(1), Duration.ofMillis(100)),
                env.integer("BELLHOP_CACHE_BYTES", 4 << 20, 64 << 10, 1 << 30),
                env.integer("BELLHOP_CACHE_TOTAL_BYTES", quarterOfHeap(), 1 << 20, Integer.MAX_VALUE),
                env.text("BELLHOP_METRICS_TOKEN"),
                env.text("BELLHOP_DASHBOARD_DIR").map(Path::of),
                env.text("BELLHOP_API_URL").map(given -> env.httpUri("BELLHOP_API_URL", "http://127.0.0.1:8080")));
        env.rejectFaults();
        return config;
    }

    private static int quarterOfHeap() {
        return (int) Math.min(Integer.MAX_VALUE, Runtime.getRuntime().maxMemory() / 4);
    }

    private static Optional<String> redisUrl(Env env) {
        Optional<String> url = env.text("BELLHOP_REDIS_URL");
        if (url.isPresent() && !url.get().matches("rediss?://[^/\\s]+(/[0-9]{1,4})?/?")) {
            env.fault("BELLHOP_REDIS_URL is not a Redis address, such as redis://:password@host:6379/0.");
        }
        return url;
    }

    private static String databaseUrl(Env env) {
        return env.text("BELLHOP_REALTIME_DATABASE_URL").orElseGet(() -> env.required("BELLHOP_DATABASE_URL"));
    }

    /** Leaves out what is secret: the addresses of the stores hold passwords. */
    @Override
    public String toString() {
        return "Config[" + host + ":" + port + "]";
    }
}
