package dev.bellhop.api.notifications;

import dev.bellhop.model.security.Role;
import java.time.Instant;
import java.util.UUID;

/**
 * Words to one user, to a role, or to everybody.
 *
 * @param userId whom alone it is for, null for many
 * @param targetRole whom it is for by role, null for one user or everybody
 * @param title null where there is none
 * @param severity info, warning or critical
 * @param kind maintenance or alert, null where not said
 * @param readAt when the caller read it, null before
 */
public record Notification(
        UUID id,
        UUID userId,
        Role targetRole,
        String title,
        String message,
        String severity,
        String kind,
        UUID senderId,
        Instant createdAt,
        Instant readAt) {

    /** What the caller sees changes once: when they read it. */
    long version() {
        return readAt == null ? 1 : 2;
    }
}
