package dev.bellhop.model.events;

import dev.bellhop.model.wire.RoomName;
import java.util.List;
import java.util.UUID;

/** Changes of entities; everybody in the organisation sees them. */
public sealed interface EntityEvent extends Event {
    @Override
    default List<RoomName> rooms() {
        return List.of(RoomName.ORG);
    }

    record Created(Entity payload) implements EntityEvent {
        @Override
        public EventType type() {
            return EventType.ENTITY_CREATED;
        }

        @Override
        public Subject subject() {
            return new Subject("entity", payload.id());
        }
    }

    record Updated(Entity payload) implements EntityEvent {
        @Override
        public EventType type() {
            return EventType.ENTITY_UPDATED;
        }

        @Override
        public Subject subject() {
            return new Subject("entity", payload.id());
        }
    }

    record Removed(UUID id, long version) implements EntityEvent {
        @Override
        public EventType type() {
            return EventType.ENTITY_DELETED;
        }

        @Override
        public Subject subject() {
            return new Subject("entity", id);
        }

        @Override
        public Deleted payload() {
            return new Deleted(id, "entity", version);
        }
    }
}
