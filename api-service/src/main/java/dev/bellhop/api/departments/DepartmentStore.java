package dev.bellhop.api.departments;

import dev.bellhop.api.http.Answer.Precondition;
import dev.bellhop.api.http.Change;
import dev.bellhop.api.http.Page.Position;
import dev.bellhop.api.outbox.Outbox;
import dev.bellhop.api.store.Ids;
import dev.bellhop.api.store.Row;
import dev.bellhop.model.events.Department;
import dev.bellhop.model.events.DepartmentEvent;
import dev.bellhop.model.problem.Problem;
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

/** Departments in PostgreSQL. A write and its event commit together or not at all. Thread-safe. */
public final class DepartmentStore {
    private static final String SELECT =
            "select id, name, created_at, updated_at, version from department where org_id = :orgId ";
    private static final String LIST = SELECT + """
              and (:search::text is null or name ilike :search)
              and (name, id) > (:key, :id)
            order by name, id limit :rows""";
    private static final String ONE = SELECT + "and id = :id";
    private static final String ONE_LOCKED = ONE + " for update";

    private static final Position START = new Position("", new UUID(0, 0));

    private final Jdbi jdbi;
    private final Outbox outbox;

    public DepartmentStore(Jdbi jdbi, Outbox outbox) {
        this.jdbi = jdbi;
        this.outbox = outbox;
    }

    /** By name; one more than the limit where there are more. */
    List<Department> list(UUID orgId, Optional<String> search, Optional<Position> after, int limit) {
        Position position = after.orElse(START);
        return jdbi.withHandle(handle -> handle.createQuery(LIST)
                .bind("orgId", orgId)
                .bind("search", search)
                .bind("key", position.key())
                .bind("id", position.id())
                .bind("rows", limit + 1)
                .map(DepartmentStore::department)
                .list());
    }

    Optional<Department> find(UUID orgId, UUID id) {
        return jdbi.withHandle(handle -> handle.createQuery(ONE)
                .bind("orgId", orgId)
                .bind("id", id)
                .map(DepartmentStore::department)
                .findOne());
    }

    Department create(UUID orgId, String name) {
        Instant now = Instant.now().truncatedTo(ChronoUnit.MICROS);
        Department department = new Department(Ids.next(), name, now, now, 1);
        jdbi.useTransaction(tx -> {
            tx.createUpdate("""
                            insert into department (org_id, id, name, created_at, updated_at)
                            values (:orgId, :id, :name, :now, :now)""")
                    .bind("orgId", orgId)
                    .bind("id", department.id())
                    .bind("name", name)
                    .bind("now", now)
                    .execute();
            outbox.append(tx, orgId, new DepartmentEvent.Created(department));
        });
        return department;
    }

    /** @throws Problem 404, or 412 when the precondition does not hold */
    Department change(UUID orgId, UUID id, Change<String> name, Precondition precondition) {
        return jdbi.inTransaction(tx -> {
            Department current = lock(tx, orgId, id, precondition);
            Department changed = tx.createQuery("""
                            update department set name = :name, updated_at = :now, version = version + 1
                            where org_id = :orgId and id = :id
                            returning id, name, created_at, updated_at, version""")
                    .bind("name", name.over(current.name()))
                    .bind("now", Instant.now().truncatedTo(ChronoUnit.MICROS))
                    .bind("orgId", orgId)
                    .bind("id", id)
                    .map(DepartmentStore::department)
                    .one();
            outbox.append(tx, orgId, new DepartmentEvent.Updated(changed));
            return changed;
        });
    }

    /**
     * Deletes a department that nothing names: neither members, who would lose a right without anybody saying so, nor
     * entities.
     *
     * @throws Problem as {@link #change}, and 409 while it is in use
     */
    void delete(UUID orgId, UUID id, Precondition precondition) {
        jdbi.useTransaction(tx -> {
            Department current = lock(tx, orgId, id, precondition);
            rejectUse(tx, orgId, id);
            tx.createUpdate("delete from department where org_id = :orgId and id = :id")
                    .bind("orgId", orgId)
                    .bind("id", id)
                    .execute();
            outbox.append(tx, orgId, new DepartmentEvent.Removed(id, current.version() + 1));
        });
    }

    /** The lock on the department keeps new users of it away until the transaction ends. */
    private static void rejectUse(Handle tx, UUID orgId, UUID id) {
        List<String> users = tx.createQuery("""
                        select 'members' where exists (
                            select 1 from member where org_id = :orgId and department_id = :id)
                        union all
                        select 'entities' where exists (
                            select 1 from entity where org_id = :orgId and department_id = :id)""")
                .bind("orgId", orgId)
                .bind("id", id)
                .mapTo(String.class)
                .list();
        if (!users.isEmpty()) {
            throw Problem.conflict("in-use", "The department is still named by " + String.join(" and ", users) + ".")
                    .with("used_by", users);
        }
    }

    private static Department lock(Handle tx, UUID orgId, UUID id, Precondition precondition) {
        Department department = tx.createQuery(ONE_LOCKED)
                .bind("orgId", orgId)
                .bind("id", id)
                .map(DepartmentStore::department)
                .findOne()
                .orElseThrow(Problem::notFound);
        if (!precondition.holds(department.version())) {
            throw Problem.preconditionFailed("The department is at version " + department.version() + " by now.");
        }
        return department;
    }

    private static Department department(ResultSet result, StatementContext ctx) throws SQLException {
        Row row = new Row(result);
        return new Department(
                row.id("id"), row.text("name"), row.time("created_at"), row.time("updated_at"), row.number("version"));
    }
}
