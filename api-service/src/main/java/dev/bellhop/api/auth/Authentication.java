package dev.bellhop.api.auth;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.bellhop.api.http.Actor;
import dev.bellhop.api.http.RateLimit;
import dev.bellhop.api.store.Ids;
import dev.bellhop.api.store.Query;
import dev.bellhop.model.problem.Problem;
import dev.bellhop.model.security.Principal;
import dev.bellhop.model.security.Tokens;
import io.javalin.http.Context;
import io.javalin.router.Endpoint;
import io.javalin.security.RouteRole;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Who calls, and whether the route is open to them. Thread-safe. */
public final class Authentication {
    private static final Logger log = LoggerFactory.getLogger(Authentication.class);
    private static final String CALLER = "bellhop.caller";
    private static final String BEARER = "Bearer ";

    /** How long the check of a token counts: a signing key that was withdrawn is noticed by then. */
    private static final Duration REMEMBERED = Duration.ofSeconds(30);

    private final Tokens tokens;
    private final SessionStore sessions;
    private final RateLimit requests;
    private final Clock clock;

    /** Tokens that were good. Whether their sessions still are, the database says each time. */
    private final Cache<String, Principal> good = Caffeine.newBuilder()
            .expireAfterWrite(REMEMBERED)
            .maximumSize(10_000)
            .build();

    /** @param requests of one organisation, so that a noisy one leaves the others their share */
    public Authentication(Tokens tokens, SessionStore sessions, RateLimit requests, Clock clock) {
        this.tokens = tokens;
        this.sessions = sessions;
        this.requests = requests;
        this.clock = clock;
    }

    /**
     * Before every route of the API. A route that names no {@link Access} is open to nobody.
     *
     * @throws Problem 401 without a good token of an active session, 429 when the organisation has used up its requests,
     *     403 when the role may not call the route
     */
    public void require(Context ctx) {
        Set<RouteRole> accesses = ctx.routeRoles();
        if (accesses.contains(Access.PUBLIC)) {
            return;
        }
        Principal caller = current(ctx, verified(bearerToken(ctx)));
        caller.orgId().ifPresent(orgId -> requests.take(ctx, orgId.toString()));
        boolean admitted = accesses.stream().anyMatch(access -> ((Access) access).admits(caller.role()));
        if (!admitted) {
            throw Problem.forbidden("Your role does not allow this.");
        }
        ctx.attribute(CALLER, caller);
        Actor.identify(caller);
    }

    /** Whom {@link #require} let in. */
    public static Principal caller(Context ctx) {
        Principal caller = ctx.attribute(CALLER);
        if (caller == null) {
            throw new IllegalStateException("a public route has no caller");
        }
        return caller;
    }

    /** As {@link #caller}; empty on a public route. */
    public static Optional<Principal> callerIfAny(Context ctx) {
        return Optional.ofNullable(ctx.attribute(CALLER));
    }

    private static String bearerToken(Context ctx) {
        String header = ctx.header("Authorization");
        if (header == null || !header.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
            throw Problem.unauthorized("token-missing", "Send an access token as Authorization: Bearer.");
        }
        return header.substring(BEARER.length()).trim();
    }

    private Principal verified(String token) {
        Principal known = good.getIfPresent(token);
        if (known != null && clock.instant().isBefore(known.expiresAt())) {
            return known;
        }
        Tokens.Verdict verdict = tokens.verify(token);
        if (verdict instanceof Tokens.Verdict.Valid valid) {
            good.put(token, valid.principal());
            return valid.principal();
        }
        if (verdict instanceof Tokens.Verdict.Invalid invalid) {
            log.atInfo().addKeyValue("reason", invalid.why()).log("auth.token.rejected");
            throw Problem.unauthorized("invalid-token", "The access token is not valid.");
        }
        throw Problem.unauthorized("token-expired", "The access token has expired.");
    }

    /** The token says who it is; what they may do, the database says, so that a change counts from the next request on. */
    private Principal current(Context ctx, Principal claimed) {
        if (claimed.isService()) {
            return claimed;
        }
        Optional<UUID> userId = Ids.parse(claimed.userId());
        Optional<UUID> sessionId = claimed.sessionId().flatMap(Ids::parse);
        if (userId.isEmpty() || sessionId.isPresent() != claimed.sessionId().isPresent()) {
            throw revoked();
        }
        Endpoint route = ctx.endpoints().matchedHttpEndpoint();
        ReadAhead<?> ahead = route == null ? null : route.metadata(ReadAhead.class);
        Optional<Principal> current =
                ahead == null || requests.isUsedUp(claimed.org().toString())
                        ? sessions.activePrincipal(claimed, userId.get(), sessionId)
                        : current(ctx, claimed, userId.get(), sessionId, ahead);
        return current.orElseThrow(Authentication::revoked);
    }

    private <T> Optional<Principal> current(
            Context ctx, Principal claimed, UUID userId, Optional<UUID> sessionId, ReadAhead<T> ahead) {
        Optional<Query<T>> query = ahead.query(ctx, claimed);
        if (query.isEmpty()) {
            return sessions.activePrincipal(claimed, userId, sessionId);
        }
        return sessions.activePrincipal(claimed, userId, sessionId, query.get()).map(admitted -> {
            ahead.keep(ctx, admitted.rows());
            return admitted.principal();
        });
    }

    private static Problem revoked() {
        return Problem.unauthorized("token-revoked", "The session has ended.");
    }
}
