package dev.bellhop.api.members;

import com.fasterxml.jackson.annotation.JsonIgnore;
import dev.bellhop.model.events.MemberEvent;
import dev.bellhop.model.security.Role;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/**
 * Somebody of the organisation, as its ADMIN sees them.
 *
 * @param propertyIds that a MANAGER manages
 * @param departmentId null where there is none
 * @param status active or disabled
 * @param ver of the membership, which tokens carry; raised by every change of rights or status
 * @param version of the record, raised by every change
 */
public record Member(
        UUID id,
        String email,
        String name,
        Role role,
        List<UUID> propertyIds,
        UUID departmentId,
        String status,
        Instant createdAt,
        Instant updatedAt,
        @JsonIgnore long ver,
        long version) {

    boolean isActiveAdmin() {
        return role == Role.ADMIN && status.equals("active");
    }

    Colleague asColleague() {
        return new Colleague(id, name, role, propertyIds, departmentId, version);
    }

    MemberEvent.Payload payload() {
        return new MemberEvent.Payload(id, name, role, propertyIds, departmentId, status, ver, version);
    }
}
