package dev.bellhop.quickstart;

import dev.bellhop.model.config.Env;
import dev.bellhop.model.security.Principal;
import dev.bellhop.model.security.Role;
import dev.bellhop.model.security.Secret;
import dev.bellhop.model.security.TokenKeys;
import dev.bellhop.model.security.Tokens;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** Mints tokens with the installation's own secret or key, for the commands that speak for the operator. */
final class Keys {
    private final Tokens tokens;

    private Keys(Tokens tokens) {
        this.tokens = tokens;
    }

    /**
     * With the first of {@code BELLHOP_JWT_KEY_FILE}, {@code BELLHOP_JWT_SECRET}, and the secret that {@code up} made in
     * {@code BELLHOP_DATA_DIR}.
     *
     * @throws StartFailure when there is none, or the one there is cannot sign
     */
    static Keys from(Map<String, String> variables) throws StartFailure {
        Env env = new Env(variables);
        return env.text("BELLHOP_JWT_KEY_FILE").isPresent() ? ofKeyFile(env) : ofSecret(env);
    }

    private static Keys ofKeyFile(Env env) throws StartFailure {
        TokenKeys keys = TokenKeys.from(env, true);
        try {
            env.rejectFaults();
        } catch (Env.Faults faults) {
            throw new StartFailure(faults.getMessage(), faults);
        }
        return new Keys(Tokens.with(keys, Clock.systemUTC()));
    }

    private static Keys ofSecret(Env env) throws StartFailure {
        Path directory = Path.of(env.text("BELLHOP_DATA_DIR", "data"));
        try {
            Optional<String> given = env.text("BELLHOP_JWT_SECRET");
            Optional<String> secret =
                    given.isPresent() ? given : DataDirectory.readSecret(directory, DataDirectory.JWT_SECRET);
            return new Keys(Tokens.hs256(
                    Secret.ofText(secret.orElseThrow(
                            () -> new StartFailure("There is no " + directory.resolve(DataDirectory.JWT_SECRET)
                                    + ": start ./bellhop up once, or set BELLHOP_JWT_SECRET or BELLHOP_DATA_DIR."))),
                    Clock.systemUTC()));
        } catch (IllegalArgumentException e) {
            throw new StartFailure("BELLHOP_JWT_SECRET " + e.getMessage() + ".", e);
        } catch (IOException e) {
            throw new StartFailure(
                    directory.resolve(DataDirectory.JWT_SECRET) + " cannot be read: " + DataDirectory.reason(e) + ".",
                    e);
        }
    }

    /** A token for machines, which belongs to no organisation. */
    String service(Duration life) {
        return issue(Optional.empty(), Role.SERVICE, "bellhop token --service", life);
    }

    /** A token of somebody nobody has heard of, in an organisation of their own. */
    String stranger(Duration life) {
        return issue(Optional.of(UUID.randomUUID()), Role.MEMBER, "bellhop try", life);
    }

    private String issue(Optional<UUID> org, Role role, String name, Duration life) {
        Instant now = Instant.now();
        return tokens.issue(new Principal(
                UUID.randomUUID().toString(),
                org,
                role,
                name,
                List.of(),
                List.of(),
                Optional.empty(),
                0,
                UUID.randomUUID().toString(),
                now,
                now.plus(life)));
    }
}
