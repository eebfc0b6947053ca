package dev.bellhop.model.events;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.bellhop.model.wire.RoomName;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The way of a new employee through the forms; seen by the property, HR and, where known, the employee. */
public sealed interface OnboardingEvent extends Event {
    record Progress(int done, int total) {}

    /**
     * @param userId the employee's member id, null while there is none
     * @param form the step that was just handed in, of {@code onboarding.form_submitted} only
     * @param status in_progress or completed
     */
    record Payload(
            UUID onboardingId,
            UUID applicationId,
            UUID propertyId,
            @Nullable UUID userId,
            String employeeName,
            String status,
            @JsonInclude(JsonInclude.Include.NON_NULL) String form,
            Progress progress,
            Instant createdAt,
            Instant updatedAt,
            long version) {}

    @Override
    Payload payload();

    @Override
    default Subject subject() {
        return new Subject("onboarding", payload().onboardingId());
    }

    @Override
    default List<RoomName> rooms() {
        List<RoomName> rooms = new ArrayList<>(3);
        rooms.add(RoomName.property(payload().propertyId().toString()));
        rooms.add(RoomName.GLOBAL);
        if (payload().userId() != null) {
            rooms.add(RoomName.user(payload().userId().toString()));
        }
        return rooms;
    }

    record Started(Payload payload) implements OnboardingEvent {
        @Override
        public EventType type() {
            return EventType.ONBOARDING_STARTED;
        }
    }

    record FormSubmitted(Payload payload) implements OnboardingEvent {
        @Override
        public EventType type() {
            return EventType.ONBOARDING_FORM_SUBMITTED;
        }
    }

    record Completed(Payload payload) implements OnboardingEvent {
        @Override
        public EventType type() {
            return EventType.ONBOARDING_COMPLETED;
        }
    }
}
