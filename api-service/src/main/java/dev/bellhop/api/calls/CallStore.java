package dev.bellhop.api.calls;

import dev.bellhop.api.http.Answer.Precondition;
import dev.bellhop.api.http.Change;
import dev.bellhop.api.http.Page.Position;
import dev.bellhop.api.outbox.Outbox;
import dev.bellhop.api.store.Ids;
import dev.bellhop.api.store.Row;
import dev.bellhop.model.events.CallEvent;
import dev.bellhop.model.problem.Problem;
import dev.bellhop.model.security.Principal;
import dev.bellhop.model.security.Role;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.StatementContext;

/** Calls in PostgreSQL. A write and its event commit together or not at all. Thread-safe. */
public final class CallStore {
    private static final String SELECT = """
            select id, entity_id, owner_id, status, started_at, duration_s, recording_url, summary, created_at,
                   updated_at, version
            from call where org_id = :orgId
            """;
    private static final String LIST = SELECT + """
              and (created_at, id) < (:key::timestamptz, :id)
            order by created_at desc, id desc limit :rows""";
    private static final String ONE = SELECT + "and id = :id";
    private static final String ONE_LOCKED = ONE + " for update";

    private static final Position START = new Position("infinity", new UUID(-1, -1));

    record NewCall(UUID entityId, Instant startedAt, Optional<Integer> durationS, Optional<String> recordingUrl) {}

    /** A merge patch: what it does not mention stays, null removes what can be missing. */
    record Patch(
            Change<String> status, Change<Integer> durationS, Change<String> recordingUrl, Change<String> summary) {}

    private final Jdbi jdbi;
    private final Outbox outbox;

    public CallStore(Jdbi jdbi, Outbox outbox) {
        this.jdbi = jdbi;
        this.outbox = outbox;
    }

    /** Newest first; one more than the limit where there are more. */
    List<Call> list(UUID orgId, Optional<Position> after, int limit) {
        Position position = after.orElse(START);
        return jdbi.withHandle(handle -> handle.createQuery(LIST)
                .bind("orgId", orgId)
                .bind("key", position.key())
                .bind("id", position.id())
                .bind("rows", limit + 1)
                .map(CallStore::call)
                .list());
    }

    /** @throws Problem 404 for an entity that is not there */
    Call create(Principal owner, NewCall draft) {
        UUID orgId = owner.org();
        return jdbi.inTransaction(tx -> {
            requireEntity(tx, orgId, draft.entityId());
            UUID id = Ids.next();
            tx.createUpdate("""
                            insert into call (org_id, id, entity_id, owner_id, started_at, duration_s, recording_url,
                                              created_at, updated_at)
                            values (:orgId, :id, :entityId, :ownerId, :startedAt, :durationS, :recordingUrl, :now, :now)""")
                    .bind("orgId", orgId)
                    .bind("id", id)
                    .bind("entityId", draft.entityId())
                    .bind("ownerId", UUID.fromString(owner.userId()))
                    .bind("startedAt", draft.startedAt())
                    .bind("durationS", draft.durationS())
                    .bind("recordingUrl", draft.recordingUrl())
                    .bind("now", Instant.now().truncatedTo(ChronoUnit.MICROS))
                    .execute();
            Call call = one(tx, orgId, id);
            outbox.append(tx, orgId, new CallEvent.Created(call.payload()));
            return call;
        });
    }

    private static void requireEntity(Handle tx, UUID orgId, UUID id) {
        Optional<UUID> entity = tx.createQuery("select id from entity where org_id = :orgId and id = :id for key share")
                .bind("orgId", orgId)
                .bind("id", id)
                .mapTo(UUID.class)
                .findOne();
        if (entity.isEmpty()) {
            throw Problem.notFound();
        }
    }

    Optional<Call> find(UUID orgId, UUID id) {
        return jdbi.withHandle(handle -> handle.createQuery(ONE)
                .bind("orgId", orgId)
                .bind("id", id)
                .map(CallStore::call)
                .findOne());
    }

    /** @throws Problem 404, 403 when the caller may not edit it, or 412 when the precondition does not hold */
    Call change(Principal caller, UUID id, Patch patch, Precondition precondition) {
        UUID orgId = caller.org();
        return jdbi.inTransaction(tx -> {
            Call current = lockForChange(tx, caller, id, precondition);
            tx.createUpdate("""
                            update call
                            set status = :status, duration_s = :durationS, recording_url = :recordingUrl,
                                summary = :summary, updated_at = :now, version = version + 1
                            where org_id = :orgId and id = :id""")
                    .bind("status", patch.status().over(current.status()))
                    .bind("durationS", patch.durationS().over(current.durationS()))
                    .bind("recordingUrl", patch.recordingUrl().over(current.recordingUrl()))
                    .bind("summary", patch.summary().over(current.summary()))
                    .bind("now", Instant.now().truncatedTo(ChronoUnit.MICROS))
                    .bind("orgId", orgId)
                    .bind("id", id)
                    .execute();
            Call changed = one(tx, orgId, id);
            outbox.append(tx, orgId, new CallEvent.Updated(changed.payload()));
            return changed;
        });
    }

    private static Call lockForChange(Handle tx, Principal caller, UUID id, Precondition precondition) {
        Call call = tx.createQuery(ONE_LOCKED)
                .bind("orgId", caller.org())
                .bind("id", id)
                .map(CallStore::call)
                .findOne()
                .orElseThrow(Problem::notFound);
        if (caller.role() == Role.MEMBER && !mayEdit(tx, caller, call)) {
            throw Problem.forbidden("You can change what you own or what is shared with you for editing.");
        }
        if (!precondition.holds(call.version())) {
            throw Problem.preconditionFailed("The call is at version " + call.version() + " by now.");
        }
        return call;
    }

    private static boolean mayEdit(Handle tx, Principal member, Call call) {
        UUID userId = UUID.fromString(member.userId());
        return call.ownerId().equals(userId)
                || tx.createQuery("""
                                select exists (
                                    select 1 from share
                                    where org_id = :orgId and resource_type = 'call' and resource_id = :callId
                                      and user_id = :userId and access_level in ('edit', 'full')
                                      and (expires_at is null or expires_at > now()))""")
                        .bind("orgId", member.org())
                        .bind("callId", call.id())
                        .bind("userId", userId)
                        .mapTo(Boolean.class)
                        .one();
    }

    private static Call one(Handle tx, UUID orgId, UUID id) {
        return tx.createQuery(ONE)
                .bind("orgId", orgId)
                .bind("id", id)
                .map(CallStore::call)
                .one();
    }

    private static Call call(ResultSet result, StatementContext ctx) throws SQLException {
        Row row = new Row(result);
        return new Call(
                row.id("id"),
                row.id("entity_id"),
                row.id("owner_id"),
                row.text("status"),
                row.time("started_at"),
                result.getObject("duration_s", Integer.class),
                row.text("recording_url"),
                row.text("summary"),
                row.time("created_at"),
                row.time("updated_at"),
                row.number("version"));
    }
}
