package dev.bellhop.api.applications;

import dev.bellhop.api.applications.ApplicationStore.Filter;
import dev.bellhop.api.applications.ApplicationStore.Form;
import dev.bellhop.api.auth.Authentication;
import dev.bellhop.api.http.Answer;
import dev.bellhop.api.http.ClientAddresses;
import dev.bellhop.api.http.Cursors;
import dev.bellhop.api.http.Fields;
import dev.bellhop.api.http.ListQuery;
import dev.bellhop.api.http.Page.Position;
import dev.bellhop.api.http.RateLimit;
import dev.bellhop.api.store.Ids;
import dev.bellhop.model.problem.Problem;
import dev.bellhop.model.security.Principal;
import dev.bellhop.model.wire.Timestamps;
import io.javalin.http.Context;
import io.javalin.http.Handler;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/** HTTP for {@code /api/v1/applications} and the public form of a property. */
public final class ApplicationResource {
    private static final Set<String> STATUSES = Set.of("submitted", "approved", "rejected");

    private final ApplicationStore applications;
    private final Cursors cursors;
    private final RateLimit submissions;

    /** @param submissions most public applications from one address */
    public ApplicationResource(ApplicationStore applications, Cursors cursors, RateLimit submissions) {
        this.applications = applications;
        this.cursors = cursors;
        this.submissions = submissions;
    }

    /** Counts every call of an address, one that repeats an earlier one too. */
    public Handler limited(Handler handler) {
        return ctx -> {
            submissions.take(ctx, ClientAddresses.of(ctx));
            handler.handle(ctx);
        };
    }

    /** Without login. */
    public void submit(Context ctx) {
        Fields body = Fields.of(ctx);
        Form form = new Form(
                body.line("applicant_name", Fields.NAME),
                body.email("email"),
                body.optionalLine("phone", Fields.PHONE).orElse(null),
                body.line("position", Fields.NAME),
                body.optionalProse("message", Fields.PROSE).orElse(null));
        body.rejectFaults();
        Application application = applications.submit(id(ctx), form);
        Answer.created(ctx, "/api/v1/applications/" + application.id(), application, application.version());
    }

    public void list(Context ctx) {
        Principal caller = Authentication.caller(ctx);
        ListQuery query = new ListQuery(ctx, cursors, caller, Set.of("property_id", "status", "q"));
        Filter filter = new Filter(
                query.id("property_id"),
                query.oneOf("status", STATUSES),
                query.search(),
                query.position(),
                query.limit());
        query.answer(
                applications.list(caller, filter),
                application -> new Position(Timestamps.format(application.createdAt()), application.id()));
    }

    public void get(Context ctx) {
        Application application =
                applications.find(Authentication.caller(ctx), id(ctx)).orElseThrow(Problem::notFound);
        Answer.record(ctx, application, application.version());
    }

    public void approve(Context ctx) {
        Fields body = Fields.ofOptional(ctx);
        Optional<UUID> employee = body.optionalId("user_id");
        body.rejectFaults();
        Application application =
                applications.approve(Authentication.caller(ctx), id(ctx), employee, Answer.precondition(ctx));
        Answer.record(ctx, application, application.version());
    }

    public void reject(Context ctx) {
        Fields body = Fields.of(ctx);
        String reason = body.prose("reason", Fields.PROSE);
        body.rejectFaults();
        Application application =
                applications.reject(Authentication.caller(ctx), id(ctx), reason, Answer.precondition(ctx));
        Answer.record(ctx, application, application.version());
    }

    private static UUID id(Context ctx) {
        return Ids.parse(ctx.pathParam("id")).orElseThrow(Problem::notFound);
    }
}
