package dev.bellhop.model.events;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.bellhop.model.wire.RoomName;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Recorded calls; everybody in the organisation sees them. */
public sealed interface CallEvent extends Event {
    /**
     * @param status processing, ready or failed
     * @param durationS seconds, null while unknown
     */
    record Payload(
            UUID id,
            UUID entityId,
            String status,
            Instant startedAt,
            @Nullable Integer durationS,
            @JsonInclude(JsonInclude.Include.NON_NULL) String recordingUrl,
            @JsonInclude(JsonInclude.Include.NON_NULL) String summary,
            Instant createdAt,
            Instant updatedAt,
            long version) {}

    @Override
    Payload payload();

    @Override
    default Subject subject() {
        return new Subject("call", payload().id());
    }

    @Override
    default List<RoomName> rooms() {
        return List.of(RoomName.ORG);
    }

    record Created(Payload payload) implements CallEvent {
        @Override
        public EventType type() {
            return EventType.CALL_CREATED;
        }
    }

    record Updated(Payload payload) implements CallEvent {
        @Override
        public EventType type() {
            return EventType.CALL_UPDATED;
        }
    }
}
