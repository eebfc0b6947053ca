package dev.bellhop.api.outbox;

import dev.bellhop.api.store.Direct;
import dev.bellhop.api.store.Ids;
import dev.bellhop.api.store.Row;
import dev.bellhop.model.events.ControlEvent;
import dev.bellhop.model.events.EventType;
import dev.bellhop.model.wire.EventBatch;
import dev.bellhop.model.wire.Json;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;
import org.postgresql.util.PGInterval;

/**
 * The reading end of the outbox in PostgreSQL. Claims and marks do not wait for the disk: what a crash of the server takes of
 * them leads to a repeat, which the receiver drops. Numbers do. Thread-safe.
 */
final class OutboxStore {
    /** Largest batch in bytes of payload, with an allowance for what stands around each. */
    static final int MAX_BATCH_BYTES = 512 << 10;

    static final int ENVELOPE_BYTES = 512;

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
                                where org_id = :orgId and (claimed_by = :relay or claimed_until < now())
                                  and set_config('synchronous_commit', 'off', true) = 'off'""")
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
                        where org_id = :orgId and claimed_by = :relay
                          and set_config('synchronous_commit', 'off', true) = 'off'""")
                .bind("orgId", orgId)
                .bind("relay", relay)
                .execute());
    }

    /**
     * What a relay finds that wants to send for an organisation.
     *
     * @param held whether it may; not while another relay does
     * @param batch what comes next
     */
    record Claim(boolean held, Optional<Batch> batch) {}

    /**
     * {@link #claim Claims} an organisation and reads the next events to send. They are those of the moment before the claim:
     * what the relay before it has marked or parked just then is among them, and the receiver says so.
     *
     * @param limit most events, from 1; a single event is returned whatever its size
     */
    Claim claimNext(UUID orgId, int limit) {
        return jdbi.withHandle(handle -> Direct.with(handle, connection -> claimNext(connection, orgId, limit)));
    }

    private Claim claimNext(Connection connection, UUID orgId, int limit) throws SQLException {
        // The limit is a part of the text, or the planner would plan for each.
        try (PreparedStatement statement =
                connection.prepareStatement("""
                with claimed as (
                    update outbox_stream set claimed_by = ?, claimed_until = now() + ?
                    where org_id = ? and (claimed_by = ? or claimed_until < now())
                      and set_config('synchronous_commit', 'off', true) = 'off'
                    returning org_id),
                unsent as (
                    select w.*, sum(octet_length(payload) + %1$d) over (order by org_seq) as bytes
                    from (select id, org_seq, event_id, type, rooms, payload, occurred_at, traceparent,
                                 parked_at is not null as tombstone
                          from outbox where org_id = ? and sent_at is null and org_seq is not null
                          order by org_seq limit %3$d) w)
                select unsent.* from claimed left join unsent
                on bytes <= %2$d or bytes = octet_length(payload) + %1$d
                order by org_seq""".formatted(ENVELOPE_BYTES, MAX_BATCH_BYTES, limit))) {
            statement.setObject(1, relay);
            statement.setObject(2, claimTime());
            statement.setObject(3, orgId);
            statement.setObject(4, relay);
            statement.setObject(5, orgId);
            try (ResultSet results = statement.executeQuery()) {
                boolean held = false;
                List<Batch.Row> rows = new ArrayList<>();
                while (results.next()) {
                    held = true;
                    if (results.getObject("id") != null) {
                        rows.add(row(results));
                    }
                }
                return new Claim(
                        held, rows.isEmpty() ? Optional.empty() : Optional.of(Batch.of(orgId, consecutive(rows))));
            }
        }
    }

    /** How long a claim keeps other relays away. */
    static PGInterval claimTime() {
        return new PGInterval(0, 0, 0, 0, 0, CLAIM.toSeconds());
    }

    static Batch.Row row(ResultSet results) throws SQLException {
        Row row = new Row(results);
        return new Batch.Row(
                row.number("id"),
                row.number("org_seq"),
                new EventBatch.Item(
                        row.id("event_id"),
                        row.text("type"),
                        List.of((String[]) results.getArray("rooms").getArray()),
                        row.text("payload"),
                        row.time("occurred_at"),
                        row.text("traceparent")),
                results.getBoolean("tombstone"));
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

    /** @param release whether the next relay may have the organisation */
    void markSent(UUID orgId, long last, boolean release) {
        jdbi.useHandle(handle -> Direct.with(handle, connection -> markSent(connection, orgId, last, release)));
    }

    private int markSent(Connection connection, UUID orgId, long last, boolean release) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("""
                with released as (
                    update outbox_stream set claimed_until = '-infinity' where org_id = ? and claimed_by = ? and ?)
                update outbox set sent_at = now()
                where org_id = ? and org_seq <= ? and sent_at is null
                  and set_config('synchronous_commit', 'off', true) = 'off'""")) {
            statement.setObject(1, orgId);
            statement.setObject(2, relay);
            statement.setBoolean(3, release);
            statement.setObject(4, orgId);
            statement.setLong(5, last);
            return statement.executeUpdate();
        }
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
