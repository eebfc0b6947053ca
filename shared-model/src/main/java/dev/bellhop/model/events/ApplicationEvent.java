package dev.bellhop.model.events;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.bellhop.model.wire.RoomName;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/** The life of a job application; seen by the managers of its property and by HR. */
public sealed interface ApplicationEvent extends Event {
    /**
     * @param status submitted, approved or rejected
     * @param reason of a rejection
     * @param version of the application's record
     */
    record Payload(
            UUID applicationId,
            UUID propertyId,
            String applicantName,
            String status,
            String position,
            @JsonInclude(JsonInclude.Include.NON_NULL) String reason,
            Instant createdAt,
            Instant updatedAt,
            long version) {}

    @Override
    Payload payload();

    @Override
    default Subject subject() {
        return new Subject("application", payload().applicationId());
    }

    @Override
    default List<RoomName> rooms() {
        return List.of(RoomName.property(payload().propertyId().toString()), RoomName.GLOBAL);
    }

    record Submitted(Payload payload) implements ApplicationEvent {
        @Override
        public EventType type() {
            return EventType.APPLICATION_SUBMITTED;
        }
    }

    record Approved(Payload payload) implements ApplicationEvent {
        @Override
        public EventType type() {
            return EventType.APPLICATION_APPROVED;
        }
    }

    record Rejected(Payload payload) implements ApplicationEvent {
        @Override
        public EventType type() {
            return EventType.APPLICATION_REJECTED;
        }
    }
}
