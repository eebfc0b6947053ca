package dev.bellhop.api.outbox;

import dev.bellhop.api.store.Ids;
import dev.bellhop.api.store.Row;
import dev.bellhop.model.events.ControlEvent;
import dev.bellhop.model.events.EventType;
import dev.bellhop.model.wire.EventBatch;
import dev.bellhop.model.wire.Json;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/** The reading end of the outbox in PostgreSQL. Thread-safe. */
final class OutboxStore {
    /** Largest batch in bytes of payload, with an allowance for what stands around each. */
    static final int MAX_BATCH_BYTES = 512 << 10;

    private static final int ENVELOPE_BYTES = 512;

    /** Longer than an attempt usually takes, and no longer than the next process needs to start after this one was killed. */
    private static final Duration CLAIM = Duration.ofSeconds(2);

    private final Jdbi jdbi;
    /** This relay among those of other processes. */
    private final UUID relay = Ids.next();

    OutboxStore(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    /** Organisations with numbered events that were not sent; steps over the index instead of reading all of it. */
    List<UUID> organizationsWithBacklog() {
        return jdbi.withHandle(
                handle -> handle.createQuery("""
                        with recursive next as (
                            (select org_id from outbox where sent_at is null and org_seq is not null
                             order by org_id limit 1)
                            union all
                            select (select o.org_id from outbox o
                                    where o.sent_at is null and o.org_seq is not null and o.org_id > next.org_id
                                    order by o.org_id limit 1)
                            from next where next.org_id is not null)
                        select org_id from next where org_id is not null""").mapTo(UUID.class).list());
    }

    /** @return false while another relay sends for the organisation */
    boolean claim(UUID orgId) {
        return jdbi.withHandle(handle -> handle.createUpdate("""
                                update outbox_stream set claimed_by = :relay, claimed_until = now() + :claim
                                where org_id = :orgId and (claimed_by = :relay or claimed_until < now())""")
                        .bind("relay", relay)
                        .bind("claim", CLAIM)
                        .bind("orgId", orgId)
                        .execute())
                == 1;
    }

    /** This relay, as it signs its claims. */
    UUID relay() {
        return relay;
    }

    /**
     * Tells the relay that sends for the organisation that there is something new. A statement of its own: inside the
     * transaction of a change, NOTIFY would make all of them commit one after the other.
     */
    void callHolder(UUID orgId) {
        jdbi.useHandle(handle -> handle.createQuery("""
                        select pg_notify('bellhop_outbox', claimed_by::text)::text from outbox_stream
                        where org_id = :orgId and claimed_by <> :relay""")
                .bind("orgId", orgId)
                .bind("relay", relay)
                .mapTo(String.class)
                .list());
    }

    void release(UUID orgId) {
        jdbi.useHandle(handle -> handle.createUpdate("""
                        update outbox_stream set claimed_until = '-infinity'
                        where org_id = :orgId and claimed_by = :relay""")
                .bind("orgId", orgId)
                .bind("relay", relay)
                .execute());
    }

    /**
     * The next events to send.
     *
     * @param limit most events, from 1; a single event is returned whatever its size
     */
    Optional<Batch> next(UUID orgId, int limit) {
        List<Batch.Row> rows = jdbi.withHandle(handle -> handle.createQuery("""
                        select * from (
                            select w.*, sum(octet_length(payload) + :envelope) over (order by org_seq) as bytes
                            from (select id, org_seq, event_id, type, rooms, payload, occurred_at, traceparent,
                                         parked_at is not null as tombstone
                                  from outbox where org_id = :orgId and sent_at is null and org_seq is not null
                                  order by org_seq limit :limit) w) sized
                        where bytes <= :maxBytes or bytes = octet_length(payload) + :envelope
                        order by org_seq""")
                .bind("orgId", orgId)
                .bind("limit", limit)
                .bind("maxBytes", MAX_BATCH_BYTES)
                .bind("envelope", ENVELOPE_BYTES)
                .map((rs, ctx) -> {
                    Row row = new Row(rs);
                    return new Batch.Row(
                            row.number("id"),
                            row.number("org_seq"),
                            new EventBatch.Item(
                                    row.id("event_id"),
                                    row.text("type"),
                                    List.of((String[]) rs.getArray("rooms").getArray()),
                                    row.text("payload"),
                                    row.time("occurred_at"),
                                    row.text("traceparent")),
                            rs.getBoolean("tombstone"));
                })
                .list());
        return rows.isEmpty() ? Optional.empty() : Optional.of(Batch.of(orgId, consecutive(rows)));
    }

    private static List<Batch.Row> consecutive(List<Batch.Row> rows) {
        List<Batch.Row> run = new ArrayList<>(rows.size());
        for (Batch.Row row : rows) {
            if (row.seq() != rows.get(0).seq() + run.size()) {
                break;
            }
            run.add(row);
        }
        return run;
    }

    void markSent(UUID orgId, long last) {
        jdbi.useTransaction(tx -> markSent(tx, orgId, last));
    }

    private static void markSent(Handle tx, UUID orgId, long last) {
        tx.createUpdate("""
                        update outbox set sent_at = now()
                        where org_id = :orgId and org_seq <= :last and sent_at is null""").bind("orgId", orgId).bind("last", last).execute();
    }

    /**
     * Makes everything from a number on unsent again.
     *
     * @return false when the event of that number is no longer kept
     */
    boolean rewind(UUID orgId, long first) {
        return jdbi.inTransaction(tx -> {
            boolean kept = tx.createQuery("select count(*) from outbox where org_id = :orgId and org_seq = :first")
                            .bind("orgId", orgId)
                            .bind("first", first)
                            .mapTo(Long.class)
                            .one()
                    == 1;
            if (kept) {
                tx.createUpdate("update outbox set sent_at = null where org_id = :orgId and org_seq >= :first")
                        .bind("orgId", orgId)
                        .bind("first", first)
                        .execute();
            }
            return kept;
        });
    }

    /** Counts a refusal of one event, and returns how many there were. */
    int refused(long rowId) {
        return jdbi.withHandle(handle -> handle.createQuery(
                        "update outbox set attempts = attempts + 1 where id = :id returning attempts")
                .bind("id", rowId)
                .mapTo(Integer.class)
                .one());
    }

    /** Puts a tombstone at the number of an event, which is kept beside it; nothing when another relay did so already. */
    void park(Batch.Row row, String reason) {
        String tombstone = Json.text(
                new ControlEvent.OutboxParked(row.event().id(), row.event().type(), reason));
        jdbi.useHandle(handle -> handle.createUpdate("""
                        update outbox
                        set parked_at = now(), parked_reason = :reason, parked_event_id = event_id, parked_type = type,
                            parked_rooms = rooms, parked_payload = payload,
                            event_id = :tombstoneId, type = :type, rooms = '{}', payload = :tombstone
                        where id = :id and parked_at is null and sent_at is null""")
                .bind("reason", reason)
                .bind("tombstoneId", Ids.next())
                .bind("type", EventType.OUTBOX_PARKED.wireName())
                .bind("tombstone", tombstone)
                .bind("id", row.rowId())
                .execute());
    }

    /**
     * @param unsequenced committed events without a number
     * @param unsent numbered events that are not acknowledged
     * @param oldestSeconds age of the oldest of both, 0 when there is none
     * @param parked events that wait to be mended
     */
    record Figures(long unsequenced, long unsent, double oldestSeconds, long parked) {}

    Figures figures() {
        return jdbi.withHandle(handle -> handle.createQuery("""
                        select (select count(*) from outbox where org_seq is null) as unsequenced,
                               (select count(*) from outbox where sent_at is null and org_seq is not null) as unsent,
                               (select count(*) from outbox where parked_at is not null) as parked,
                               coalesce(extract(epoch from clock_timestamp() - least(
                                   (select min(occurred_at) from outbox where org_seq is null),
                                   (select min(occurred_at) from outbox
                                    where sent_at is null and org_seq is not null))), 0) as oldest""")
                .map((rs, ctx) -> new Figures(
                        rs.getLong("unsequenced"),
                        rs.getLong("unsent"),
                        Math.max(0, rs.getDouble("oldest")),
                        rs.getLong("parked")))
                .one());
    }

    /** Removes at most {@code limit} events that were sent longer ago than {@code age}; parked ones stay. */
    int deleteSent(Duration age, int limit) {
        return jdbi.withHandle(handle ->
                handle.createUpdate("""
                        delete from outbox where id in (
                            select id from outbox where sent_at < now() - :age and parked_at is null
                            order by sent_at limit :limit for update skip locked)""").bind("age", age).bind("limit", limit).execute());
    }
}
