package dev.bellhop.api.auth;

import dev.bellhop.model.security.Role;
import java.util.List;
import java.util.UUID;

/**
 * A member as they see themselves.
 *
 * @param propertyIds that a MANAGER manages
 * @param departmentId null where there is none
 */
public record Account(
        UUID id, String email, String name, Role role, UUID orgId, List<UUID> propertyIds, UUID departmentId) {}
