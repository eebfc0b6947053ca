package dev.bellhop.api.shares;

import dev.bellhop.api.auth.Authentication;
import dev.bellhop.api.http.Answer;
import dev.bellhop.api.http.Cursors;
import dev.bellhop.api.http.Fields;
import dev.bellhop.api.http.ListQuery;
import dev.bellhop.api.http.Page.Position;
import dev.bellhop.api.shares.ShareStore.NewShare;
import dev.bellhop.api.store.Ids;
import dev.bellhop.model.problem.Problem;
import dev.bellhop.model.security.Principal;
import dev.bellhop.model.wire.Timestamps;
import io.javalin.http.Context;
import java.time.Clock;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/** HTTP for {@code /api/v1/shares}. */
public final class ShareResource {
    private static final Set<String> RESOURCE_TYPES = Set.of("entity", "chat", "call", "onboarding");
    private static final Set<String> ACCESS_LEVELS = Set.of("view", "edit", "full");

    private final ShareStore shares;
    private final Cursors cursors;
    private final Clock clock;

    public ShareResource(ShareStore shares, Cursors cursors, Clock clock) {
        this.shares = shares;
        this.cursors = cursors;
        this.clock = clock;
    }

    public void list(Context ctx) {
        Principal caller = Authentication.caller(ctx);
        ListQuery query = new ListQuery(ctx, cursors, caller, Set.of("direction"));
        boolean given = query.oneOf("direction", Set.of("received", "given"))
                .filter("given"::equals)
                .isPresent();
        query.answer(
                given
                        ? shares.given(caller, query.position(), query.limit())
                        : shares.received(caller, query.position(), query.limit()),
                share -> new Position(Timestamps.format(share.createdAt()), share.id()));
    }

    public void create(Context ctx) {
        Fields body = Fields.of(ctx);
        Optional<Instant> expiresAt = body.optionalTime("expires_at");
        NewShare share = new NewShare(
                body.choice("resource_type", RESOURCE_TYPES),
                body.id("resource_id"),
                body.id("user_id"),
                body.choice("access_level", ACCESS_LEVELS),
                expiresAt);
        if (expiresAt.isPresent() && !expiresAt.get().isAfter(clock.instant())) {
            body.fault("expires_at", "past", "must be in the future");
        }
        body.rejectFaults();
        Share created = shares.create(Authentication.caller(ctx), share);
        Answer.created(ctx, "/api/v1/shares/" + created.id(), created, Share.VERSION);
    }

    public void get(Context ctx) {
        Share share = shares.find(Authentication.caller(ctx), id(ctx)).orElseThrow(Problem::notFound);
        Answer.record(ctx, share, Share.VERSION);
    }

    public void delete(Context ctx) {
        shares.delete(Authentication.caller(ctx), id(ctx), Answer.precondition(ctx));
        ctx.status(204);
    }

    private static UUID id(Context ctx) {
        return Ids.parse(ctx.pathParam("id")).orElseThrow(Problem::notFound);
    }
}
