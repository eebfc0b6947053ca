package dev.bellhop.api.chat;

import java.time.Instant;
import java.util.UUID;

/**
 * A conversation that everybody in the organisation can read.
 *
 * @param entityId whom it is about, null for nobody in particular
 * @param ownerId who began it
 */
public record Chat(
        UUID id, String title, UUID entityId, UUID ownerId, Instant createdAt, Instant updatedAt, long version) {}
