package dev.bellhop.model.events;

import dev.bellhop.model.wire.RoomName;
import java.util.List;
import java.util.UUID;

/** Changes of departments; everybody in the organisation sees them. */
public sealed interface DepartmentEvent extends Event {
    @Override
    default List<RoomName> rooms() {
        return List.of(RoomName.ORG);
    }

    record Created(Department payload) implements DepartmentEvent {
        @Override
        public EventType type() {
            return EventType.DEPARTMENT_CREATED;
        }

        @Override
        public Subject subject() {
            return new Subject("department", payload.id());
        }
    }

    record Updated(Department payload) implements DepartmentEvent {
        @Override
        public EventType type() {
            return EventType.DEPARTMENT_UPDATED;
        }

        @Override
        public Subject subject() {
            return new Subject("department", payload.id());
        }
    }

    record Removed(UUID id, long version) implements DepartmentEvent {
        @Override
        public EventType type() {
            return EventType.DEPARTMENT_DELETED;
        }

        @Override
        public Subject subject() {
            return new Subject("department", id);
        }

        @Override
        public Deleted payload() {
            return new Deleted(id, "department", version);
        }
    }
}
