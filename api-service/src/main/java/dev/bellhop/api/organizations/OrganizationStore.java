package dev.bellhop.api.organizations;

import dev.bellhop.api.http.Answer.Precondition;
import dev.bellhop.api.http.Change;
import dev.bellhop.api.outbox.Outbox;
import dev.bellhop.api.store.Ids;
import dev.bellhop.api.store.Row;
import dev.bellhop.db.SqlErrors;
import dev.bellhop.model.events.ControlEvent;
import dev.bellhop.model.events.MemberEvent;
import dev.bellhop.model.events.Subject;
import dev.bellhop.model.problem.Problem;
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

/** Organisations in PostgreSQL. Thread-safe. */
public final class OrganizationStore {
    private static final String ONE =
            "select id, name, status, created_at, updated_at, version from organization where id = :id";
    /** Not "for update": that would hold up every insert that names the organisation. */
    private static final String ONE_LOCKED = ONE + " for no key update";

    /** What an organisation begins with. */
    record Founding(String name, String adminEmail, String adminName, String adminPasswordHash) {}

    private final Jdbi jdbi;
    private final Outbox outbox;

    public OrganizationStore(Jdbi jdbi, Outbox outbox) {
        this.jdbi = jdbi;
        this.outbox = outbox;
    }

    /** @throws Problem 409 when the ADMIN's address has an account already */
    Organization create(Founding founding) {
        Instant now = Instant.now().truncatedTo(ChronoUnit.MICROS);
        Organization organization = new Organization(
                Ids.next(),
                founding.name(),
                "active",
                new Organization.Admin(Ids.next(), founding.adminEmail(), founding.adminName()),
                now,
                now,
                1);
        try {
            jdbi.useTransaction(tx -> {
                insert(tx, organization, founding.adminPasswordHash());
                outbox.record(
                        tx, organization.id(), "organization.created", new Subject("organization", organization.id()));
                outbox.append(
                        tx,
                        organization.id(),
                        new MemberEvent.Added(new MemberEvent.Payload(
                                organization.admin().id(),
                                organization.admin().name(),
                                Role.ADMIN,
                                List.of(),
                                null,
                                "active",
                                1,
                                1)));
            });
            return organization;
        } catch (UnableToExecuteStatementException e) {
            if (SqlErrors.isUniqueViolation(e, "member_email")) {
                throw Problem.conflict("email-taken", "There is an account with this e-mail address already.");
            }
            throw e;
        }
    }

    private static void insert(Handle tx, Organization organization, String adminPasswordHash) {
        tx.createUpdate("insert into organization (id, name, created_at, updated_at) values (:id, :name, :now, :now)")
                .bind("id", organization.id())
                .bind("name", organization.name())
                .bind("now", organization.createdAt())
                .execute();
        tx.createUpdate("""
                        insert into member (org_id, id, email, name, role, password_hash, created_at, updated_at)
                        values (:orgId, :id, :email, :name, 'ADMIN', :hash, :now, :now)""")
                .bind("orgId", organization.id())
                .bind("id", organization.admin().id())
                .bind("email", organization.admin().email())
                .bind("name", organization.admin().name())
                .bind("hash", adminPasswordHash)
                .bind("now", organization.createdAt())
                .execute();
    }

    Optional<Organization> find(UUID id) {
        return jdbi.withHandle(handle -> handle.createQuery(ONE)
                .bind("id", id)
                .map(OrganizationStore::organization)
                .findOne());
    }

    /** @throws Problem 404, or 412 when the precondition does not hold */
    Organization rename(UUID id, Change<String> name, Precondition precondition) {
        return jdbi.inTransaction(tx -> {
            Organization current = lock(tx, id, precondition);
            outbox.record(tx, id, "organization.updated", new Subject("organization", id));
            return update(tx, id, name.over(current.name()), current.status());
        });
    }

    /**
     * Lets an organisation in or keeps it out, from the next request on and, by the event, on open connections. Sessions
     * last through it.
     *
     * @throws Problem 404, or 412 when the precondition does not hold
     */
    Organization changeStatus(UUID id, String status, Precondition precondition) {
        return jdbi.inTransaction(tx -> {
            Organization current = lock(tx, id, precondition);
            if (current.status().equals(status)) {
                return current;
            }
            Organization changed = update(tx, id, current.name(), status);
            outbox.append(
                    tx, id, status.equals("active") ? new ControlEvent.Enabled(id) : new ControlEvent.Disabled(id));
            return changed;
        });
    }

    private static Organization lock(Handle tx, UUID id, Precondition precondition) {
        Organization organization = tx.createQuery(ONE_LOCKED)
                .bind("id", id)
                .map(OrganizationStore::organization)
                .findOne()
                .orElseThrow(Problem::notFound);
        if (!precondition.holds(organization.version())) {
            throw Problem.preconditionFailed("The organisation is at version " + organization.version() + " by now.");
        }
        return organization;
    }

    private static Organization update(Handle tx, UUID id, String name, String status) {
        return tx.createQuery("""
                        update organization set name = :name, status = :status, updated_at = :now, version = version + 1
                        where id = :id
                        returning id, name, status, created_at, updated_at, version""")
                .bind("name", name)
                .bind("status", status)
                .bind("now", Instant.now().truncatedTo(ChronoUnit.MICROS))
                .bind("id", id)
                .map(OrganizationStore::organization)
                .one();
    }

    private static Organization organization(ResultSet result, StatementContext ctx) throws SQLException {
        Row row = new Row(result);
        return new Organization(
                row.id("id"),
                row.text("name"),
                row.text("status"),
                null,
                row.time("created_at"),
                row.time("updated_at"),
                row.number("version"));
    }
}
