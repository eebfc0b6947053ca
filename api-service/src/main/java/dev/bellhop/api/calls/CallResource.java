package dev.bellhop.api.calls;

import dev.bellhop.api.auth.Authentication;
import dev.bellhop.api.calls.CallStore.NewCall;
import dev.bellhop.api.calls.CallStore.Patch;
import dev.bellhop.api.http.Answer;
import dev.bellhop.api.http.Cursors;
import dev.bellhop.api.http.Fields;
import dev.bellhop.api.http.ListQuery;
import dev.bellhop.api.http.Page.Position;
import dev.bellhop.api.store.Ids;
import dev.bellhop.model.problem.Problem;
import dev.bellhop.model.security.Principal;
import dev.bellhop.model.wire.Timestamps;
import io.javalin.http.Context;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/** HTTP for {@code /api/v1/calls}. */
public final class CallResource {
    private static final Set<String> STATUSES = Set.of("processing", "ready", "failed");

    /** Longest call in seconds: a week. */
    private static final int MAX_DURATION = 604_800;

    private final CallStore calls;
    private final Cursors cursors;

    public CallResource(CallStore calls, Cursors cursors) {
        this.calls = calls;
        this.cursors = cursors;
    }

    public void list(Context ctx) {
        Principal caller = Authentication.caller(ctx);
        ListQuery query = new ListQuery(ctx, cursors, caller, Set.of());
        query.answer(
                calls.list(caller.org(), query.position(), query.limit()),
                call -> new Position(Timestamps.format(call.createdAt()), call.id()));
    }

    public void create(Context ctx) {
        Fields body = Fields.of(ctx);
        NewCall draft = new NewCall(
                body.id("entity_id"),
                body.time("started_at"),
                duration(body, "duration_s"),
                body.optionalUrl("recording_url"));
        body.rejectFaults();
        Call call = calls.create(Authentication.caller(ctx), draft);
        Answer.created(ctx, "/api/v1/calls/" + call.id(), call, call.version());
    }

    private static Optional<Integer> duration(Fields body, String name) {
        return body.optionalInteger(name, 0, MAX_DURATION);
    }

    public void get(Context ctx) {
        Call call = calls.find(Authentication.caller(ctx).org(), id(ctx)).orElseThrow(Problem::notFound);
        Answer.record(ctx, call, call.version());
    }

    public void change(Context ctx) {
        Fields body = Fields.ofPatch(ctx);
        Patch patch = new Patch(
                body.change("status", (f, n) -> f.choice(n, STATUSES)),
                body.removableChange("duration_s", CallResource::duration),
                body.removableChange("recording_url", Fields::optionalUrl),
                body.removableChange("summary", (f, n) -> f.optionalProse(n, Fields.PROSE)));
        body.rejectFaults();
        Call call = calls.change(Authentication.caller(ctx), id(ctx), patch, Answer.precondition(ctx));
        Answer.record(ctx, call, call.version());
    }

    private static UUID id(Context ctx) {
        return Ids.parse(ctx.pathParam("id")).orElseThrow(Problem::notFound);
    }
}
