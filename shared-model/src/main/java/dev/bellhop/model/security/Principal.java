package dev.bellhop.model.security;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * Who speaks, as a verified token says it.
 *
 * @param orgId empty for SERVICE only
 * @param properties ids of the properties that a MANAGER manages
 * @param departments ids of the departments that the user belongs to
 * @param sessionId the refresh family ({@code sid}), empty for a token that has none
 * @param version of the membership when the token was made ({@code ver}); a higher one in a control event wins
 * @param tokenId {@code jti}
 */
public record Principal(
        String userId,
        Optional<UUID> orgId,
        Role role,
        String name,
        List<String> properties,
        List<String> departments,
        Optional<String> sessionId,
        long version,
        String tokenId,
        Instant issuedAt,
        Instant expiresAt) {

    public Principal {
        properties = List.copyOf(properties);
        departments = List.copyOf(departments);
    }

    /** The same person and token with the rights of now. */
    public Principal withRights(Role newRole, List<String> newProperties, List<String> newDepartments) {
        return new Principal(
                userId,
                orgId,
                newRole,
                name,
                newProperties,
                newDepartments,
                sessionId,
                version,
                tokenId,
                issuedAt,
                expiresAt);
    }

    /** @throws java.util.NoSuchElementException for a SERVICE token, which belongs to no organisation */
    public UUID org() {
        return orgId.orElseThrow();
    }

    public boolean isService() {
        return role == Role.SERVICE;
    }

    /** Whether the bearer may see and decide what belongs to that property. */
    public boolean managesProperty(String propertyId) {
        return role.seesAllProperties() || (role == Role.MANAGER && properties.contains(propertyId));
    }
}
