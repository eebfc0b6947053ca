package dev.bellhop.api.outbox;

import dev.bellhop.api.http.Trace;
import dev.bellhop.api.store.Ids;
import dev.bellhop.model.events.Event;
import dev.bellhop.model.wire.Json;
import dev.bellhop.model.wire.RoomName;
import java.util.List;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;

/** The writing end of the outbox: an event and the change it speaks of commit together or not at all. Thread-safe. */
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
        if (!tx.isInTransaction()) {
            throw new IllegalStateException("an event belongs into the transaction of its change");
        }
        if (events.isEmpty()) {
            return;
        }
        PreparedBatch rows = tx.prepareBatch("""
                insert into outbox (event_id, org_id, type, rooms, payload, traceparent)
                values (:eventId, :orgId, :type, :rooms, :payload, :traceparent)""");
        String traceparent = Trace.current().orElse(null);
        for (Event event : events) {
            rows.bind("eventId", Ids.next())
                    .bind("orgId", orgId)
                    .bind("type", event.type().wireName())
                    .bindArray(
                            "rooms",
                            String.class,
                            event.rooms().stream().map(RoomName::toString).toList())
                    .bind("payload", Json.text(event.payload()))
                    .bind("traceparent", traceparent)
                    .add();
        }
        rows.execute();
        tx.afterCommit(wakeUp);
    }
}
