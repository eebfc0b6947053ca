package dev.bellhop.model.events;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonValue;
import dev.bellhop.model.security.Role;
import dev.bellhop.model.wire.RoomName;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** Words from the operator or from HR to everybody, to a role, or to one user. */
public sealed interface NotificationEvent extends Event {
    enum Severity {
        INFO,
        WARNING,
        CRITICAL;

        @JsonValue
        public String wireName() {
            return name().toLowerCase(Locale.ROOT);
        }

        public static Optional<Severity> parse(String name) {
            for (Severity severity : values()) {
                if (severity.wireName().equals(name)) {
                    return Optional.of(severity);
                }
            }
            return Optional.empty();
        }
    }

    /**
     * @param id of the stored notification, null for one that is not kept
     * @param kind maintenance or alert, where given
     */
    record ToAll(
            @JsonInclude(JsonInclude.Include.NON_NULL) UUID id,
            String message,
            Severity severity,
            @JsonInclude(JsonInclude.Include.NON_NULL) Role targetRole,
            @JsonInclude(JsonInclude.Include.NON_NULL) String kind) {}

    /** @param payload whatever the caller wants the receiver's program to know, an object, or null */
    record ToUser(
            @JsonInclude(JsonInclude.Include.NON_NULL) UUID id,
            @JsonInclude(JsonInclude.Include.NON_NULL) String title,
            String message,
            Severity severity,
            @JsonInclude(JsonInclude.Include.NON_NULL) Map<String, Object> payload) {}

    record Announced(ToAll payload) implements NotificationEvent {
        @Override
        public EventType type() {
            return EventType.SYSTEM_NOTIFICATION;
        }

        @Override
        public Subject subject() {
            return new Subject("notification", payload.id());
        }

        @Override
        public List<RoomName> rooms() {
            return List.of(payload.targetRole() == null ? RoomName.ORG : RoomName.role(payload.targetRole()));
        }
    }

    record Notified(String userId, ToUser payload) implements NotificationEvent {
        @Override
        public EventType type() {
            return EventType.USER_NOTIFICATION;
        }

        @Override
        public Subject subject() {
            return new Subject("notification", payload.id());
        }

        @Override
        public List<RoomName> rooms() {
            return List.of(RoomName.user(userId));
        }
    }
}
