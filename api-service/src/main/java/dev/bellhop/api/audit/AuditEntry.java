package dev.bellhop.api.audit;

import java.time.Instant;
import java.util.UUID;

/**
 * One change.
 *
 * @param id also that of the change's event, where it has one
 * @param actorId a user id or the name of a machine; null for what the service did by itself and for public applications
 * @param actorName as the actor was called then; null with the id
 * @param action what happened, for example {@code entity.updated}
 * @param resourceId of the record, also when it is gone
 * @param requestId of the request that did it, as in its answer and in the log; null outside requests
 */
public record AuditEntry(
        UUID id,
        Instant at,
        String actorId,
        String actorName,
        String action,
        String resourceType,
        UUID resourceId,
        String requestId) {}
