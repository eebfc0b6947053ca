package dev.bellhop.api.onboarding;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.bellhop.api.auth.Authentication;
import dev.bellhop.api.http.Answer;
import dev.bellhop.api.http.Change;
import dev.bellhop.api.http.Cursors;
import dev.bellhop.api.http.Fields;
import dev.bellhop.api.http.ListQuery;
import dev.bellhop.api.http.Page.Position;
import dev.bellhop.api.onboarding.OnboardingStore.Filter;
import dev.bellhop.api.store.Ids;
import dev.bellhop.model.problem.Problem;
import dev.bellhop.model.security.Principal;
import dev.bellhop.model.security.Role;
import dev.bellhop.model.wire.Timestamps;
import io.javalin.http.Context;
import java.util.Set;
import java.util.UUID;

/** HTTP for {@code /api/v1/onboardings}. Only HR and ADMIN read what the forms say in full. */
public final class OnboardingResource {
    private static final Set<String> STATUSES = Set.of("in_progress", "completed");

    private final OnboardingStore onboardings;
    private final Cursors cursors;

    public OnboardingResource(OnboardingStore onboardings, Cursors cursors) {
        this.onboardings = onboardings;
        this.cursors = cursors;
    }

    public void list(Context ctx) {
        Principal caller = Authentication.caller(ctx);
        ListQuery query = new ListQuery(ctx, cursors, caller, Set.of("property_id", "status"));
        Filter filter =
                new Filter(query.id("property_id"), query.oneOf("status", STATUSES), query.position(), query.limit());
        query.answer(
                onboardings.list(caller, filter),
                onboarding -> new Position(Timestamps.format(onboarding.createdAt()), onboarding.id()));
    }

    public void get(Context ctx) {
        Principal caller = Authentication.caller(ctx);
        answer(ctx, caller, onboardings.find(caller, id(ctx)).orElseThrow(Problem::notFound));
    }

    public void change(Context ctx) {
        Principal caller = Authentication.caller(ctx);
        Fields body = Fields.ofPatch(ctx);
        Change<UUID> userId = body.removableChange("user_id", Fields::optionalId);
        body.rejectFaults();
        answer(ctx, caller, onboardings.change(caller, id(ctx), userId, Answer.precondition(ctx)));
    }

    public void submitForm(Context ctx) {
        Principal caller = Authentication.caller(ctx);
        String step = ctx.pathParam("step");
        ObjectNode form = Fields.anyObject(ctx);
        answer(ctx, caller, onboardings.submitForm(caller, id(ctx), step, form, Answer.precondition(ctx)));
    }

    public void complete(Context ctx) {
        Principal caller = Authentication.caller(ctx);
        Fields.ofOptional(ctx).rejectFaults();
        answer(ctx, caller, onboardings.complete(caller, id(ctx), Answer.precondition(ctx)));
    }

    private static void answer(Context ctx, Principal caller, Onboarding onboarding) {
        boolean seesAll = caller.role() == Role.HR || caller.role() == Role.ADMIN;
        Answer.record(ctx, seesAll ? onboarding : onboarding.masked(), onboarding.version());
    }

    private static UUID id(Context ctx) {
        return Ids.parse(ctx.pathParam("id")).orElseThrow(Problem::notFound);
    }
}
