package dev.bellhop.api.members;

import dev.bellhop.api.http.Answer.Precondition;
import dev.bellhop.api.http.Page.Position;
import dev.bellhop.api.outbox.Outbox;
import dev.bellhop.api.store.Ids;
import dev.bellhop.api.store.Row;
import dev.bellhop.db.SqlErrors;
import dev.bellhop.model.events.ControlEvent;
import dev.bellhop.model.events.MemberEvent;
import dev.bellhop.model.problem.Problem;
import dev.bellhop.model.security.Principal;
import dev.bellhop.model.security.Role;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.StatementContext;
import org.jdbi.v3.core.statement.UnableToExecuteStatementException;

/** Members in PostgreSQL; removed ones stay as rows and are seen by nobody. Thread-safe. */
public final class MemberStore {
    private static final String SELECT = """
            select m.id, m.email, m.name, m.role, m.department_id, m.status, m.created_at, m.updated_at, m.ver, m.version,
                   array(select p.property_id from member_property p
                         where p.org_id = m.org_id and p.member_id = m.id order by 1) as property_ids
            from member m
            where m.org_id = :orgId and m.status <> 'removed'
            """;
    private static final String LIST = SELECT + """
              and (:role::text is null or m.role = :role)
              and (:propertyId::uuid is null or exists (
                  select 1 from member_property p
                  where p.org_id = m.org_id and p.member_id = m.id and p.property_id = :propertyId))
              and (:search::text is null or m.name ilike :search or (:admin and m.email ilike :search))
              and (:admin or m.status = 'active')
              and (m.name, m.id) > (:key, :id)
            order by m.name, m.id limit :rows""";
    private static final String ONE = SELECT + "and m.id = :id";

    private static final Position START = new Position("", new UUID(0, 0));

    record Filter(
            Optional<String> role,
            Optional<UUID> propertyId,
            Optional<String> search,
            Optional<Position> after,
            int limit) {}

    private final Jdbi jdbi;
    private final Outbox outbox;

    public MemberStore(Jdbi jdbi, Outbox outbox) {
        this.jdbi = jdbi;
        this.outbox = outbox;
    }

    /**
     * By name; one more than the filter's limit where there are more. Who is no ADMIN sees active members only, and cannot
     * look for addresses that they are not shown.
     *
     * @throws Problem 404 for a property that the organisation does not have
     */
    List<Member> list(Principal caller, Filter filter) {
        UUID orgId = caller.org();
        return jdbi.withHandle(handle -> {
            requireProperties(handle, orgId, filter.propertyId().stream().toList());
            Position after = filter.after().orElse(START);
            return handle.createQuery(LIST)
                    .bind("orgId", orgId)
                    .bind("role", filter.role())
                    .bindByType("propertyId", filter.propertyId().orElse(null), UUID.class)
                    .bind("search", filter.search())
                    .bind("admin", caller.role() == Role.ADMIN)
                    .bind("key", after.key())
                    .bind("id", after.id())
                    .bind("rows", filter.limit() + 1)
                    .map(MemberStore::member)
                    .list();
        });
    }

    Optional<Member> find(UUID orgId, UUID id) {
        return jdbi.withHandle(handle -> handle.createQuery(ONE)
                .bind("orgId", orgId)
                .bind("id", id)
                .map(MemberStore::member)
                .findOne());
    }

    /** @throws Problem 404 for a property or department that is not there, 409 when the address has an account already */
    Member create(UUID orgId, String email, String passwordHash, MemberDraft draft) {
        UUID id = Ids.next();
        try {
            return jdbi.inTransaction(tx -> {
                requireProperties(tx, orgId, draft.propertyIds());
                requireDepartment(tx, orgId, draft.departmentId());
                tx.createUpdate("""
                                insert into member (org_id, id, email, name, role, department_id, password_hash,
                                                    created_at, updated_at)
                                values (:orgId, :id, :email, :name, :role, :departmentId, :passwordHash, :now, :now)""")
                        .bind("orgId", orgId)
                        .bind("id", id)
                        .bind("email", email)
                        .bind("name", draft.name())
                        .bind("role", draft.role().name())
                        .bindByType("departmentId", draft.departmentId(), UUID.class)
                        .bind("passwordHash", passwordHash)
                        .bind("now", Instant.now().truncatedTo(ChronoUnit.MICROS))
                        .execute();
                insertProperties(tx, orgId, id, draft.propertyIds());
                Member member = one(tx, orgId, id);
                outbox.append(tx, orgId, new MemberEvent.Added(member.payload()));
                return member;
            });
        } catch (UnableToExecuteStatementException e) {
            if (SqlErrors.isUniqueViolation(e, "member_email")) {
                throw Problem.conflict("email-taken", "There is an account with this e-mail address already.");
            }
            throw e;
        }
    }

    /**
     * Changes a member. What they may do changes with the next request and, by the event, on their open connections;
     * disabling them ends their sessions.
     *
     * @throws Problem 404 for the member, a property or a department that is not there, 409 for the last active ADMIN,
     *     412 when the precondition does not hold, 422 for properties of somebody who is no MANAGER
     */
    Member change(UUID orgId, UUID id, MemberDraft.Patch patch, Precondition precondition) {
        return jdbi.inTransaction(tx -> {
            Member current = lock(tx, orgId, id, precondition);
            MemberDraft draft = patch.over(current);
            requireProperties(tx, orgId, draft.propertyIds());
            requireDepartment(tx, orgId, draft.departmentId());
            boolean disables =
                    current.status().equals("active") && draft.status().equals("disabled");
            if (disables || draft.role() != Role.ADMIN) {
                rejectLastAdmin(tx, orgId, current);
            }
            update(tx, orgId, id, draft, changesRights(current, draft) ? 1 : 0);
            Member changed = one(tx, orgId, id);
            outbox.append(tx, orgId, new MemberEvent.Updated(changed.payload()));
            if (disables) {
                endSessions(tx, orgId, changed);
            }
            return changed;
        });
    }

    private static boolean changesRights(Member current, MemberDraft draft) {
        MemberDraft before = new MemberDraft(
                draft.name(), current.role(), current.propertyIds(), current.departmentId(), current.status());
        return !draft.equals(before);
    }

    private static void update(Handle tx, UUID orgId, UUID id, MemberDraft draft, int verStep) {
        tx.createUpdate("""
                        update member
                        set name = :name, role = :role, department_id = :departmentId, status = :status,
                            ver = ver + :verStep, updated_at = :now, version = version + 1
                        where org_id = :orgId and id = :id""")
                .bind("name", draft.name())
                .bind("role", draft.role().name())
                .bindByType("departmentId", draft.departmentId(), UUID.class)
                .bind("status", draft.status())
                .bind("verStep", verStep)
                .bind("now", Instant.now().truncatedTo(ChronoUnit.MICROS))
                .bind("orgId", orgId)
                .bind("id", id)
                .execute();
        deleteProperties(tx, orgId, id);
        insertProperties(tx, orgId, id, draft.propertyIds());
    }

    /**
     * Removes a member: they are gone for everybody, and hold no property and no department any longer. What they made
     * stays theirs.
     *
     * @throws Problem 404, 409 for the last active ADMIN, or 412 when the precondition does not hold
     */
    void remove(UUID orgId, UUID id, Precondition precondition) {
        jdbi.useTransaction(tx -> {
            Member current = lock(tx, orgId, id, precondition);
            rejectLastAdmin(tx, orgId, current);
            update(tx, orgId, id, new MemberDraft(current.name(), current.role(), List.of(), null, "disabled"), 1);
            Member last = one(tx, orgId, id);
            tx.createUpdate("update member set status = 'removed' where org_id = :orgId and id = :id")
                    .bind("orgId", orgId)
                    .bind("id", id)
                    .execute();
            outbox.append(tx, orgId, new MemberEvent.Removed(last.payload()));
            endSessions(tx, orgId, last);
        });
    }

    /** Not only now: should the member be enabled again, what was issued before stays void. */
    private void endSessions(Handle tx, UUID orgId, Member member) {
        tx.createUpdate("""
                        update session set revoked_at = now()
                        where org_id = :orgId and member_id = :memberId and revoked_at is null""").bind("orgId", orgId).bind("memberId", member.id()).execute();
        outbox.append(
                tx,
                orgId,
                new ControlEvent.Revoked(new ControlEvent.SessionRevoked(member.id(), null, null, member.ver())));
    }

    /**
     * The organisation's row is locked before the member's, so that of two ADMINs who go at the same time the second one
     * sees that the first is gone.
     */
    private static Member lock(Handle tx, UUID orgId, UUID id, Precondition precondition) {
        tx.createQuery("select id from organization where id = :orgId for no key update")
                .bind("orgId", orgId)
                .mapTo(UUID.class)
                .one();
        // In a statement of its own: a subquery beside "for update" would show the properties of before the wait.
        tx.createQuery("select id from member where org_id = :orgId and id = :id for update")
                .bind("orgId", orgId)
                .bind("id", id)
                .mapTo(UUID.class)
                .findOne();
        Member member = tx.createQuery(ONE)
                .bind("orgId", orgId)
                .bind("id", id)
                .map(MemberStore::member)
                .findOne()
                .orElseThrow(Problem::notFound);
        if (!precondition.holds(member.version())) {
            throw Problem.preconditionFailed("The member is at version " + member.version() + " by now.");
        }
        return member;
    }

    private static void rejectLastAdmin(Handle tx, UUID orgId, Member member) {
        if (!member.isActiveAdmin()) {
            return;
        }
        boolean others = tx.createQuery("""
                        select exists (
                            select 1 from member
                            where org_id = :orgId and role = 'ADMIN' and status = 'active' and id <> :id)""")
                .bind("orgId", orgId)
                .bind("id", member.id())
                .mapTo(Boolean.class)
                .one();
        if (!others) {
            throw Problem.conflict("last-admin", "The organisation would have no active ADMIN.");
        }
    }

    private static void requireProperties(Handle handle, UUID orgId, List<UUID> ids) {
        int known = handle.createQuery("select count(*) from property where org_id = :orgId and id = any(:ids)")
                .bind("orgId", orgId)
                .bindArray("ids", UUID.class, ids)
                .mapTo(Integer.class)
                .one();
        if (known < ids.size()) {
            throw Problem.notFound();
        }
    }

    private static void requireDepartment(Handle handle, UUID orgId, UUID id) {
        boolean known = id == null
                || handle.createQuery("select exists (select 1 from department where org_id = :orgId and id = :id)")
                        .bind("orgId", orgId)
                        .bind("id", id)
                        .mapTo(Boolean.class)
                        .one();
        if (!known) {
            throw Problem.notFound();
        }
    }

    private static void deleteProperties(Handle tx, UUID orgId, UUID memberId) {
        tx.createUpdate("delete from member_property where org_id = :orgId and member_id = :memberId")
                .bind("orgId", orgId)
                .bind("memberId", memberId)
                .execute();
    }

    private static void insertProperties(Handle tx, UUID orgId, UUID memberId, List<UUID> propertyIds) {
        tx.createUpdate("""
                        insert into member_property (org_id, member_id, property_id)
                        select :orgId, :memberId, unnest(:propertyIds)""")
                .bind("orgId", orgId)
                .bind("memberId", memberId)
                .bindArray("propertyIds", UUID.class, propertyIds)
                .execute();
    }

    private static Member one(Handle tx, UUID orgId, UUID id) {
        return tx.createQuery(ONE)
                .bind("orgId", orgId)
                .bind("id", id)
                .map(MemberStore::member)
                .one();
    }

    private static Member member(ResultSet result, StatementContext ctx) throws SQLException {
        Row row = new Row(result);
        return new Member(
                row.id("id"),
                row.text("email"),
                row.text("name"),
                Role.valueOf(row.text("role")),
                Arrays.stream((UUID[]) result.getArray("property_ids").getArray())
                        .sorted()
                        .toList(),
                row.id("department_id"),
                row.text("status"),
                row.time("created_at"),
                row.time("updated_at"),
                row.number("ver"),
                row.number("version"));
    }
}
