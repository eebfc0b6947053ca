package dev.bellhop.api.shares;

import dev.bellhop.model.events.ShareEvent;
import java.time.Instant;
import java.util.UUID;

/**
 * A record that one member shares with another.
 *
 * @param resourceName as it was called when it was shared
 * @param userId who receives it
 * @param accessLevel view, edit or full
 * @param sharedBy who gave it
 * @param expiresAt when it ends by itself, null for never
 */
public record Share(
        UUID id,
        String resourceType,
        UUID resourceId,
        String resourceName,
        UUID userId,
        String accessLevel,
        UUID sharedBy,
        String sharedByName,
        Instant createdAt,
        Instant expiresAt) {

    /** A share is given and withdrawn, never changed. */
    static final long VERSION = 1;

    ShareEvent.Created created() {
        return new ShareEvent.Created(
                userId,
                new ShareEvent.Granted(
                        id,
                        resourceType,
                        resourceId,
                        resourceName,
                        accessLevel,
                        sharedBy,
                        sharedByName,
                        createdAt,
                        expiresAt));
    }
}
