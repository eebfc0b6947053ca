package dev.bellhop.model.events;

import dev.bellhop.model.wire.RoomName;
import java.util.List;
import java.util.UUID;

/** Changes of properties; seen by the property's managers and by HR. */
public sealed interface PropertyEvent extends Event {
    UUID propertyId();

    @Override
    default Subject subject() {
        return new Subject("property", propertyId());
    }

    @Override
    default List<RoomName> rooms() {
        return List.of(RoomName.property(propertyId().toString()), RoomName.GLOBAL);
    }

    record Created(Property payload) implements PropertyEvent {
        @Override
        public EventType type() {
            return EventType.PROPERTY_CREATED;
        }

        @Override
        public UUID propertyId() {
            return payload.id();
        }
    }

    record Updated(Property payload) implements PropertyEvent {
        @Override
        public EventType type() {
            return EventType.PROPERTY_UPDATED;
        }

        @Override
        public UUID propertyId() {
            return payload.id();
        }
    }

    record Removed(UUID propertyId, long version) implements PropertyEvent {
        @Override
        public EventType type() {
            return EventType.PROPERTY_DELETED;
        }

        @Override
        public Deleted payload() {
            return new Deleted(propertyId, "property", version);
        }
    }
}
