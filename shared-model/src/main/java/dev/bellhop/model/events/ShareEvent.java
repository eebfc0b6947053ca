package dev.bellhop.model.events;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.bellhop.model.wire.RoomName;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/** A record shared with one user, or no longer; seen by that user only. */
public sealed interface ShareEvent extends Event {
    /** Who receives it. Decides the room and is no part of the payload. */
    UUID receiverId();

    /**
     * @param resourceType entity, chat, call or onboarding
     * @param accessLevel view, edit or full
     * @param sharedBy user id of the giver
     */
    record Granted(
            UUID shareId,
            String resourceType,
            UUID resourceId,
            String resourceName,
            String accessLevel,
            UUID sharedBy,
            String sharedByName,
            Instant createdAt,
            @JsonInclude(JsonInclude.Include.NON_NULL) Instant expiresAt) {}

    record Withdrawn(UUID shareId, String resourceType, UUID resourceId) {}

    @Override
    default List<RoomName> rooms() {
        return List.of(RoomName.user(receiverId().toString()));
    }

    record Created(UUID receiverId, Granted payload) implements ShareEvent {
        @Override
        public EventType type() {
            return EventType.SHARE_CREATED;
        }

        @Override
        public Subject subject() {
            return new Subject("share", payload.shareId());
        }
    }

    record Revoked(UUID receiverId, Withdrawn payload) implements ShareEvent {
        @Override
        public EventType type() {
            return EventType.SHARE_REVOKED;
        }

        @Override
        public Subject subject() {
            return new Subject("share", payload.shareId());
        }
    }
}
