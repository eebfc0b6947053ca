package dev.bellhop.model.events;

import dev.bellhop.model.security.Role;
import dev.bellhop.model.wire.RoomName;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Who belongs to the organisation and in which role. Everybody sees it, and the realtime service takes the permissions of
 * open connections from it.
 */
public sealed interface MemberEvent extends Event {
    /**
     * @param status active or disabled
     * @param ver version of the membership; a token made at a lower one no longer counts
     * @param version of the record, raised by every change
     */
    record Payload(
            UUID userId,
            String name,
            Role role,
            List<UUID> propertyIds,
            @Nullable UUID departmentId,
            String status,
            long ver,
            long version) {}

    @Override
    Payload payload();

    @Override
    default Subject subject() {
        return new Subject("member", payload().userId());
    }

    @Override
    default List<RoomName> rooms() {
        return List.of(RoomName.ORG);
    }

    record Added(Payload payload) implements MemberEvent {
        @Override
        public EventType type() {
            return EventType.MEMBER_ADDED;
        }
    }

    record Updated(Payload payload) implements MemberEvent {
        @Override
        public EventType type() {
            return EventType.MEMBER_UPDATED;
        }
    }

    record Removed(Payload payload) implements MemberEvent {
        @Override
        public EventType type() {
            return EventType.MEMBER_REMOVED;
        }
    }
}
