package dev.bellhop.realtime.http;

import dev.bellhop.model.problem.Problem;
import dev.bellhop.model.security.Principal;
import dev.bellhop.model.security.Role;
import dev.bellhop.model.security.Tokens;
import dev.bellhop.realtime.rooms.Standing;
import io.javalin.http.Context;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;

/** Who calls: the bearer of the token in the Authorization header (RFC 6750 section 2.1), and nowhere else. */
public final class Authentication {
    private final TokenChecks tokens;
    private final Function<UUID, Standing> standings;
    private final MeterRegistry meters;

    /** @param standings of an organisation; may block */
    public Authentication(TokenChecks tokens, Function<UUID, Standing> standings, MeterRegistry meters) {
        this.tokens = tokens;
        this.standings = standings;
        this.meters = meters;
    }

    /** @throws Problem 401 without a good token, 403 in another role */
    public Principal require(Context ctx, Role... roles) {
        try {
            return required(ctx, roles);
        } catch (Problem refusal) {
            Counter.builder("bellhop.calls.refused")
                    .description("Calls without a token that is good for them")
                    .tag("reason", refusal.slug())
                    .register(meters)
                    .increment();
            throw refusal;
        }
    }

    private Principal required(Context ctx, Role... roles) {
        Principal caller = caller(ctx);
        if (!List.of(roles).contains(caller.role())) {
            throw Problem.forbidden("This is for "
                    + String.join(", ", List.of(roles).stream().map(Role::name).toList()) + ".");
        }
        return caller;
    }

    private Principal caller(Context ctx) {
        if (ctx.queryParam("token") != null) {
            throw Problem.badRequest(
                    "token-in-query", "A token belongs in the Authorization header: addresses end up in logs.");
        }
        String header = ctx.header("Authorization");
        if (header == null || !header.regionMatches(true, 0, "Bearer ", 0, 7)) {
            throw Problem.unauthorized("token-missing", "A bearer token is needed.");
        }
        Principal bearer = verified(header.substring(7).trim());
        return bearer.isService() ? bearer : withRightsOfNow(bearer);
    }

    private Principal verified(String token) {
        Tokens.Verdict verdict = tokens.verify(token);
        if (verdict instanceof Tokens.Verdict.Valid valid) {
            return valid.principal();
        }
        throw verdict instanceof Tokens.Verdict.Expired
                ? Problem.unauthorized("token-expired", "The token has expired.")
                : Problem.unauthorized("invalid-token", "The token is not valid.");
    }

    private Principal withRightsOfNow(Principal token) {
        if (standings.apply(token.org()).judge(token) instanceof Standing.Verdict.Good good) {
            return good.principal();
        }
        throw Problem.unauthorized("token-revoked", "The token was revoked.");
    }
}
