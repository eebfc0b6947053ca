package dev.bellhop.api.shares;

import dev.bellhop.api.http.Answer.Precondition;
import dev.bellhop.api.http.Page.Position;
import dev.bellhop.api.outbox.Outbox;
import dev.bellhop.api.store.Ids;
import dev.bellhop.api.store.Row;
import dev.bellhop.db.SqlErrors;
import dev.bellhop.model.events.ShareEvent;
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
import org.jdbi.v3.core.statement.UnableToExecuteStatementException;

/** Shares in PostgreSQL. One that has run out counts as gone before the sweep finds it. Thread-safe. */
public final class ShareStore {
    private static final String SELECT = """
            select s.id, s.resource_type, s.resource_id, s.resource_name, s.user_id, s.access_level, s.shared_by,
                   g.name as shared_by_name, s.created_at, s.expires_at
            from share s join member g on g.org_id = s.org_id and g.id = s.shared_by
            where s.org_id = :orgId and (s.expires_at is null or s.expires_at > now())
            """;
    private static final String PAGE = """
              and (s.created_at, s.id) < (:key::timestamptz, :id)
            order by s.created_at desc, s.id desc limit :rows""";
    private static final String RECEIVED = SELECT + "and s.user_id = :userId\n" + PAGE;
    private static final String GIVEN = SELECT + "and s.shared_by = :userId\n" + PAGE;
    private static final String ONE = SELECT + "and s.id = :id";
    private static final String ONE_LOCKED = ONE + " for update of s";

    private static final Position START = new Position("infinity", new UUID(-1, -1));

    /** Most shares that one transaction of the sweep withdraws. */
    private static final int SWEEP = 100;

    record NewShare(
            String resourceType, UUID resourceId, UUID userId, String accessLevel, Optional<Instant> expiresAt) {}

    private final Jdbi jdbi;
    private final Outbox outbox;

    public ShareStore(Jdbi jdbi, Outbox outbox) {
        this.jdbi = jdbi;
        this.outbox = outbox;
    }

    /** Newest first; one more than the limit where there are more. */
    List<Share> received(Principal caller, Optional<Position> after, int limit) {
        return list(RECEIVED, caller, after, limit);
    }

    /** As {@link #received}. */
    List<Share> given(Principal caller, Optional<Position> after, int limit) {
        return list(GIVEN, caller, after, limit);
    }

    private List<Share> list(String sql, Principal caller, Optional<Position> after, int limit) {
        Position position = after.orElse(START);
        return jdbi.withHandle(handle -> handle.createQuery(sql)
                .bind("orgId", caller.org())
                .bind("userId", UUID.fromString(caller.userId()))
                .bind("key", position.key())
                .bind("id", position.id())
                .bind("rows", limit + 1)
                .map(ShareStore::share)
                .list());
    }

    /** @throws Problem 404 when record or receiver is not there for the caller, 409 when it is shared with them already */
    Share create(Principal giver, NewShare draft) {
        UUID orgId = giver.org();
        try {
            return jdbi.inTransaction(tx -> {
                String resourceName = lockResource(tx, giver, draft).orElseThrow(Problem::notFound);
                requireActiveMember(tx, orgId, draft.userId());
                withdrawExpired(tx, orgId, draft);
                Share share = new Share(
                        Ids.next(),
                        draft.resourceType(),
                        draft.resourceId(),
                        resourceName,
                        draft.userId(),
                        draft.accessLevel(),
                        UUID.fromString(giver.userId()),
                        giver.name(),
                        Instant.now().truncatedTo(ChronoUnit.MICROS),
                        draft.expiresAt().orElse(null));
                insert(tx, orgId, share);
                outbox.append(tx, orgId, share.created());
                return share;
            });
        } catch (UnableToExecuteStatementException e) {
            if (SqlErrors.isUniqueViolation(e, "share_once")) {
                throw Problem.conflict("already-shared", "This is shared with that member already.");
            }
            throw e;
        }
    }

    /** Holds the record in place and names it, so that its own events stand before or after those of the share, never between. */
    private static Optional<String> lockResource(Handle tx, Principal giver, NewShare draft) {
        return switch (draft.resourceType()) {
            case "entity" ->
                tx.createQuery("select name from entity where org_id = :orgId and id = :id for key share")
                        .bind("orgId", giver.org())
                        .bind("id", draft.resourceId())
                        .mapTo(String.class)
                        .findOne();
            case "onboarding" ->
                tx.createQuery("""
                            select property_id, employee_name from onboarding
                            where org_id = :orgId and id = :id for key share""")
                        .bind("orgId", giver.org())
                        .bind("id", draft.resourceId())
                        .map((rs, ctx) -> new Onboarding(rs.getString("property_id"), rs.getString("employee_name")))
                        .findOne()
                        .filter(onboarding -> giver.managesProperty(onboarding.propertyId()))
                        .map(Onboarding::employeeName);
            case "chat" ->
                tx.createQuery("select title from chat where org_id = :orgId and id = :id for key share")
                        .bind("orgId", giver.org())
                        .bind("id", draft.resourceId())
                        .mapTo(String.class)
                        .findOne();
            case "call" ->
                tx.createQuery("""
                            select 'Call' || coalesce(' with ' || e.name, '')
                            from call c left join entity e on e.org_id = c.org_id and e.id = c.entity_id
                            where c.org_id = :orgId and c.id = :id for key share of c""")
                        .bind("orgId", giver.org())
                        .bind("id", draft.resourceId())
                        .mapTo(String.class)
                        .findOne();
            default -> throw new IllegalArgumentException(draft.resourceType());
        };
    }

    private record Onboarding(String propertyId, String employeeName) {}

    private static void requireActiveMember(Handle tx, UUID orgId, UUID userId) {
        Optional<UUID> member = tx.createQuery("""
                        select id from member where org_id = :orgId and id = :userId and status = 'active'
                        for key share""")
                .bind("orgId", orgId)
                .bind("userId", userId)
                .mapTo(UUID.class)
                .findOne();
        if (member.isEmpty()) {
            throw Problem.notFound();
        }
    }

    /** Makes room where an earlier share of the same record has run out and the sweep has not come yet. */
    private void withdrawExpired(Handle tx, UUID orgId, NewShare draft) {
        List<ShareEvent.Revoked> revoked = tx.createQuery("""
                        delete from share
                        where org_id = :orgId and resource_type = :resourceType and resource_id = :resourceId
                          and user_id = :userId and expires_at <= now()
                        returning id, user_id, resource_type, resource_id""")
                .bind("orgId", orgId)
                .bind("resourceType", draft.resourceType())
                .bind("resourceId", draft.resourceId())
                .bind("userId", draft.userId())
                .map(ShareStore::revoked)
                .list();
        outbox.append(tx, orgId, revoked);
    }

    private static void insert(Handle tx, UUID orgId, Share share) {
        tx.createUpdate("""
                        insert into share (org_id, id, resource_type, resource_id, resource_name, user_id, shared_by,
                                           access_level, created_at, expires_at)
                        values (:orgId, :id, :resourceType, :resourceId, :resourceName, :userId, :sharedBy,
                                :accessLevel, :createdAt, :expiresAt)""")
                .bind("orgId", orgId)
                .bind("id", share.id())
                .bind("resourceType", share.resourceType())
                .bind("resourceId", share.resourceId())
                .bind("resourceName", share.resourceName())
                .bind("userId", share.userId())
                .bind("sharedBy", share.sharedBy())
                .bind("accessLevel", share.accessLevel())
                .bind("createdAt", share.createdAt())
                .bindByType("expiresAt", share.expiresAt(), Instant.class)
                .execute();
    }

    /** @return empty also for a share between two others, which ADMIN and HR alone can see */
    Optional<Share> find(Principal caller, UUID id) {
        return jdbi.withHandle(handle -> handle.createQuery(ONE)
                        .bind("orgId", caller.org())
                        .bind("id", id)
                        .map(ShareStore::share)
                        .findOne())
                .filter(share -> sees(caller, share));
    }

    private static boolean sees(Principal caller, Share share) {
        UUID userId = UUID.fromString(caller.userId());
        return isHr(caller) || share.userId().equals(userId) || share.sharedBy().equals(userId);
    }

    private static boolean isHr(Principal caller) {
        return caller.role() == Role.ADMIN || caller.role() == Role.HR;
    }

    /** @throws Problem 404, 403 for who neither gave it nor is ADMIN or HR, or 412 when the precondition does not hold */
    void delete(Principal caller, UUID id, Precondition precondition) {
        UUID orgId = caller.org();
        jdbi.useTransaction(tx -> {
            Share share = tx.createQuery(ONE_LOCKED)
                    .bind("orgId", orgId)
                    .bind("id", id)
                    .map(ShareStore::share)
                    .findOne()
                    .filter(found -> sees(caller, found))
                    .orElseThrow(Problem::notFound);
            if (!isHr(caller) && !share.sharedBy().equals(UUID.fromString(caller.userId()))) {
                throw Problem.forbidden("Only who gave a share can withdraw it.");
            }
            if (!precondition.holds(Share.VERSION)) {
                throw Problem.preconditionFailed("The share is at version " + Share.VERSION + ".");
            }
            tx.createUpdate("delete from share where org_id = :orgId and id = :id")
                    .bind("orgId", orgId)
                    .bind("id", id)
                    .execute();
            outbox.append(
                    tx,
                    orgId,
                    new ShareEvent.Revoked(
                            share.userId(), new ShareEvent.Withdrawn(id, share.resourceType(), share.resourceId())));
        });
    }

    /** Withdraws what has run out, organisation by organisation in small transactions, until nothing is left. */
    public void withdrawExpired() {
        for (Optional<UUID> orgId = expiredIn(); orgId.isPresent(); orgId = expiredIn()) {
            withdrawExpired(orgId.get());
        }
    }

    private Optional<UUID> expiredIn() {
        return jdbi.withHandle(handle -> handle.createQuery(
                        "select org_id from share where expires_at <= now() order by expires_at limit 1")
                .mapTo(UUID.class)
                .findOne());
    }

    private void withdrawExpired(UUID orgId) {
        jdbi.useTransaction(tx -> {
            List<ShareEvent.Revoked> revoked = tx.createQuery("""
                            delete from share where org_id = :orgId and id in (
                                select id from share where org_id = :orgId and expires_at <= now()
                                order by expires_at limit :limit for update)
                            returning id, user_id, resource_type, resource_id""")
                    .bind("orgId", orgId)
                    .bind("limit", SWEEP)
                    .map(ShareStore::revoked)
                    .list();
            outbox.append(tx, orgId, revoked);
        });
    }

    private static ShareEvent.Revoked revoked(ResultSet result, StatementContext ctx) throws SQLException {
        Row row = new Row(result);
        return new ShareEvent.Revoked(
                row.id("user_id"),
                new ShareEvent.Withdrawn(row.id("id"), row.text("resource_type"), row.id("resource_id")));
    }

    private static Share share(ResultSet result, StatementContext ctx) throws SQLException {
        Row row = new Row(result);
        return new Share(
                row.id("id"),
                row.text("resource_type"),
                row.id("resource_id"),
                row.text("resource_name"),
                row.id("user_id"),
                row.text("access_level"),
                row.id("shared_by"),
                row.text("shared_by_name"),
                row.time("created_at"),
                row.time("expires_at"));
    }
}
