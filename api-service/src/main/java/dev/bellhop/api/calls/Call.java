package dev.bellhop.api.calls;

import dev.bellhop.model.events.CallEvent;
import java.time.Instant;
import java.util.UUID;

/**
 * A recorded call with an entity.
 *
 * @param entityId null once the entity is deleted
 * @param ownerId who entered it
 * @param status processing, ready or failed
 * @param durationS seconds, null while unknown
 * @param recordingUrl null while there is none
 * @param summary null while there is none
 */
public record Call(
        UUID id,
        UUID entityId,
        UUID ownerId,
        String status,
        Instant startedAt,
        Integer durationS,
        String recordingUrl,
        String summary,
        Instant createdAt,
        Instant updatedAt,
        long version) {

    CallEvent.Payload payload() {
        return new CallEvent.Payload(
                id, entityId, status, startedAt, durationS, recordingUrl, summary, createdAt, updatedAt, version);
    }
}
