package dev.bellhop.api.members;

import dev.bellhop.model.security.Role;
import java.util.List;
import java.util.UUID;

/**
 * An active member, as those see them who share records with them: what the organisation's events say of them anyhow.
 *
 * @param propertyIds that a MANAGER manages
 * @param departmentId null where there is none
 * @param version of the record, raised by every change
 */
public record Colleague(UUID id, String name, Role role, List<UUID> propertyIds, UUID departmentId, long version) {}
