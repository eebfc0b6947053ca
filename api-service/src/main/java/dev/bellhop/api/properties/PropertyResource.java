package dev.bellhop.api.properties;

import dev.bellhop.api.auth.Authentication;
import dev.bellhop.api.http.Answer;
import dev.bellhop.api.http.Change;
import dev.bellhop.api.http.Cursors;
import dev.bellhop.api.http.Fields;
import dev.bellhop.api.http.ListQuery;
import dev.bellhop.api.http.Page.Position;
import dev.bellhop.api.store.Ids;
import dev.bellhop.model.events.Property;
import dev.bellhop.model.problem.Problem;
import dev.bellhop.model.security.Principal;
import io.javalin.http.Context;
import java.util.Set;
import java.util.UUID;

/** HTTP for {@code /api/v1/properties}. */
public final class PropertyResource {
    private final PropertyStore properties;
    private final Cursors cursors;

    public PropertyResource(PropertyStore properties, Cursors cursors) {
        this.properties = properties;
        this.cursors = cursors;
    }

    public void list(Context ctx) {
        Principal caller = Authentication.caller(ctx);
        ListQuery query = new ListQuery(ctx, cursors, caller, Set.of("q"));
        query.answer(
                properties.list(caller, query.search(), query.position(), query.limit()),
                property -> new Position(property.name(), property.id()));
    }

    public void create(Context ctx) {
        Fields body = Fields.of(ctx);
        String name = body.line("name", Fields.NAME);
        body.rejectFaults();
        Property property = properties.create(Authentication.caller(ctx).org(), name);
        Answer.created(ctx, "/api/v1/properties/" + property.id(), property, property.version());
    }

    public void get(Context ctx) {
        Property property = properties.find(Authentication.caller(ctx), id(ctx)).orElseThrow(Problem::notFound);
        Answer.record(ctx, property, property.version());
    }

    public void change(Context ctx) {
        Fields body = Fields.ofPatch(ctx);
        Change<String> name = body.change("name", (f, n) -> f.line(n, Fields.NAME));
        body.rejectFaults();
        Property property =
                properties.change(Authentication.caller(ctx).org(), id(ctx), name, Answer.precondition(ctx));
        Answer.record(ctx, property, property.version());
    }

    public void delete(Context ctx) {
        properties.delete(Authentication.caller(ctx).org(), id(ctx), Answer.precondition(ctx));
        ctx.status(204);
    }

    private static UUID id(Context ctx) {
        return Ids.parse(ctx.pathParam("id")).orElseThrow(Problem::notFound);
    }
}
