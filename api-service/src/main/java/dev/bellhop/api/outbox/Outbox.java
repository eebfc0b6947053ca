package dev.bellhop.api.outbox;

import dev.bellhop.api.http.Actor;
import dev.bellhop.api.http.Trace;
import dev.bellhop.api.store.Ids;
import dev.bellhop.model.events.Event;
import dev.bellhop.model.events.Subject;
import dev.bellhop.model.wire.Json;
import dev.bellhop.model.wire.RoomName;
import java.util.List;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;

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
        requireTransaction(tx);
        if (events.isEmpty()) {
            return;
        }
        // One statement, because one more round trip with every write would be felt.
        PreparedBatch rows = tx.prepareBatch("""
                with event as (
                    insert into outbox (event_id, org_id, type, rooms, payload, traceparent)
                    values (:id, :orgId, :type, :rooms, :payload, :traceparent))
                insert into audit_entry (org_id, id, actor_id, actor_name, action, resource_type, resource_id, request_id)
                values (:orgId, :id, :actorId, :actorName, :type, :resourceType, :resourceId, :requestId)""");
        String traceparent = Trace.current().orElse(null);
        Actor actor = Actor.current();
        for (Event event : events) {
            Subject subject = event.subject();
            rows.bind("id", Ids.next())
                    .bind("orgId", orgId)
                    .bind("type", event.type().wireName())
                    .bindArray(
                            "rooms",
                            String.class,
                            event.rooms().stream().map(RoomName::toString).toList())
                    .bind("payload", Json.text(event.payload()))
                    .bind("traceparent", traceparent)
                    .bind("actorId", actor.id())
                    .bind("actorName", actor.name())
                    .bind("resourceType", subject.type())
                    .bind("resourceId", subject.id())
                    .bind("requestId", actor.requestId())
                    .add();
        }
        rows.execute();
        tx.afterCommit(wakeUp);
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
