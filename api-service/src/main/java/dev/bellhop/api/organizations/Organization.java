package dev.bellhop.api.organizations;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Instant;
import java.util.UUID;

/**
 * A tenant.
 *
 * @param status active or disabled
 * @param admin in the answer to whoever founds it only, else null
 */
public record Organization(
        UUID id,
        String name,
        String status,
        @JsonInclude(JsonInclude.Include.NON_NULL) Admin admin,
        Instant createdAt,
        Instant updatedAt,
        long version) {

    /** The member with whom an organisation begins. */
    public record Admin(UUID id, String email, String name) {}
}
