package dev.bellhop.quickstart;

import dev.bellhop.model.config.Env;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * What {@code up} itself reads, beside the settings of the two services, which it completes.
 *
 * @param dataDirectory {@code BELLHOP_DATA_DIR}, {@code ./data} by default
 * @param demo whether an empty database gets the demo organisations ({@code BELLHOP_DEMO})
 * @param ownDatabase {@code BELLHOP_DATABASE_URL}; empty starts the embedded PostgreSQL
 * @param ownRealtimeDatabase {@code BELLHOP_REALTIME_DATABASE_URL}; empty puts the event log beside the records
 */
record Settings(
        Path dataDirectory,
        boolean demo,
        Optional<String> ownDatabase,
        Optional<String> ownRealtimeDatabase,
        String host,
        int apiPort,
        int realtimePort,
        Map<String, String> variables) {
    /** Reachable from this machine only, unless somebody asks for more: the demo's password is published. */
    private static final String HOST = "127.0.0.1";

    /**
     * Reads and judges every setting of all parts before anything is started.
     *
     * @throws StartFailure with one line for each setting that is wrong
     */
    static Settings from(Map<String, String> variables) throws StartFailure {
        Set<String> faults = new LinkedHashSet<>();
        Env env = new Env(variables);
        Settings settings = new Settings(
                Path.of(env.text("BELLHOP_DATA_DIR", "data")),
                env.flag("BELLHOP_DEMO", true),
                env.text("BELLHOP_DATABASE_URL"),
                env.text("BELLHOP_REALTIME_DATABASE_URL"),
                env.text("BELLHOP_HOST", HOST),
                env.port("BELLHOP_API_PORT", 8080),
                env.port("BELLHOP_REALTIME_PORT", 8081),
                Map.copyOf(variables));
        if (settings.apiPort() == settings.realtimePort() && settings.apiPort() != 0) {
            env.fault("BELLHOP_API_PORT and BELLHOP_REALTIME_PORT are the same port.");
        }
        collect(faults, env::rejectFaults);
        Map<String, String> trial =
                settings.completed("jdbc:postgresql://127.0.0.1/none", newJwtSecret(), newEventSecret());
        collect(faults, () -> dev.bellhop.realtime.Config.from(trial));
        collect(faults, () -> dev.bellhop.api.Config.from(trial));
        if (!faults.isEmpty()) {
            throw new StartFailure(String.join("\n", faults));
        }
        return settings;
    }

    private static void collect(Set<String> faults, Runnable reading) {
        try {
            reading.run();
        } catch (Env.Faults e) {
            e.getMessage().lines().forEach(faults::add);
        }
    }

    /** All settings of both services, those that are not given filled in. */
    Map<String, String> completed(String databaseUrl, String jwtSecret, String eventSecrets) {
        Map<String, String> all = new TreeMap<>(variables);
        all.values().removeIf(String::isBlank);
        all.put("BELLHOP_HOST", host);
        all.putIfAbsent("BELLHOP_DATABASE_URL", databaseUrl);
        all.putIfAbsent("BELLHOP_JWT_SECRET", jwtSecret);
        all.putIfAbsent("BELLHOP_EVENT_SECRETS", eventSecrets);
        return all;
    }

    /** 384 random bits as text. */
    static String newJwtSecret() {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(random(48));
    }

    /** A Standard Webhooks secret of 256 bits. */
    static String newEventSecret() {
        return "whsec_" + Base64.getEncoder().encodeToString(random(32));
    }

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new SecureRandom().nextBytes(bytes);
        return bytes;
    }
}
