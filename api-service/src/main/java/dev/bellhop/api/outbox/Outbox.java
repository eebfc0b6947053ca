package dev.bellhop.api.outbox;

import dev.bellhop.api.http.Actor;
import dev.bellhop.api.http.Origin;
import dev.bellhop.api.http.Trace;
import dev.bellhop.api.store.Columns;
import dev.bellhop.api.store.Direct;
import dev.bellhop.api.store.Ids;
import dev.bellhop.model.events.Event;
import dev.bellhop.model.events.Subject;
import dev.bellhop.model.wire.Json;
import dev.bellhop.model.wire.RoomName;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;

/**
 * The writing end of the outbox and of the audit trail: an event, the entry that says who made it, and the change they
 * speak of commit together or not at all. Thread-safe.
 */
public final class Outbox {
    private final Runnable wakeUp;

    /** @param wakeUp called after the commit, so that the relay need not wait for its next look; must return at once */
    public Outbox(Runnable wakeUp) {
        this.wakeUp = wakeUp;
    }

    /**
     * Writes an event in the caller's transaction. The row that it speaks of must be locked by then (inserted, updated,
     * deleted or selected for update): the order of the events of one record comes from that lock. All events of one
     * transaction belong to one organisation.
     */
    public void append(Handle tx, UUID orgId, Event event) {
        append(tx, orgId, List.of(event));
    }

    /** As {@link #append(Handle, UUID, Event)} for several events in that order. */
    public void append(Handle tx, UUID orgId, List<? extends Event> events) {
        Origin origin = Origin.current();
        appendAll(
                tx,
                orgId,
                events.stream().map(event -> new Entry(event, origin)).toList());
    }

    /**
     * An event and where it comes from.
     *
     * @param origin of the request that made the event, which may be another than that of the thread that writes it
     */
    public record Entry(Event event, Origin origin) {}

    /** As {@link #append(Handle, UUID, List)} for events of several requests. */
    public void appendAll(Handle tx, UUID orgId, List<Entry> entries) {
        requireTransaction(tx);
        if (entries.isEmpty()) {
            return;
        }
        Direct.with(tx, connection -> insert(connection, orgId, entries));
        tx.afterCommit(wakeUp);
    }

    /** One statement, because one more round trip with every write would be felt. */
    private static int insert(Connection connection, UUID orgId, List<Entry> entries) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("""
                with event as (
                    select * from unnest(?, ?, ?, ?, ?, ?, ?, ?, ?, ?) with ordinality
                        as e (id, type, rooms, payload, traceparent, actor_id, actor_name, resource_type, resource_id,
                              request_id, place)),
                published as (
                    insert into outbox (event_id, org_id, type, rooms, payload, traceparent)
                    select id, ?, type, string_to_array(rooms, ' '), payload, traceparent from event order by place)
                insert into audit_entry (org_id, id, actor_id, actor_name, action, resource_type, resource_id, request_id)
                select ?, id, actor_id, actor_name, type, resource_type, resource_id, request_id from event""")) {
            Columns<Entry> columns = new Columns<>(connection, entries);
            statement.setArray(1, columns.ids(entry -> Ids.next()));
            statement.setArray(2, columns.texts(entry -> entry.event().type().wireName()));
            statement.setArray(3, columns.texts(entry -> rooms(entry.event())));
            statement.setArray(4, columns.texts(entry -> Json.text(entry.event().payload())));
            statement.setArray(
                    5, columns.texts(entry -> entry.origin().traceparent().orElse(null)));
            statement.setArray(
                    6, columns.texts(entry -> entry.origin().actor().id().orElse(null)));
            statement.setArray(
                    7, columns.texts(entry -> entry.origin().actor().name().orElse(null)));
            statement.setArray(8, columns.texts(entry -> entry.event().subject().type()));
            statement.setArray(9, columns.ids(entry -> entry.event().subject().id()));
            statement.setArray(
                    10,
                    columns.texts(entry -> entry.origin().actor().requestId().orElse(null)));
            statement.setObject(11, orgId);
            statement.setObject(12, orgId);
            return statement.executeUpdate();
        }
    }

    private static String rooms(Event event) {
        return event.rooms().stream().map(RoomName::toString).collect(Collectors.joining(" "));
    }

    /** Writes a change of which no event speaks into the audit trail alone. */
    public void record(Handle tx, UUID orgId, String action, Subject subject) {
        requireTransaction(tx);
        Actor actor = Actor.current();
        tx.createUpdate("""
                        insert into audit_entry (org_id, id, actor_id, actor_name, action, resource_type, resource_id,
                                                 request_id)
                        values (:orgId, :id, :actorId, :actorName, :action, :resourceType, :resourceId, :requestId)""")
                .bind("orgId", orgId)
                .bind("id", Ids.next())
                .bind("actorId", actor.id())
                .bind("actorName", actor.name())
                .bind("action", action)
                .bind("resourceType", subject.type())
                .bind("resourceId", subject.id())
                .bind("requestId", actor.requestId())
                .execute();
    }

    /**
     * Lets the database's own trigger write the event of what follows in the transaction, with the trace and the identity
     * of the request that the current thread works on.
     */
    public void expectFromTrigger(Handle tx) {
        requireTransaction(tx);
        tx.createQuery("""
                        select set_config('bellhop.traceparent', :traceparent, true) as trace,
                               set_config('bellhop.request_id', :requestId, true) as request""")
                .bind("traceparent", Trace.current().orElse(""))
                .bind("requestId", Actor.current().requestId().orElse(""))
                .mapToMap()
                .one();
        tx.afterCommit(wakeUp);
    }

    private static void requireTransaction(Handle tx) {
        if (!tx.isInTransaction()) {
            throw new IllegalStateException("an event belongs into the transaction of its change");
        }
    }
}
