package dev.bellhop.model.wire;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonRawValue;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/**
 * The body of {@code POST /events} as a producer writes it: consecutive events of one organisation.
 *
 * @param firstSeq number of the first event in the producer's own count for this organisation, from 1
 */
public record EventBatch(String source, UUID orgId, long firstSeq, List<Item> events) {
    /** Most events of one batch. */
    public static final int MAX_EVENTS = 500;

    /** Largest body in bytes. */
    public static final int MAX_BYTES = 1 << 20;

    /** Largest payload of one event in bytes. */
    public static final int MAX_PAYLOAD_BYTES = 64 << 10;

    /** @param payload a JSON object as {@link Json} writes it, taken as it is */
    public record Item(
            UUID id,
            String type,
            List<String> rooms,
            @JsonRawValue String payload,
            Instant occurredAt,
            @JsonInclude(JsonInclude.Include.NON_NULL) String traceparent) {}

    /** The answer. {@code acked} is the highest number taken, null for a producer that does not number. */
    public record Receipt(Long acked, int accepted, int duplicates) {}
}
