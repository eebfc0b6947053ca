package dev.bellhop.api.members;

import dev.bellhop.api.http.Change;
import dev.bellhop.api.http.Fields;
import dev.bellhop.model.problem.Problem;
import dev.bellhop.model.security.Role;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * What an ADMIN can say of a member.
 *
 * @param propertyIds in ascending order; empty for every role but MANAGER
 * @param departmentId null for none
 */
record MemberDraft(String name, Role role, List<UUID> propertyIds, UUID departmentId, String status) {
    static final Set<String> ROLES = Set.of("ADMIN", "HR", "MANAGER", "MEMBER");
    static final Set<String> STATUSES = Set.of("active", "disabled");

    /** Most properties of one manager: they all stand in the access token, which is at most 4,096 bytes long. */
    private static final int MAX_PROPERTIES = 50;

    /** Reads a new member; faults stay with the fields. */
    static MemberDraft of(Fields fields) {
        String name = fields.line("name", Fields.NAME);
        Optional<Role> role = Role.parse(fields.choice("role", ROLES));
        List<UUID> propertyIds = readProperties(fields);
        if (role.isPresent() && role.get() != Role.MANAGER && !propertyIds.isEmpty()) {
            fields.fault("property_ids", "not_a_manager", "is for a MANAGER only");
        }
        return new MemberDraft(
                name,
                role.orElse(Role.MEMBER),
                propertyIds,
                fields.optionalId("department_id").orElse(null),
                "active");
    }

    private static List<UUID> readProperties(Fields fields) {
        return fields.optionalIds("property_ids", MAX_PROPERTIES).stream()
                .sorted()
                .toList();
    }

    /** A merge patch: what it does not mention stays. */
    record Patch(
            Change<String> name,
            Change<Role> role,
            Change<List<UUID>> propertyIds,
            Change<UUID> departmentId,
            Change<String> status) {
        static Patch of(Fields fields) {
            return new Patch(
                    fields.change("name", (f, n) -> f.line(n, Fields.NAME)),
                    fields.change(
                            "role", (f, n) -> Role.parse(f.choice(n, ROLES)).orElse(Role.MEMBER)),
                    fields.change("property_ids", (f, n) -> readProperties(f)),
                    fields.removableChange("department_id", Fields::optionalId),
                    fields.change("status", (f, n) -> f.choice(n, STATUSES)));
        }

        /**
         * Who is no longer a MANAGER loses the properties, too.
         *
         * @throws Problem 422 when properties are given to somebody else
         */
        MemberDraft over(Member current) {
            Role newRole = role.over(current.role());
            boolean manages = newRole == Role.MANAGER;
            if (!manages && propertyIds.mentioned() && !propertyIds.value().isEmpty()) {
                throw Problem.invalid("property_ids", "not_a_manager", "is for a MANAGER only");
            }
            return new MemberDraft(
                    name.over(current.name()),
                    newRole,
                    manages ? propertyIds.over(current.propertyIds()) : List.of(),
                    departmentId.over(current.departmentId()),
                    status.over(current.status()));
        }
    }
}
