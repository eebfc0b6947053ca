package dev.bellhop.api.auth;

import dev.bellhop.api.store.Query;
import dev.bellhop.model.problem.Problem;
import dev.bellhop.model.security.Principal;
import io.javalin.http.Context;
import io.javalin.router.EndpointMetadata;
import java.util.Optional;
import java.util.function.BiFunction;

/**
 * Put to a route, lets its query go to the database together with the check of the caller's session: the caller waits for one
 * round trip instead of two. The route gets the rows only when the session is good.
 *
 * @param <T> what the rows become
 */
public final class ReadAhead<T> implements EndpointMetadata {
    private static final String ROWS = "bellhop.rows";

    private final BiFunction<Context, Principal, Optional<Query<T>>> query;

    /**
     * @param query of a call by whom the token names, whose role and properties may have changed since; empty when the route
     *     is to read by itself
     */
    public ReadAhead(BiFunction<Context, Principal, Optional<Query<T>>> query) {
        this.query = query;
    }

    Optional<Query<T>> query(Context ctx, Principal claimed) {
        try {
            return query.apply(ctx, claimed);
        } catch (Problem badRequest) {
            return Optional.empty(); // the route says so to a caller who may know
        }
    }

    void keep(Context ctx, T rows) {
        ctx.attribute(ROWS, rows);
    }

    /** What was read ahead, if anything was. */
    public Optional<T> rows(Context ctx) {
        return Optional.ofNullable(ctx.attribute(ROWS));
    }
}
