package dev.bellhop.api;

import dev.bellhop.api.http.ClientAddresses;
import dev.bellhop.model.config.Env;
import dev.bellhop.model.security.Secret;
import dev.bellhop.model.security.TokenKeys;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Every setting of the service.
 *
 * @param host address to listen on; all interfaces by default
 * @param port TCP port; 0 takes a free one
 * @param databaseUrl JDBC address with user and password in it
 * @param tokenKeys sign and check access tokens
 * @param eventSecrets of the posts to the realtime service: the first signs
 * @param realtimeUrl where the relay posts
 * @param allowedOrigins exact origins whose pages may call the API
 * @param metricsToken bearer token that {@code /metrics} asks for; open without one
 * @param clientAddresses whose word for where a request comes from counts; nobody's by default
 * @param applicationsPerMinute most public applications from one address, 0 for no limit
 * @param requestsPerMinute most requests of one organisation, 0 for no limit
 * @param relayPoll how long the relay waits at most before it looks for events that nobody told it of
 */
public record Config(
        String host,
        int port,
        String databaseUrl,
        TokenKeys tokenKeys,
        List<Secret> eventSecrets,
        URI realtimeUrl,
        List<String> allowedOrigins,
        Optional<String> metricsToken,
        int applicationsPerMinute,
        int requestsPerMinute,
        Duration relayPoll,
        ClientAddresses clientAddresses) {

    /** @throws Env.Faults naming everything that is missing or wrong */
    public static Config from(Map<String, String> variables) {
        Env env = new Env(variables);
        Config config = new Config(
                env.text("BELLHOP_HOST", "0.0.0.0"),
                env.port("BELLHOP_API_PORT", 8080),
                databaseUrl(env),
                TokenKeys.from(env, true),
                env.webhookSecrets("BELLHOP_EVENT_SECRETS"),
                env.httpUri("BELLHOP_REALTIME_URL", "http://127.0.0.1:8081"),
                env.words("BELLHOP_ALLOWED_ORIGINS"),
                env.text("BELLHOP_METRICS_TOKEN"),
                env.integer("BELLHOP_APPLICATIONS_PER_MINUTE", 60, 0, 1_000_000),
                env.integer("BELLHOP_REQUESTS_PER_MINUTE", 0, 0, 1_000_000_000),
                env.milliseconds("BELLHOP_RELAY_POLL_MS", Duration.ofMillis(250), Duration.ofMillis(10)),
                clientAddresses(env));
        env.rejectFaults();
        return config;
    }

    private static ClientAddresses clientAddresses(Env env) {
        try {
            return new ClientAddresses(env.words("BELLHOP_TRUSTED_PROXIES"));
        } catch (IllegalArgumentException e) {
            env.fault("BELLHOP_TRUSTED_PROXIES: " + e.getMessage() + ".");
            return new ClientAddresses(List.of());
        }
    }

    private static String databaseUrl(Env env) {
        String url = env.required("BELLHOP_DATABASE_URL");
        if (!url.isEmpty() && !url.startsWith("jdbc:postgresql:")) {
            env.fault("BELLHOP_DATABASE_URL does not start with jdbc:postgresql:.");
        }
        return url;
    }

    /** Leaves out what is secret: the database address holds a password. */
    @Override
    public String toString() {
        return "Config[" + host + ":" + port + ", realtime " + realtimeUrl + "]";
    }
}
