package dev.bellhop.model.events;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A person or company that an organisation deals with. The answer of the REST API and the payload of its events.
 *
 * @param type candidate, client, contractor, lead, partner or custom
 * @param status new, screening, interview, offer, hired, rejected or archived
 * @param department null where none is named
 * @param version 1 for a new record, one more with every change; the ETag
 */
public record Entity(
        UUID id,
        String type,
        String name,
        String status,
        Contact contact,
        @Nullable DepartmentName department,
        UUID ownerId,
        @Nullable String notes,
        Instant createdAt,
        Instant updatedAt,
        long version) {

    /** Either field may be null. */
    public record Contact(@Nullable String email, @Nullable String phone) {}

    public record DepartmentName(UUID id, String name) {}
}
