package dev.bellhop.realtime.testing;

import dev.bellhop.model.security.Principal;
import dev.bellhop.model.security.Role;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** Somebody of an organisation, as a token would name them. */
public record Person(UUID orgId, String userId, Role role, List<String> properties, List<String> departments) {
    public static Person hr(UUID orgId) {
        return new Person(orgId, "hr-" + shortId(), Role.HR, List.of(), List.of());
    }

    public static Person admin(UUID orgId) {
        return new Person(orgId, "admin-" + shortId(), Role.ADMIN, List.of(), List.of());
    }

    public static Person member(UUID orgId) {
        return new Person(orgId, "member-" + shortId(), Role.MEMBER, List.of(), List.of());
    }

    public static Person manager(UUID orgId, String... properties) {
        return new Person(orgId, "manager-" + shortId(), Role.MANAGER, List.of(properties), List.of());
    }

    public static Person service() {
        return new Person(null, "service", Role.SERVICE, List.of(), List.of());
    }

    private static String shortId() {
        return UUID.randomUUID().toString().substring(0, 8);
    }

    /** What a token says that is good from now on. */
    public Principal principal(Duration life) {
        Instant now = Instant.now();
        return new Principal(
                userId,
                Optional.ofNullable(orgId),
                role,
                userId,
                properties,
                departments,
                Optional.of("session-" + userId),
                1,
                UUID.randomUUID().toString(),
                now,
                now.plus(life));
    }
}
