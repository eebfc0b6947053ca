package dev.bellhop.api.departments;

import dev.bellhop.api.auth.Authentication;
import dev.bellhop.api.http.Answer;
import dev.bellhop.api.http.Change;
import dev.bellhop.api.http.Cursors;
import dev.bellhop.api.http.Fields;
import dev.bellhop.api.http.ListQuery;
import dev.bellhop.api.http.Page.Position;
import dev.bellhop.api.store.Ids;
import dev.bellhop.model.events.Department;
import dev.bellhop.model.problem.Problem;
import dev.bellhop.model.security.Principal;
import io.javalin.http.Context;
import java.util.Set;
import java.util.UUID;

/** HTTP for {@code /api/v1/departments}. */
public final class DepartmentResource {
    private final DepartmentStore departments;
    private final Cursors cursors;

    public DepartmentResource(DepartmentStore departments, Cursors cursors) {
        this.departments = departments;
        this.cursors = cursors;
    }

    public void list(Context ctx) {
        Principal caller = Authentication.caller(ctx);
        ListQuery query = new ListQuery(ctx, cursors, caller, Set.of("q"));
        query.answer(
                departments.list(caller.org(), query.search(), query.position(), query.limit()),
                department -> new Position(department.name(), department.id()));
    }

    public void create(Context ctx) {
        Fields body = Fields.of(ctx);
        String name = body.line("name", Fields.NAME);
        body.rejectFaults();
        Department department = departments.create(Authentication.caller(ctx).org(), name);
        Answer.created(ctx, "/api/v1/departments/" + department.id(), department, department.version());
    }

    public void get(Context ctx) {
        Department department =
                departments.find(Authentication.caller(ctx).org(), id(ctx)).orElseThrow(Problem::notFound);
        Answer.record(ctx, department, department.version());
    }

    public void change(Context ctx) {
        Fields body = Fields.ofPatch(ctx);
        Change<String> name = body.change("name", (f, n) -> f.line(n, Fields.NAME));
        body.rejectFaults();
        Department department =
                departments.change(Authentication.caller(ctx).org(), id(ctx), name, Answer.precondition(ctx));
        Answer.record(ctx, department, department.version());
    }

    public void delete(Context ctx) {
        departments.delete(Authentication.caller(ctx).org(), id(ctx), Answer.precondition(ctx));
        ctx.status(204);
    }

    private static UUID id(Context ctx) {
        return Ids.parse(ctx.pathParam("id")).orElseThrow(Problem::notFound);
    }
}
