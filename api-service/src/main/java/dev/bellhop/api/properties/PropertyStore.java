package dev.bellhop.api.properties;

import dev.bellhop.api.http.Answer.Precondition;
import dev.bellhop.api.http.Change;
import dev.bellhop.api.http.Page.Position;
import dev.bellhop.api.outbox.Outbox;
import dev.bellhop.api.store.Ids;
import dev.bellhop.api.store.Row;
import dev.bellhop.model.events.Property;
import dev.bellhop.model.events.PropertyEvent;
import dev.bellhop.model.problem.Problem;
import dev.bellhop.model.security.Principal;
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

/** Properties in PostgreSQL. A write and its event commit together or not at all. Thread-safe. */
public final class PropertyStore {
    /** A manager sees the properties of the list, ADMIN and HR (:visible is null) all of them. */
    private static final String SELECT = """
            select id, name, created_at, updated_at, version from property
            where org_id = :orgId and (:visible::uuid[] is null or id = any(:visible))
            """;

    private static final String LIST = SELECT + """
              and (:search::text is null or name ilike :search)
              and (name, id) > (:key, :id)
            order by name, id limit :rows""";
    private static final String ONE = SELECT + "and id = :id";
    private static final String ONE_LOCKED =
            "select id, name, created_at, updated_at, version from property where org_id = :orgId and id = :id for update";

    private static final Position START = new Position("", new UUID(0, 0));

    private final Jdbi jdbi;
    private final Outbox outbox;

    public PropertyStore(Jdbi jdbi, Outbox outbox) {
        this.jdbi = jdbi;
        this.outbox = outbox;
    }

    /** By name; one more than the limit where there are more. */
    List<Property> list(Principal caller, Optional<String> search, Optional<Position> after, int limit) {
        Position position = after.orElse(START);
        return jdbi.withHandle(handle -> handle.createQuery(LIST)
                .bind("orgId", caller.org())
                .bindByType("visible", visible(caller), UUID[].class)
                .bind("search", search)
                .bind("key", position.key())
                .bind("id", position.id())
                .bind("rows", limit + 1)
                .map(PropertyStore::property)
                .list());
    }

    /** @return empty also for one that the caller does not manage */
    Optional<Property> find(Principal caller, UUID id) {
        return jdbi.withHandle(handle -> handle.createQuery(ONE)
                .bind("orgId", caller.org())
                .bindByType("visible", visible(caller), UUID[].class)
                .bind("id", id)
                .map(PropertyStore::property)
                .findOne());
    }

    /** @return null for a caller who sees all */
    private static UUID[] visible(Principal caller) {
        return caller.role().seesAllProperties()
                ? null
                : caller.properties().stream().map(UUID::fromString).toArray(UUID[]::new);
    }

    Property create(UUID orgId, String name) {
        Instant now = Instant.now().truncatedTo(ChronoUnit.MICROS);
        Property property = new Property(Ids.next(), name, now, now, 1);
        jdbi.useTransaction(tx -> {
            tx.createUpdate("""
                            insert into property (org_id, id, name, created_at, updated_at)
                            values (:orgId, :id, :name, :now, :now)""")
                    .bind("orgId", orgId)
                    .bind("id", property.id())
                    .bind("name", name)
                    .bind("now", now)
                    .execute();
            outbox.append(tx, orgId, new PropertyEvent.Created(property));
        });
        return property;
    }

    /** @throws Problem 404, or 412 when the precondition does not hold */
    Property change(UUID orgId, UUID id, Change<String> name, Precondition precondition) {
        return jdbi.inTransaction(tx -> {
            Property current = lock(tx, orgId, id, precondition);
            Property changed = tx.createQuery("""
                            update property set name = :name, updated_at = :now, version = version + 1
                            where org_id = :orgId and id = :id
                            returning id, name, created_at, updated_at, version""")
                    .bind("name", name.over(current.name()))
                    .bind("now", Instant.now().truncatedTo(ChronoUnit.MICROS))
                    .bind("orgId", orgId)
                    .bind("id", id)
                    .map(PropertyStore::property)
                    .one();
            outbox.append(tx, orgId, new PropertyEvent.Updated(changed));
            return changed;
        });
    }

    /**
     * Deletes a property that nothing depends on: neither applications and what followed from them, which are kept, nor
     * managers, who would lose a right without anybody saying so.
     *
     * @throws Problem as {@link #change}, and 409 while it is in use
     */
    void delete(UUID orgId, UUID id, Precondition precondition) {
        jdbi.useTransaction(tx -> {
            Property current = lock(tx, orgId, id, precondition);
            rejectUse(tx, orgId, id);
            tx.createUpdate("delete from property where org_id = :orgId and id = :id")
                    .bind("orgId", orgId)
                    .bind("id", id)
                    .execute();
            outbox.append(tx, orgId, new PropertyEvent.Removed(id, current.version() + 1));
        });
    }

    /** The lock on the property keeps new users of it away until the transaction ends. */
    private static void rejectUse(Handle tx, UUID orgId, UUID id) {
        List<String> users = tx.createQuery("""
                        select 'members' where exists (
                            select 1 from member_property where org_id = :orgId and property_id = :id)
                        union all
                        select 'applications' where exists (
                            select 1 from application where org_id = :orgId and property_id = :id)""")
                .bind("orgId", orgId)
                .bind("id", id)
                .mapTo(String.class)
                .list();
        if (!users.isEmpty()) {
            throw Problem.conflict("in-use", "The property is still named by " + String.join(" and ", users) + ".")
                    .with("used_by", users);
        }
    }

    private static Property lock(Handle tx, UUID orgId, UUID id, Precondition precondition) {
        Property property = tx.createQuery(ONE_LOCKED)
                .bind("orgId", orgId)
                .bind("id", id)
                .map(PropertyStore::property)
                .findOne()
                .orElseThrow(Problem::notFound);
        if (!precondition.holds(property.version())) {
            throw Problem.preconditionFailed("The property is at version " + property.version() + " by now.");
        }
        return property;
    }

    private static Property property(ResultSet result, StatementContext ctx) throws SQLException {
        Row row = new Row(result);
        return new Property(
                row.id("id"), row.text("name"), row.time("created_at"), row.time("updated_at"), row.number("version"));
    }
}
