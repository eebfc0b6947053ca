package dev.bellhop.api.outbox;

import dev.bellhop.api.store.Ids;
import dev.bellhop.model.wire.EventBatch;
import dev.bellhop.model.wire.Json;
import java.util.List;
import java.util.UUID;

/**
 * Consecutive events of one organisation as they are sent: the same id and the same bytes at every attempt.
 *
 * @param id of the post, {@code batch_} and 32 hexadecimal digits
 * @param rows in order; never empty
 * @param body written once and never changed after
 */
@SuppressWarnings("ArrayRecordComponent")
record Batch(String id, UUID orgId, List<Row> rows, byte[] body) {
    static final String SOURCE = "api-service";

    /** @param rowId key of the outbox row, {@code seq} its number in the organisation */
    record Row(long rowId, long seq, EventBatch.Item event, boolean tombstone) {}

    static Batch of(UUID orgId, List<Row> rows) {
        String id = "batch_" + Ids.next().toString().replace("-", "");
        List<EventBatch.Item> events = rows.stream().map(Row::event).toList();
        return new Batch(
                id,
                orgId,
                List.copyOf(rows),
                Json.bytes(new EventBatch(SOURCE, orgId, rows.get(0).seq(), events)));
    }

    /**
     * Whether there was more to send when it was read.
     *
     * @param limit most events that it could have had
     */
    boolean mayHaveSuccessor(int limit) {
        return rows.size() >= limit || body.length >= OutboxStore.MAX_BATCH_BYTES / 2;
    }

    long first() {
        return rows.get(0).seq();
    }

    long last() {
        return rows.get(rows.size() - 1).seq();
    }
}
