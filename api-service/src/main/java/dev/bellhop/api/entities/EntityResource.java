package dev.bellhop.api.entities;

import dev.bellhop.api.auth.Authentication;
import dev.bellhop.api.auth.Claimed;
import dev.bellhop.api.auth.ReadAhead;
import dev.bellhop.api.http.Answer;
import dev.bellhop.api.http.Cursors;
import dev.bellhop.api.http.Fields;
import dev.bellhop.api.http.ListQuery;
import dev.bellhop.api.store.Ids;
import dev.bellhop.api.store.Query;
import dev.bellhop.model.events.Entity;
import dev.bellhop.model.problem.Problem;
import dev.bellhop.model.security.Principal;
import io.javalin.http.Context;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** HTTP for {@code /api/v1/entities}: parse, call the store, set the status. */
public final class EntityResource {
    /** Most entities of one batch. */
    static final int MAX_BATCH = 500;

    private final EntityStore entities;
    private final Cursors cursors;
    private final ReadAhead<List<Entity>> newest = new ReadAhead<>(this::newest);

    public EntityResource(EntityStore entities, Cursors cursors) {
        this.entities = entities;
        this.cursors = cursors;
    }

    /** The dashboard asks for it all the time. */
    public ReadAhead<List<Entity>> newest() {
        return newest;
    }

    private Optional<Query<List<Entity>>> newest(Context ctx, Principal caller) {
        return EntityStore.query(caller.org(), EntityFilter.of(query(ctx, caller)));
    }

    public void list(Context ctx) {
        Principal caller = Authentication.caller(ctx);
        ListQuery query = query(ctx, caller);
        EntityFilter filter = EntityFilter.of(query);
        List<Entity> rows = newest.rows(ctx).orElseGet(() -> entities.list(caller.org(), filter));
        query.answer(rows, filter.sort()::position);
    }

    private ListQuery query(Context ctx, Principal caller) {
        return new ListQuery(ctx, cursors, caller, EntityFilter.PARAMETERS);
    }

    public void create(Context ctx) {
        EntityDraft draft = draft(ctx);
        Optional<Claimed> late = Authentication.claimedIfLate(ctx);
        Entity entity = late.isPresent()
                ? create(ctx, late.get(), draft)
                : entities.create(Authentication.caller(ctx), List.of(draft)).get(0);
        Answer.created(ctx, "/api/v1/entities/" + entity.id(), entity, entity.version());
    }

    private Entity create(Context ctx, Claimed caller, EntityDraft draft) {
        EntityStore.Attempt.Outcome outcome = entities.createWithOthers(caller, draft);
        Authentication.settle(ctx, outcome.owner());
        return outcome.entity();
    }

    private static EntityDraft draft(Context ctx) {
        try {
            Fields body = Fields.of(ctx);
            EntityDraft draft = EntityDraft.of(body);
            body.rejectFaults();
            return draft;
        } catch (Problem fault) {
            Authentication.caller(ctx); // who may not call is not told what is wrong
            throw fault;
        }
    }

    /** Takes {@code {"items":[…]}} and the bare array alike. */
    public void createBatch(Context ctx) {
        Fields body = Fields.ofListOr(ctx, "items");
        List<EntityDraft> drafts = body.objects("items", 1, MAX_BATCH).stream()
                .map(EntityDraft::of)
                .toList();
        body.rejectFaults();
        ctx.status(201);
        Answer.json(ctx, Map.of("items", entities.create(Authentication.caller(ctx), drafts)));
    }

    public void get(Context ctx) {
        Entity entity = entities.find(Authentication.caller(ctx).org(), id(ctx)).orElseThrow(Problem::notFound);
        Answer.record(ctx, entity, entity.version());
    }

    public void change(Context ctx) {
        Fields body = Fields.ofPatch(ctx);
        EntityDraft.Patch patch = EntityDraft.Patch.of(body);
        body.rejectFaults();
        Entity entity = entities.change(Authentication.caller(ctx), id(ctx), patch, Answer.precondition(ctx));
        Answer.record(ctx, entity, entity.version());
    }

    public void delete(Context ctx) {
        entities.delete(Authentication.caller(ctx), id(ctx), Answer.precondition(ctx));
        ctx.status(204);
    }

    private static UUID id(Context ctx) {
        return Ids.parse(ctx.pathParam("id")).orElseThrow(Problem::notFound);
    }
}
