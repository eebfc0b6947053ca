package dev.bellhop.api.entities;

import dev.bellhop.api.auth.Claimed;
import dev.bellhop.api.auth.SessionStore;
import dev.bellhop.api.http.Answer.Precondition;
import dev.bellhop.api.http.Origin;
import dev.bellhop.api.http.Page.Position;
import dev.bellhop.api.outbox.Outbox;
import dev.bellhop.api.store.Batching;
import dev.bellhop.api.store.Columns;
import dev.bellhop.api.store.Direct;
import dev.bellhop.api.store.Ids;
import dev.bellhop.api.store.Query;
import dev.bellhop.api.store.Row;
import dev.bellhop.model.events.CallEvent;
import dev.bellhop.model.events.Entity;
import dev.bellhop.model.events.EntityEvent;
import dev.bellhop.model.events.ShareEvent;
import dev.bellhop.model.events.Subject;
import dev.bellhop.model.problem.Problem;
import dev.bellhop.model.security.Principal;
import dev.bellhop.model.security.Role;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.StatementContext;

/** Entities in PostgreSQL. A write and its event commit together or not at all. Thread-safe. */
public final class EntityStore {
    private static final String SELECT = """
            select e.id, e.type, e.name, e.status, e.email, e.phone, e.owner_id, e.notes, e.created_at, e.updated_at,
                   e.version, d.id as department_id, d.name as department_name
            from entity e left join department d on d.org_id = e.org_id and d.id = e.department_id
            """;
    private static final String FILTER = """
            where e.org_id = :orgId
              and (:type::text is null or e.type = :type)
              and (:status::text is null or e.status = :status)
              and (:departmentId::uuid is null or e.department_id = :departmentId)
              and (:ownerId::uuid is null or e.owner_id = :ownerId)
              and (:search::text is null or e.name ilike :search or e.email ilike :search)
            """;
    /** The dashboard's page. No filter, a fixed limit and bounds that the planner does not see: all pages share one plan. */
    private static final String NEWEST_OF_ALL = SELECT + """
            where e.org_id = ? and (e.created_at, e.id) < ((select cast(? as timestamptz)), (select cast(? as uuid)))
            order by e.created_at desc, e.id desc limit 201""";

    private static final String NEWEST = SELECT + FILTER + """
              and (e.created_at, e.id) < (:key::timestamptz, :id) order by e.created_at desc, e.id desc limit :rows""";
    private static final String OLDEST = SELECT + FILTER + """
              and (e.created_at, e.id) > (:key::timestamptz, :id) order by e.created_at, e.id limit :rows""";
    private static final String BY_NAME = SELECT + FILTER + """
              and (e.name, e.id) > (:key, :id) order by e.name, e.id limit :rows""";
    private static final String ONE = SELECT + "where e.org_id = :orgId and e.id = :id";
    private static final String ONE_LOCKED = ONE + " for update of e";

    private static final UUID LOWEST = new UUID(0, 0);
    private static final UUID HIGHEST = new UUID(-1, -1);

    private final Jdbi jdbi;
    private final Outbox outbox;
    private final Batching<Attempt, Attempt.Outcome> attempts = new Batching<>(this::attempt);

    public EntityStore(Jdbi jdbi, Outbox outbox) {
        this.jdbi = jdbi;
        this.outbox = outbox;
    }

    /** @return one more than the filter's limit where there are more */
    List<Entity> list(UUID orgId, EntityFilter filter) {
        Optional<Query<List<Entity>>> whole = query(orgId, filter);
        if (whole.isPresent()) {
            return jdbi.withHandle(handle -> Direct.with(handle, whole.get()::on));
        }
        Position after = after(filter);
        return jdbi.withHandle(handle -> {
            filter.departmentId().ifPresent(id -> departmentNames(handle, orgId, Set.of(id)));
            filter.ownerId().ifPresent(id -> requireMember(handle, orgId, id));
            String sql = switch (filter.sort()) {
                case NEWEST -> NEWEST;
                case OLDEST -> OLDEST;
                case NAME -> BY_NAME;
            };
            return handle.createQuery(sql)
                    .bind("orgId", orgId)
                    .bind("type", filter.type())
                    .bind("status", filter.status())
                    .bindByType("departmentId", filter.departmentId().orElse(null), UUID.class)
                    .bindByType("ownerId", filter.ownerId().orElse(null), UUID.class)
                    .bind("search", filter.search())
                    .bind("key", after.key())
                    .bind("id", after.id())
                    .bind("rows", filter.limit() + 1)
                    .map(EntityStore::entity)
                    .list();
        });
    }

    /** What {@link #list} sends for the whole list in its usual order; empty for another one. */
    static Optional<Query<List<Entity>>> query(UUID orgId, EntityFilter filter) {
        return filter.isEmpty()
                ? Optional.of(new NewestOfAll(orgId, after(filter), filter.limit() + 1))
                : Optional.empty();
    }

    private record NewestOfAll(UUID orgId, Position after, int limit) implements Query<List<Entity>> {
        @Override
        public String sql() {
            return NEWEST_OF_ALL;
        }

        @Override
        public int parameters() {
            return 3;
        }

        @Override
        public void bind(PreparedStatement statement, int before) throws SQLException {
            statement.setObject(before + 1, orgId);
            statement.setString(before + 2, after.key());
            statement.setObject(before + 3, after.id());
            statement.setMaxRows(limit);
        }

        @Override
        public List<Entity> read(ResultSet rows) throws SQLException {
            List<Entity> entities = new ArrayList<>(limit);
            while (rows.next()) {
                entities.add(EntityStore.read(rows));
            }
            return entities;
        }
    }

    private static Position after(EntityFilter filter) {
        return filter.after().orElse(start(filter.sort()));
    }

    /** Stands before every row, so that the first page is read as every other. */
    private static Position start(EntityFilter.Sort sort) {
        return switch (sort) {
            case NEWEST -> new Position("infinity", HIGHEST);
            case OLDEST -> new Position("-infinity", LOWEST);
            case NAME -> new Position("", LOWEST);
        };
    }

    /** @return the new entities in the order of the drafts; all of them or, on any fault, none */
    List<Entity> create(Principal owner, List<EntityDraft> drafts) {
        List<Creation> creations = List.of(Creation.of(owner, drafts, Origin.current()));
        return jdbi.inTransaction(tx -> create(tx, owner.org(), creations)).get(0);
    }

    /**
     * As {@link #create}, in one transaction with others of the organisation that come at the same time, which also checks the
     * callers.
     */
    Attempt.Outcome createWithOthers(Claimed owner, EntityDraft draft) {
        return attempts.call(owner.org(), new Attempt(owner, draft, Origin.current()));
    }

    /** What one request wants to create. */
    record Attempt(Claimed owner, EntityDraft draft, Origin origin) {
        /**
         * @param owner empty when the caller is no longer active; then nothing was created
         * @param entity null without an owner
         */
        record Outcome(Optional<Principal> owner, Entity entity) {}
    }

    private List<Attempt.Outcome> attempt(UUID orgId, List<Attempt> attempts) {
        return jdbi.inTransaction(tx -> {
            List<Optional<Principal>> owners = SessionStore.activePrincipals(
                    tx, orgId, attempts.stream().map(Attempt::owner).toList());
            List<Creation> creations = new ArrayList<>();
            for (int i = 0; i < attempts.size(); i++) {
                Attempt attempt = attempts.get(i);
                owners.get(i)
                        .ifPresent(owner -> creations.add(Creation.of(
                                owner,
                                List.of(attempt.draft()),
                                attempt.origin().by(owner))));
            }
            Iterator<List<Entity>> created = create(tx, orgId, creations).iterator();
            return owners.stream()
                    .map(owner -> new Attempt.Outcome(
                            owner, owner.isPresent() ? created.next().get(0) : null))
                    .toList();
        });
    }

    /** What one request creates. */
    private record Creation(UUID ownerId, List<EntityDraft> drafts, Origin origin) {
        static Creation of(Principal owner, List<EntityDraft> drafts, Origin origin) {
            return new Creation(UUID.fromString(owner.userId()), drafts, origin);
        }
    }

    private List<List<Entity>> create(Handle tx, UUID orgId, List<Creation> creations) {
        if (creations.isEmpty()) {
            return List.of();
        }
        Map<UUID, String> departments = departmentNames(
                tx,
                orgId,
                creations.stream()
                        .flatMap(creation -> creation.drafts().stream())
                        .map(EntityDraft::departmentId)
                        .filter(id -> id != null)
                        .collect(Collectors.toSet()));
        Instant now = Instant.now().truncatedTo(ChronoUnit.MICROS);
        List<List<Entity>> created = new ArrayList<>(creations.size());
        List<Outbox.Entry> events = new ArrayList<>();
        for (Creation creation : creations) {
            List<Entity> entities = creation.drafts().stream()
                    .map(draft -> entity(draft, departments, creation.ownerId(), now))
                    .toList();
            created.add(entities);
            entities.forEach(
                    entity -> events.add(new Outbox.Entry(new EntityEvent.Created(entity), creation.origin())));
        }
        List<Entity> rows = created.stream().flatMap(List::stream).toList();
        Direct.with(tx, connection -> insert(connection, orgId, rows, now));
        outbox.appendAll(tx, orgId, events);
        return created;
    }

    private static int insert(Connection connection, UUID orgId, List<Entity> entities, Instant now)
            throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("""
                insert into entity (org_id, id, type, name, status, email, phone, department_id, owner_id, notes,
                                    created_at, updated_at)
                select ?, id, type, name, status, email, phone, department_id, owner_id, notes, created_at, created_at
                from unnest(?, ?, ?, ?, ?, ?, ?, ?, ?) as e (id, type, name, status, email, phone, department_id, owner_id,
                                                             notes),
                     (select cast(? as timestamptz) as created_at) as clock""")) {
            Columns<Entity> columns = new Columns<>(connection, entities);
            statement.setObject(1, orgId);
            statement.setArray(2, columns.ids(Entity::id));
            statement.setArray(3, columns.texts(Entity::type));
            statement.setArray(4, columns.texts(Entity::name));
            statement.setArray(5, columns.texts(Entity::status));
            statement.setArray(6, columns.texts(entity -> entity.contact().email()));
            statement.setArray(7, columns.texts(entity -> entity.contact().phone()));
            statement.setArray(8, columns.ids(EntityStore::departmentId));
            statement.setArray(9, columns.ids(Entity::ownerId));
            statement.setArray(10, columns.texts(Entity::notes));
            statement.setObject(11, now.atOffset(ZoneOffset.UTC));
            return statement.executeUpdate();
        }
    }

    private static UUID departmentId(Entity entity) {
        return entity.department() == null ? null : entity.department().id();
    }

    private static Entity entity(EntityDraft draft, Map<UUID, String> departments, UUID ownerId, Instant now) {
        return new Entity(
                Ids.next(),
                draft.type(),
                draft.name(),
                draft.status(),
                new Entity.Contact(draft.email(), draft.phone()),
                draft.departmentId() == null
                        ? null
                        : new Entity.DepartmentName(draft.departmentId(), departments.get(draft.departmentId())),
                ownerId,
                draft.notes(),
                now,
                now,
                1);
    }

    Optional<Entity> find(UUID orgId, UUID id) {
        return jdbi.withHandle(handle -> handle.createQuery(ONE)
                .bind("orgId", orgId)
                .bind("id", id)
                .map(EntityStore::entity)
                .findOne());
    }

    /** @throws Problem 404, 403 when the caller may not edit it, or 412 when the precondition does not hold */
    Entity change(Principal caller, UUID id, EntityDraft.Patch patch, Precondition precondition) {
        UUID orgId = caller.org();
        return jdbi.inTransaction(tx -> {
            Entity current = lockForChange(tx, caller, id, precondition);
            EntityDraft draft = patch.over(current);
            if (draft.departmentId() != null) {
                departmentNames(tx, orgId, Set.of(draft.departmentId()));
            }
            tx.createUpdate("""
                            update entity
                            set type = :type, name = :name, status = :status, email = :email, phone = :phone,
                                department_id = :departmentId, notes = :notes, updated_at = :now, version = version + 1
                            where org_id = :orgId and id = :id""")
                    .bind("type", draft.type())
                    .bind("name", draft.name())
                    .bind("status", draft.status())
                    .bind("email", draft.email())
                    .bind("phone", draft.phone())
                    .bindByType("departmentId", draft.departmentId(), UUID.class)
                    .bind("notes", draft.notes())
                    .bind("now", Instant.now().truncatedTo(ChronoUnit.MICROS))
                    .bind("orgId", orgId)
                    .bind("id", id)
                    .execute();
            Entity changed = tx.createQuery(ONE)
                    .bind("orgId", orgId)
                    .bind("id", id)
                    .map(EntityStore::entity)
                    .one();
            outbox.append(tx, orgId, new EntityEvent.Updated(changed));
            return changed;
        });
    }

    /**
     * Takes its shares with it; its calls and chats stay without it.
     *
     * @throws Problem as {@link #change}
     */
    void delete(Principal caller, UUID id, Precondition precondition) {
        UUID orgId = caller.org();
        jdbi.useTransaction(tx -> {
            Entity current = lockForChange(tx, caller, id, precondition);
            List<ShareEvent.Revoked> revoked = deleteShares(tx, orgId, id);
            List<CallEvent.Updated> calls = detachCalls(tx, orgId, id);
            detachChats(tx, orgId, id);
            tx.createUpdate("delete from entity where org_id = :orgId and id = :id")
                    .bind("orgId", orgId)
                    .bind("id", id)
                    .execute();
            outbox.append(tx, orgId, revoked);
            outbox.append(tx, orgId, calls);
            outbox.append(tx, orgId, new EntityEvent.Removed(id, current.version() + 1));
        });
    }

    private static Entity lockForChange(Handle tx, Principal caller, UUID id, Precondition precondition) {
        Entity entity = tx.createQuery(ONE_LOCKED)
                .bind("orgId", caller.org())
                .bind("id", id)
                .map(EntityStore::entity)
                .findOne()
                .orElseThrow(Problem::notFound);
        if (caller.role() == Role.MEMBER && !mayEdit(tx, caller, entity)) {
            throw Problem.forbidden("You can change what you own or what is shared with you for editing.");
        }
        if (!precondition.holds(entity.version())) {
            throw Problem.preconditionFailed("The entity is at version " + entity.version() + " by now.");
        }
        return entity;
    }

    private static boolean mayEdit(Handle tx, Principal member, Entity entity) {
        UUID userId = UUID.fromString(member.userId());
        return entity.ownerId().equals(userId)
                || tx.createQuery("""
                                select exists (
                                    select 1 from share
                                    where org_id = :orgId and resource_type = 'entity' and resource_id = :entityId
                                      and user_id = :userId and access_level in ('edit', 'full')
                                      and (expires_at is null or expires_at > now()))""")
                        .bind("orgId", member.org())
                        .bind("entityId", entity.id())
                        .bind("userId", userId)
                        .mapTo(Boolean.class)
                        .one();
    }

    private static List<ShareEvent.Revoked> deleteShares(Handle tx, UUID orgId, UUID entityId) {
        return tx.createQuery("""
                        delete from share
                        where org_id = :orgId and resource_type = 'entity' and resource_id = :entityId
                        returning id, user_id""")
                .bind("orgId", orgId)
                .bind("entityId", entityId)
                .map((rs, ctx) -> {
                    Row row = new Row(rs);
                    return new ShareEvent.Revoked(
                            row.id("user_id"), new ShareEvent.Withdrawn(row.id("id"), "entity", entityId));
                })
                .list();
    }

    private static List<CallEvent.Updated> detachCalls(Handle tx, UUID orgId, UUID entityId) {
        return tx.createQuery("""
                        update call set entity_id = null, updated_at = now(), version = version + 1
                        where org_id = :orgId and entity_id = :entityId
                        returning id, status, started_at, duration_s, recording_url, summary, created_at, updated_at,
                                  version""")
                .bind("orgId", orgId)
                .bind("entityId", entityId)
                .map((rs, ctx) -> {
                    Row row = new Row(rs);
                    return new CallEvent.Updated(new CallEvent.Payload(
                            row.id("id"),
                            null,
                            row.text("status"),
                            row.time("started_at"),
                            rs.getObject("duration_s", Integer.class),
                            row.text("recording_url"),
                            row.text("summary"),
                            row.time("created_at"),
                            row.time("updated_at"),
                            row.number("version")));
                })
                .list();
    }

    private void detachChats(Handle tx, UUID orgId, UUID entityId) {
        List<UUID> chats = tx.createQuery("""
                        update chat set entity_id = null, updated_at = now(), version = version + 1
                        where org_id = :orgId and entity_id = :entityId returning id""")
                .bind("orgId", orgId)
                .bind("entityId", entityId)
                .mapTo(UUID.class)
                .list();
        chats.forEach(id -> outbox.record(tx, orgId, "chat.updated", new Subject("chat", id)));
    }

    /** @throws Problem 404 when one of them is not a department of the organisation */
    private static Map<UUID, String> departmentNames(Handle handle, UUID orgId, Set<UUID> ids) {
        if (ids.isEmpty()) {
            return Map.of();
        }
        Map<UUID, String> names = new HashMap<>();
        handle.createQuery("select id, name from department where org_id = :orgId and id = any(:ids)")
                .bind("orgId", orgId)
                .bindArray("ids", UUID.class, new ArrayList<>(ids))
                .map((rs, ctx) -> Map.entry(rs.getObject("id", UUID.class), rs.getString("name")))
                .forEach(entry -> names.put(entry.getKey(), entry.getValue()));
        if (names.size() < ids.size()) {
            throw Problem.notFound();
        }
        return names;
    }

    private static void requireMember(Handle handle, UUID orgId, UUID id) {
        boolean known = handle.createQuery("select exists (select 1 from member where org_id = :orgId and id = :id)")
                .bind("orgId", orgId)
                .bind("id", id)
                .mapTo(Boolean.class)
                .one();
        if (!known) {
            throw Problem.notFound();
        }
    }

    private static Entity entity(ResultSet result, StatementContext ctx) throws SQLException {
        return read(result);
    }

    /** By place: a page has hundreds of values, and finding each by its name takes longer than reading it. */
    private static Entity read(ResultSet result) throws SQLException {
        UUID departmentId = result.getObject(12, UUID.class);
        return new Entity(
                result.getObject(1, UUID.class),
                result.getString(2),
                result.getString(3),
                result.getString(4),
                new Entity.Contact(result.getString(5), result.getString(6)),
                departmentId == null ? null : new Entity.DepartmentName(departmentId, result.getString(13)),
                result.getObject(7, UUID.class),
                result.getString(8),
                result.getObject(9, OffsetDateTime.class).toInstant(),
                result.getObject(10, OffsetDateTime.class).toInstant(),
                result.getLong(11));
    }
}
