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
import io.javalin.router.EndpointMetadata;
import io.javalin.security.RouteRole;
import java.time.Clock;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Who calls, and whether the route is open to them. Thread-safe. */
public final class Authentication {
    private static final Logger log = LoggerFactory.getLogger(Authentication.class);
    private static final String CALLER = "bellhop.caller";
    /** What a call whose check was left to the write is known by until then, and who left it. */
    private static final String CLAIMED = "bellhop.claimed";

    private static final String GATE = "bellhop.gate";
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
     * Before every route of the API. A route that names no {@link Access} is open to nobody. Whether the session is active, a
     * route with a {@link LateCheck} finds out itself.
     *
     * @throws Problem 401 without a good token of an active session, 429 when the organisation has used up its requests,
     *     403 when the role may not call the route
     */
    public void require(Context ctx) {
        Set<RouteRole> accesses = ctx.routeRoles();
        if (accesses.contains(Access.PUBLIC)) {
            return;
        }
        Principal token = verified(bearerToken(ctx));
        if (token.isService()) {
            admit(ctx, token, accesses);
            return;
        }
        Claimed claimed = claimed(token);
        if (isCheckedLater(ctx, claimed, accesses)) {
            requests.take(ctx, claimed.org().toString());
            ctx.attribute(CLAIMED, claimed);
            ctx.attribute(GATE, this);
            return;
        }
        admit(ctx, current(ctx, claimed).orElseThrow(Authentication::revoked), accesses);
    }

    /**
     * Not with an Idempotency-Key, whose work and answer belong to whom the gate let in; and not when nothing is left of the
     * limit, because somebody without a session is told 401 and not 429.
     */
    private boolean isCheckedLater(Context ctx, Claimed claimed, Set<RouteRole> accesses) {
        return metadata(ctx, LateCheck.class).isPresent()
                && accesses.contains(Access.MEMBERS)
                && ctx.header("Idempotency-Key") == null
                && !requests.isUsedUp(claimed.org().toString());
    }

    private void admit(Context ctx, Principal caller, Set<RouteRole> accesses) {
        caller.orgId().ifPresent(orgId -> requests.take(ctx, orgId.toString()));
        boolean admitted = accesses.stream().anyMatch(access -> ((Access) access).admits(caller.role()));
        if (!admitted) {
            throw Problem.forbidden("Your role does not allow this.");
        }
        identify(ctx, caller);
    }

    private static void identify(Context ctx, Principal caller) {
        ctx.attribute(CALLER, caller);
        Actor.identify(caller);
    }

    private static <M extends EndpointMetadata> Optional<M> metadata(Context ctx, Class<M> type) {
        return Optional.ofNullable(ctx.endpoints().matchedHttpEndpoint()).map(route -> route.metadata(type));
    }

    /**
     * Whom {@link #require} let in.
     *
     * @throws Problem 401 where that was left to the write ({@link LateCheck}) and the session has ended
     */
    public static Principal caller(Context ctx) {
        Principal caller = ctx.attribute(CALLER);
        if (caller != null) {
            return caller;
        }
        Authentication gate = ctx.attribute(GATE);
        if (gate == null) {
            throw new IllegalStateException("a public route has no caller");
        }
        return settle(ctx, gate.sessions.activePrincipal(claimed(ctx)));
    }

    /** Of a call whose check was left to the write; empty for those that the gate has checked. */
    public static Optional<Claimed> claimedIfLate(Context ctx) {
        return callerIfAny(ctx).isPresent() ? Optional.empty() : Optional.of(claimed(ctx));
    }

    private static Claimed claimed(Context ctx) {
        return Objects.requireNonNull(ctx.attribute(CLAIMED), "the gate has not seen this call");
    }

    /**
     * Ends the check of a call that was left to the write.
     *
     * @param current as the write found it
     * @throws Problem 401 when it found nobody
     */
    public static Principal settle(Context ctx, Optional<Principal> current) {
        if (current.isEmpty()) {
            Authentication gate = Objects.requireNonNull(ctx.attribute(GATE), "the gate has checked this call");
            gate.requests.giveBack(claimed(ctx).org().toString());
            throw revoked();
        }
        identify(ctx, current.get());
        return current.get();
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

    private static Claimed claimed(Principal token) {
        Optional<UUID> userId = Ids.parse(token.userId());
        Optional<UUID> sessionId = token.sessionId().flatMap(Ids::parse);
        if (userId.isEmpty() || sessionId.isPresent() != token.sessionId().isPresent()) {
            throw revoked();
        }
        return new Claimed(token, userId.get(), sessionId);
    }

    /** The token says who it is; what they may do, the database says, so that a change counts from the next request on. */
    private Optional<Principal> current(Context ctx, Claimed claimed) {
        ReadAhead<?> ahead = metadata(ctx, ReadAhead.class).orElse(null);
        return ahead == null || requests.isUsedUp(claimed.org().toString())
                ? sessions.activePrincipal(claimed)
                : current(ctx, claimed, ahead);
    }

    private <T> Optional<Principal> current(Context ctx, Claimed claimed, ReadAhead<T> ahead) {
        Optional<Query<T>> query = ahead.query(ctx, claimed.token());
        if (query.isEmpty()) {
            return sessions.activePrincipal(claimed);
        }
        return sessions.activePrincipal(claimed, query.get()).map(admitted -> {
            ahead.keep(ctx, admitted.rows());
            return admitted.principal();
        });
    }

    private static Problem revoked() {
        return Problem.unauthorized("token-revoked", "The session has ended.");
    }
}
