package dev.bellhop.bench;

import com.auth0.jwt.JWT;
import com.auth0.jwt.algorithms.Algorithm;
import dev.bellhop.model.security.Principal;
import dev.bellhop.model.security.Role;
import dev.bellhop.model.security.Secret;
import dev.bellhop.model.security.Tokens;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** Members of one organisation, each with a token. The tokens are the same for every server that checks any. */
final class Clients {
    private static final Duration LIFE = Duration.ofHours(6);

    private final String secret = UUID.randomUUID() + "-" + UUID.randomUUID();
    private final UUID organization = UUID.randomUUID();
    private final Tokens tokens = Tokens.hs256(Secret.ofText(secret), Clock.systemUTC());
    private final List<String> members = new ArrayList<>();

    /** What signs the tokens, HS256. */
    String secret() {
        return secret;
    }

    UUID organization() {
        return organization;
    }

    String member(int client) {
        while (members.size() <= client) {
            members.add(token(Optional.of(organization), Role.MEMBER));
        }
        return members.get(client);
    }

    /** A token that AnyCable takes: it says who the client is as a JSON text. */
    String identified(int client) {
        return JWT.create()
                .withSubject("user-" + client)
                .withClaim("ext", "{\"user\":\"" + client + "\"}")
                .withExpiresAt(Instant.now().plus(LIFE))
                .sign(Algorithm.HMAC256(secret));
    }

    /** As {@link #member(int)}, of a user that the API knows. */
    String user(UUID id) {
        return token(id, Optional.of(organization), Role.HR);
    }

    String service() {
        return token(Optional.empty(), Role.SERVICE);
    }

    private String token(Optional<UUID> org, Role role) {
        return token(UUID.randomUUID(), org, role);
    }

    private String token(UUID user, Optional<UUID> org, Role role) {
        Instant now = Instant.now();
        return tokens.issue(new Principal(
                user.toString(),
                org,
                role,
                "bench",
                List.of(),
                List.of(),
                Optional.empty(),
                1,
                UUID.randomUUID().toString(),
                now,
                now.plus(LIFE)));
    }
}
