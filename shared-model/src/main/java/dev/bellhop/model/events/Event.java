package dev.bellhop.model.events;

import dev.bellhop.model.wire.RoomName;
import java.util.List;

/** Something that happened in one organisation: what it is called, whom it is for, and what it says. */
public sealed interface Event
        permits EntityEvent,
                ApplicationEvent,
                OnboardingEvent,
                ShareEvent,
                ChatEvent,
                CallEvent,
                MemberEvent,
                DepartmentEvent,
                PropertyEvent,
                NotificationEvent,
                ControlEvent {

    EventType type();

    /** Rooms of the organisation that see it; empty for what is logged and shown to nobody. */
    List<RoomName> rooms();

    /** Serialised as the envelope's payload: always a JSON object. */
    Object payload();

    Subject subject();
}
