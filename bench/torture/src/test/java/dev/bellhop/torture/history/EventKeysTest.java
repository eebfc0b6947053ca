package dev.bellhop.torture.history;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.model.events.CallEvent;
import dev.bellhop.model.events.ChatEvent;
import dev.bellhop.model.events.ControlEvent;
import dev.bellhop.model.events.Entity;
import dev.bellhop.model.events.EntityEvent;
import dev.bellhop.model.events.Event;
import dev.bellhop.model.events.MemberEvent;
import dev.bellhop.model.events.NotificationEvent;
import dev.bellhop.model.events.OnboardingEvent;
import dev.bellhop.model.events.ShareEvent;
import dev.bellhop.model.security.Role;
import dev.bellhop.model.wire.Json;
import dev.bellhop.model.wire.RoomName;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** The keys are those of the payloads that the services really write. */
final class EventKeysTest {
    private static final UUID A = new UUID(1, 1);
    private static final UUID B = new UUID(2, 2);
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
    private static final String MARK = EventKeys.mark(0xabc);

    @Test
    void theMarkInItsTextIsTheKeyOfARecordsChange() throws JsonProcessingException {
        Entity entity = new Entity(
                A,
                "client",
                "Zoë " + MARK + " cn0123",
                "new",
                new Entity.Contact(null, null),
                null,
                B,
                null,
                NOW,
                NOW,
                4);
        CallEvent.Payload call = new CallEvent.Payload(
                A, B, "ready", NOW, null, "https://x.example/" + EventKeys.mark(7), MARK, NOW, NOW, 2);

        assertThat(keyOf(new EntityEvent.Updated(entity))).isEqualTo(MARK);
        assertThat(keyOf(new CallEvent.Created(call))).isEqualTo(EventKeys.mark(7));
        assertThat(keyOf(new CallEvent.Updated(call))).isEqualTo(MARK);
        assertThat(keyOf(new ChatEvent.Posted(new ChatEvent.Message(A, B, A, "n", MARK, NOW))))
                .isEqualTo(MARK);
        assertThat(keyOf(new NotificationEvent.Notified(
                        "u", new NotificationEvent.ToUser(A, null, MARK, NotificationEvent.Severity.INFO, Map.of()))))
                .isEqualTo(MARK);
        assertThat(keyOf(new MemberEvent.Updated(
                        new MemberEvent.Payload(A, MARK, Role.HR, List.of(), null, "active", 3, 5))))
                .isEqualTo(MARK);
        assertThat(subjectOf(new EntityEvent.Updated(entity)))
                .isEqualTo(new EventKeys.Subject("entity", A.toString(), 4, Optional.of(MARK), false));
    }

    @Test
    void whatHappensOnceToARecordGoesByItsId() throws JsonProcessingException {
        OnboardingEvent.Payload onboarding = new OnboardingEvent.Payload(
                A, B, A, null, "n", "in_progress", "tax_form", new OnboardingEvent.Progress(1, 5), NOW, NOW, 2);

        assertThat(keyOf(new EntityEvent.Removed(A, 5))).isEqualTo(A.toString());
        assertThat(keyOf(new OnboardingEvent.Started(onboarding))).isEqualTo(B.toString());
        assertThat(keyOf(new OnboardingEvent.FormSubmitted(onboarding))).isEqualTo(A + "/tax_form");
        assertThat(keyOf(new ShareEvent.Created(
                        B, new ShareEvent.Granted(B, "entity", A, "n", "view", B, "n", NOW, null))))
                .isEqualTo(EventKeys.share(A.toString(), B.toString()));
        assertThat(keyOf(new ShareEvent.Revoked(B, new ShareEvent.Withdrawn(A, "entity", B))))
                .isEqualTo(A.toString());
        assertThat(subjectOf(new EntityEvent.Removed(A, 5)).gone()).isTrue();
    }

    @Test
    void sessionsEndByThreeKindsOfKeys() throws JsonProcessingException {
        assertThat(keyOf(new ControlEvent.Revoked(new ControlEvent.SessionRevoked(A, "s", null, null))))
                .isEqualTo("s");
        assertThat(keyOf(new ControlEvent.Revoked(new ControlEvent.SessionRevoked(A, null, "s", 3L))))
                .isEqualTo(A + "/s");
        assertThat(keyOf(new ControlEvent.Revoked(new ControlEvent.SessionRevoked(A, null, null, 3L))))
                .isEqualTo(A + "#3");
        assertThat(keyOf(new ControlEvent.Disabled(B))).isEqualTo(B.toString());
    }

    @Test
    void withoutAMarkNothingExpectsTheKey() throws JsonProcessingException {
        assertThat(EventKeys.keyOf("entity.created", List.of("org"), Json.tree("{\"id\":\"x\",\"version\":2}")))
                .isEqualTo("x@2");
        assertThat(EventKeys.markIn("mk0123456789abc is too long")).isEmpty();
        assertThat(EventKeys.markIn(null)).isEmpty();
    }

    @Test
    void anEventHasTheSameHashInTheLogAndInAFrame() throws JsonProcessingException {
        String payload = "{\"name\":\"O\\u0027Brien\",\"n\":1.50}";
        JsonNode frame = Json.tree("{\"payload\": {\"name\":\"O'Brien\", \"n\":1.50},\"rooms\":[\"org\",\"global\"],"
                + "\"type\":\"x.y\",\"cursor\":\"c\"}");

        assertThat(EventHash.ofFrame(frame))
                .isEqualTo(EventHash.ofEvent("x.y", List.of("org", "global"), Json.tree(payload)))
                .isNotEqualTo(EventHash.ofEvent("x.y", List.of("org"), Json.tree(payload)))
                .isNotEqualTo(EventHash.ofEvent("x.y", List.of("org", "global"), Json.tree("{\"n\":1.50}")))
                .isPositive();
    }

    private static String keyOf(Event event) throws JsonProcessingException {
        return EventKeys.keyOf(
                event.type().wireName(),
                event.rooms().stream().map(RoomName::toString).toList(),
                Json.tree(Json.text(event.payload())));
    }

    private static EventKeys.Subject subjectOf(Event event) throws JsonProcessingException {
        return EventKeys.subjectOf(event.type().wireName(), Json.tree(Json.text(event.payload())));
    }
}
