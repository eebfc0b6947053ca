package dev.bellhop.model.events;

import dev.bellhop.model.wire.RoomName;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/** Chat messages, by whichever program they were written; everybody in the organisation sees them. */
public sealed interface ChatEvent extends Event {
    /** The database trigger on {@code chat_message} builds the same object. */
    record Message(UUID id, UUID chatId, UUID authorId, String authorName, String text, Instant createdAt) {}

    record Posted(Message payload) implements ChatEvent {
        @Override
        public EventType type() {
            return EventType.CHAT_MESSAGE;
        }

        @Override
        public Subject subject() {
            return new Subject("chat_message", payload.id());
        }

        @Override
        public List<RoomName> rooms() {
            return List.of(RoomName.ORG);
        }
    }
}
