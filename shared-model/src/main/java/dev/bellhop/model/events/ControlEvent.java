package dev.bellhop.model.events;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.bellhop.model.wire.RoomName;
import java.util.List;
import java.util.UUID;

/** Orders to the realtime service that have their place in the log and are shown to nobody. */
public sealed interface ControlEvent extends Event {
    @Override
    default List<RoomName> rooms() {
        return List.of();
    }

    /**
     * @param sid the one session that ends; without it all of the user's end
     * @param exceptSid with all sessions ended, the one that stays: the one in which the password was changed
     * @param ver version of the membership from which on tokens count, where all sessions end
     */
    record SessionRevoked(
            UUID userId,
            @JsonInclude(JsonInclude.Include.NON_NULL) String sid,
            @JsonInclude(JsonInclude.Include.NON_NULL) String exceptSid,
            @JsonInclude(JsonInclude.Include.NON_NULL) Long ver) {}

    record OrganizationStatus(UUID orgId, String status) {}

    /** Stands at the number of an event that could not be delivered, so that the numbers have no hole. */
    record OutboxParked(UUID eventId, String eventType, String reason) {}

    record Revoked(SessionRevoked payload) implements ControlEvent {
        @Override
        public EventType type() {
            return EventType.SESSION_REVOKED;
        }

        @Override
        public Subject subject() {
            return new Subject("member", payload.userId());
        }
    }

    record Disabled(UUID orgId) implements ControlEvent {
        @Override
        public EventType type() {
            return EventType.ORGANIZATION_DISABLED;
        }

        @Override
        public Subject subject() {
            return new Subject("organization", orgId);
        }

        @Override
        public OrganizationStatus payload() {
            return new OrganizationStatus(orgId, "disabled");
        }
    }

    record Enabled(UUID orgId) implements ControlEvent {
        @Override
        public EventType type() {
            return EventType.ORGANIZATION_ENABLED;
        }

        @Override
        public Subject subject() {
            return new Subject("organization", orgId);
        }

        @Override
        public OrganizationStatus payload() {
            return new OrganizationStatus(orgId, "active");
        }
    }

    record Parked(OutboxParked payload) implements ControlEvent {
        @Override
        public EventType type() {
            return EventType.OUTBOX_PARKED;
        }

        @Override
        public Subject subject() {
            return new Subject("event", payload.eventId());
        }
    }
}
