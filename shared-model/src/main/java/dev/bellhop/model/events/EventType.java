package dev.bellhop.model.events;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The wire name of every event that this code base emits, and the record that is its payload. */
public enum EventType {
    ENTITY_CREATED("entity.created", Entity.class),
    ENTITY_UPDATED("entity.updated", Entity.class),
    ENTITY_DELETED("entity.deleted", Deleted.class),
    APPLICATION_SUBMITTED("application.submitted", ApplicationEvent.Payload.class),
    APPLICATION_APPROVED("application.approved", ApplicationEvent.Payload.class),
    APPLICATION_REJECTED("application.rejected", ApplicationEvent.Payload.class),
    ONBOARDING_STARTED("onboarding.started", OnboardingEvent.Payload.class),
    ONBOARDING_FORM_SUBMITTED("onboarding.form_submitted", OnboardingEvent.Payload.class),
    ONBOARDING_COMPLETED("onboarding.completed", OnboardingEvent.Payload.class),
    SHARE_CREATED("share.created", ShareEvent.Granted.class),
    SHARE_REVOKED("share.revoked", ShareEvent.Withdrawn.class),
    CHAT_MESSAGE("chat.message", ChatEvent.Message.class),
    CALL_CREATED("call.created", CallEvent.Payload.class),
    CALL_UPDATED("call.updated", CallEvent.Payload.class),
    MEMBER_ADDED("member.added", MemberEvent.Payload.class),
    MEMBER_UPDATED("member.updated", MemberEvent.Payload.class),
    MEMBER_REMOVED("member.removed", MemberEvent.Payload.class),
    DEPARTMENT_CREATED("department.created", Department.class),
    DEPARTMENT_UPDATED("department.updated", Department.class),
    DEPARTMENT_DELETED("department.deleted", Deleted.class),
    PROPERTY_CREATED("property.created", Property.class),
    PROPERTY_UPDATED("property.updated", Property.class),
    PROPERTY_DELETED("property.deleted", Deleted.class),
    SESSION_REVOKED("session.revoked", ControlEvent.SessionRevoked.class),
    ORGANIZATION_DISABLED("organization.disabled", ControlEvent.OrganizationStatus.class),
    ORGANIZATION_ENABLED("organization.enabled", ControlEvent.OrganizationStatus.class),
    OUTBOX_PARKED("outbox.parked", ControlEvent.OutboxParked.class),
    SYSTEM_NOTIFICATION("system.notification", NotificationEvent.ToAll.class),
    USER_NOTIFICATION("user.notification", NotificationEvent.ToUser.class);

    private static final Map<String, EventType> BY_NAME =
            Stream.of(values()).collect(Collectors.toUnmodifiableMap(EventType::wireName, Function.identity()));
    private static final Map<String, String> BY_ALIAS = Stream.of(values())
            .collect(Collectors.toUnmodifiableMap(type -> type.wireName.replace('.', '_'), type -> type.wireName));

    private final String wireName;
    private final Class<?> payload;

    EventType(String wireName, Class<?> payload) {
        this.wireName = wireName;
        this.payload = payload;
    }

    @JsonValue
    public String wireName() {
        return wireName;
    }

    public Class<?> payload() {
        return payload;
    }

    /** @return empty for a type that others made up, which travels all the same */
    public static Optional<EventType> of(String wireName) {
        return Optional.ofNullable(BY_NAME.get(wireName));
    }

    /** The dotted name of a type that may be spelled with underscores, as {@code application_submitted}; else the name itself. */
    public static String canonicalName(String name) {
        return name.equals("form_submitted") ? ONBOARDING_FORM_SUBMITTED.wireName : BY_ALIAS.getOrDefault(name, name);
    }

    /** Whether it is for services only: no client is ever shown one, whatever rooms it names. */
    public static boolean isHidden(String wireName) {
        return wireName.startsWith("session.")
                || wireName.startsWith("organization.")
                || wireName.startsWith("outbox.");
    }

    /** Whether it speaks of sessions, members or organisations, which only the API service may do. */
    public static boolean isReserved(String wireName) {
        return wireName.startsWith("member.")
                || wireName.startsWith("session.")
                || wireName.startsWith("organization.");
    }
}
