package dev.bellhop.model.events;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellhop.model.security.Role;
import dev.bellhop.model.wire.CloseCode;
import dev.bellhop.model.wire.Cursor;
import dev.bellhop.model.wire.Envelope;
import dev.bellhop.model.wire.ErrorCode;
import dev.bellhop.model.wire.Json;
import dev.bellhop.model.wire.RoomName;
import dev.bellhop.model.wire.ServerMessage;
import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * One sample of everything that the services say, and a file with its bytes for each in {@code golden/}: what clients are
 * built against. After a wanted change run with {@code -Dgolden=write} and read the difference.
 */
class EventCatalogueTest {
    static final Path GOLDEN = Path.of("src/main/resources/golden");

    private static final Instant CREATED = Instant.parse("2026-01-01T12:00:00Z");
    private static final Instant UPDATED = Instant.parse("2026-01-01T12:30:00.123456Z");
    private static final Cursor CURSOR = new Cursor("k3v5x7z2", 42, 0x1a2b3c4d);

    private static final UUID ORG = id(1);
    private static final UUID PROPERTY = id(2);
    private static final UUID DEPARTMENT = id(3);
    private static final UUID MARIA = id(4);
    private static final UUID OLA = id(5);
    private static final UUID ENTITY = id(6);
    private static final UUID APPLICATION = id(7);
    private static final UUID ONBOARDING = id(8);
    private static final UUID SHARE = id(9);
    private static final UUID CHAT = id(10);
    private static final UUID CALL = id(11);

    private static UUID id(int number) {
        return new UUID(0x0197a3c27b1e7000L, 0x8000000000000000L + number);
    }

    private static Entity entity(String status, Instant updatedAt, long version) {
        return new Entity(
                ENTITY,
                "candidate",
                "Zoë O'Brien <zoe@example.com>",
                status,
                new Entity.Contact("zoe@example.com", "+1 555 0100"),
                new Entity.DepartmentName(DEPARTMENT, "Front desk"),
                OLA,
                "speaks & writes 日本語",
                CREATED,
                updatedAt,
                version);
    }

    private static ApplicationEvent.Payload application(String status, String reason, long version) {
        return new ApplicationEvent.Payload(
                APPLICATION,
                PROPERTY,
                "John Doe",
                status,
                "Night auditor",
                reason,
                CREATED,
                version == 1 ? CREATED : UPDATED,
                version);
    }

    private static OnboardingEvent.Payload onboarding(String status, String form, int done) {
        return new OnboardingEvent.Payload(
                ONBOARDING,
                APPLICATION,
                PROPERTY,
                MARIA,
                "John Doe",
                status,
                form,
                new OnboardingEvent.Progress(done, 5),
                CREATED,
                UPDATED,
                done + 1);
    }

    private static MemberEvent.Payload member(String status, long version) {
        return new MemberEvent.Payload(
                MARIA, "Maria Silva", Role.MANAGER, List.of(PROPERTY), DEPARTMENT, status, version, version + 1);
    }

    private static CallEvent.Payload call(String status, Integer seconds, String url, String summary, long version) {
        return new CallEvent.Payload(CALL, ENTITY, status, CREATED, seconds, url, summary, CREATED, UPDATED, version);
    }

    static Stream<Event> samples() {
        return Stream.of(
                new EntityEvent.Created(entity("new", CREATED, 1)),
                new EntityEvent.Updated(entity("interview", UPDATED, 2)),
                new EntityEvent.Removed(ENTITY, 3),
                new ApplicationEvent.Submitted(application("submitted", null, 1)),
                new ApplicationEvent.Approved(application("approved", null, 2)),
                new ApplicationEvent.Rejected(application("rejected", "Position was filled", 2)),
                new OnboardingEvent.Started(onboarding("in_progress", null, 0)),
                new OnboardingEvent.FormSubmitted(onboarding("in_progress", "tax", 1)),
                new OnboardingEvent.Completed(onboarding("completed", null, 5)),
                new ShareEvent.Created(
                        MARIA,
                        new ShareEvent.Granted(
                                SHARE, "entity", ENTITY, "Zoë O'Brien", "view", OLA, "Ola Nordmann", CREATED, UPDATED)),
                new ShareEvent.Revoked(MARIA, new ShareEvent.Withdrawn(SHARE, "entity", ENTITY)),
                new ChatEvent.Posted(
                        new ChatEvent.Message(id(12), CHAT, OLA, "Ola Nordmann", "a < b && c > d", CREATED)),
                new CallEvent.Created(call("processing", null, null, null, 1)),
                new CallEvent.Updated(call("ready", 754, "https://example.com/r/11", "Wants the night shift.", 2)),
                new MemberEvent.Added(member("active", 1)),
                new MemberEvent.Updated(member("active", 2)),
                new MemberEvent.Removed(member("disabled", 3)),
                new DepartmentEvent.Created(new Department(DEPARTMENT, "Front desk", CREATED, CREATED, 1)),
                new DepartmentEvent.Updated(new Department(DEPARTMENT, "Reception", CREATED, UPDATED, 2)),
                new DepartmentEvent.Removed(DEPARTMENT, 3),
                new PropertyEvent.Created(new Property(PROPERTY, "Harbour", CREATED, CREATED, 1)),
                new PropertyEvent.Updated(new Property(PROPERTY, "Harbour House", CREATED, UPDATED, 2)),
                new PropertyEvent.Removed(PROPERTY, 3),
                new NotificationEvent.Announced(new NotificationEvent.ToAll(
                        id(13),
                        "System maintenance scheduled",
                        NotificationEvent.Severity.WARNING,
                        Role.MANAGER,
                        "maintenance")),
                new NotificationEvent.Notified(
                        MARIA.toString(),
                        new NotificationEvent.ToUser(
                                id(14),
                                "Welcome",
                                "Your shift plan is ready",
                                NotificationEvent.Severity.INFO,
                                Map.of("plan", 7))),
                new ControlEvent.Revoked(new ControlEvent.SessionRevoked(MARIA, null, "session-2", 4L)),
                new ControlEvent.Disabled(ORG),
                new ControlEvent.Enabled(ORG),
                new ControlEvent.Parked(new ControlEvent.OutboxParked(id(15), "entity.created", "too_large")));
    }

    /** By the name of the factory method. */
    static Map<String, ServerMessage> messages() {
        ServerMessage.Connected hello = new ServerMessage.Connected(
                "5f0c7c9e-6f55-4f3c-9a7e-1f2d3c4b5a69",
                MARIA.toString(),
                ORG.toString(),
                "MANAGER",
                List.of(RoomName.ORG, RoomName.user(MARIA.toString()), RoomName.property(PROPERTY.toString())),
                false,
                0,
                "too_old",
                30_000,
                30_000,
                5_000,
                UPDATED,
                new ServerMessage.Limits(65_536, 100, 20, 40, 1_048_576));
        Map<String, ServerMessage> messages = new TreeMap<>();
        messages.put("connected", ServerMessage.connected(hello, CURSOR));
        messages.put("caughtUp", ServerMessage.caughtUp(3, CURSOR, "r-1"));
        messages.put("subscribed", ServerMessage.subscribed(RoomName.property(PROPERTY.toString()), "r-1"));
        messages.put("unsubscribed", ServerMessage.unsubscribed(RoomName.GLOBAL, "client", "r-1"));
        messages.put("heartbeatAck", ServerMessage.heartbeatAck(UPDATED, "r-1"));
        messages.put("ping", ServerMessage.ping(CURSOR));
        ServerMessage.UserName maria = new ServerMessage.UserName(MARIA.toString(), "Maria Silva");
        messages.put(
                "presence",
                ServerMessage.presence(
                        RoomName.ORG,
                        List.of(new ServerMessage.PresentUser(MARIA.toString(), "Maria Silva", 2, CREATED)),
                        1,
                        "r-1"));
        messages.put("presenceJoined", ServerMessage.presenceJoined(RoomName.ORG, List.of(maria)));
        messages.put("presenceLeft", ServerMessage.presenceLeft(RoomName.ORG, List.of(maria)));
        messages.put("tokenExpiring", ServerMessage.tokenExpiring(UPDATED));
        messages.put("refreshed", ServerMessage.refreshed(UPDATED, "r-1"));
        messages.put("error", ServerMessage.error(ErrorCode.FORBIDDEN_ROOM, "you may not be in property-7", "r-1"));
        messages.put("disconnect", ServerMessage.disconnect(CloseCode.RESTARTING, 1234));
        return messages;
    }

    // ---- the catalogue ----

    private static Stream<Class<?>> leaves(Class<?> type) {
        return type.isSealed()
                ? Arrays.stream(type.getPermittedSubclasses()).flatMap(EventCatalogueTest::leaves)
                : Stream.of(type);
    }

    @Test
    @DisplayName("S2-030 S2-031 every event record has a sample, a type of its own and the payload that its type names")
    void everyEventHasAType() {
        assertThat(samples().map(Object::getClass).collect(Collectors.<Class<?>>toSet()))
                .isEqualTo(leaves(Event.class).collect(Collectors.toSet()));
        Map<EventType, List<Event>> byType = samples().collect(Collectors.groupingBy(Event::type));
        assertThat(byType.keySet()).isEqualTo(Set.of(EventType.values()));
        byType.forEach((type, events) -> {
            assertThat(events).as(type.wireName()).hasSize(1);
            assertThat(events.get(0).payload()).as(type.wireName()).isInstanceOf(type.payload());
        });
    }

    @Test
    @DisplayName(
            "types are dotted, are found by name and by the first seed's spelling, and are no frames of the server")
    void typeNames() {
        for (EventType type : EventType.values()) {
            assertThat(type.wireName()).matches("[a-z][a-z0-9_]*(\\.[a-z][a-z0-9_]*)+");
            assertThat(EventType.of(type.wireName())).contains(type);
            assertThat(EventType.canonicalName(type.wireName())).isEqualTo(type.wireName());
            assertThat(EventType.canonicalName(type.wireName().replace('.', '_')))
                    .isEqualTo(type.wireName());
            assertThat(ServerMessage.TYPES).doesNotContain(type.wireName());
        }
        assertThat(EventType.canonicalName("application_submitted")).isEqualTo("application.submitted");
        assertThat(EventType.canonicalName("form_submitted")).isEqualTo("onboarding.form_submitted");
        assertThat(EventType.canonicalName("system_notification")).isEqualTo("system.notification");
        assertThat(EventType.canonicalName("my_own")).isEqualTo("my_own");
        assertThat(EventType.of("my.own")).isEmpty();
    }

    @Test
    @DisplayName("members, sessions and organisations are spoken of by the API service only")
    void reservedTypes() {
        Set<String> reserved = Stream.of(EventType.values())
                .map(EventType::wireName)
                .filter(EventType::isReserved)
                .collect(Collectors.toSet());
        assertThat(reserved)
                .containsExactlyInAnyOrder(
                        "member.added",
                        "member.updated",
                        "member.removed",
                        "session.revoked",
                        "organization.disabled",
                        "organization.enabled");
    }

    @Test
    @DisplayName("each event goes to the rooms of the protocol, control events to none")
    void rooms() {
        String property = "property-" + PROPERTY;
        String maria = "user-" + MARIA;
        Map<String, List<String>> rooms = samples()
                .collect(Collectors.toMap(
                        event -> event.type().wireName(),
                        event -> event.rooms().stream().map(RoomName::toString).toList()));
        for (String type : List.of(
                "entity.created",
                "entity.updated",
                "entity.deleted",
                "chat.message",
                "call.created",
                "call.updated",
                "member.added",
                "member.updated",
                "member.removed",
                "department.created",
                "department.updated",
                "department.deleted")) {
            assertThat(rooms.get(type)).as(type).containsExactly("org");
        }
        for (String type : List.of(
                "application.submitted",
                "application.approved",
                "application.rejected",
                "property.created",
                "property.updated",
                "property.deleted")) {
            assertThat(rooms.get(type)).as(type).containsExactly(property, "global");
        }
        for (String type : List.of("onboarding.started", "onboarding.form_submitted", "onboarding.completed")) {
            assertThat(rooms.get(type)).as(type).containsExactly(property, "global", maria);
        }
        for (String type : List.of("share.created", "share.revoked", "user.notification")) {
            assertThat(rooms.get(type)).as(type).containsExactly(maria);
        }
        assertThat(rooms.get("system.notification")).containsExactly("role-MANAGER");
        for (String type :
                List.of("session.revoked", "organization.disabled", "organization.enabled", "outbox.parked")) {
            assertThat(rooms.get(type)).as(type).isEmpty();
        }
        assertThat(new NotificationEvent.Announced(
                                new NotificationEvent.ToAll(null, "m", NotificationEvent.Severity.INFO, null, null))
                        .rooms())
                .containsExactly(RoomName.ORG);
    }

    // ---- the bytes ----

    @ParameterizedTest
    @MethodSource("samples")
    @DisplayName(
            "S2-021 S2-022 S2-023 S2-024 S2-025 S2-026 every event has exactly the bytes that clients are built against")
    void goldenEvents(Event event) throws IOException {
        String payload = Json.text(event.payload());
        assertThat(Json.read(payload, event.type().payload())).isEqualTo(event.payload());
        assertGolden(
                event.type().wireName(),
                Envelope.event(event.type().wireName(), payload, UPDATED, id(99), event.rooms(), null, CURSOR));
    }

    @Test
    @DisplayName("every frame of the server has exactly the bytes that clients are built against")
    void goldenMessages() throws IOException {
        Set<String> factories = Arrays.stream(ServerMessage.class.getDeclaredMethods())
                .filter(method -> Modifier.isStatic(method.getModifiers()) && Modifier.isPublic(method.getModifiers()))
                .filter(method -> method.getReturnType() == ServerMessage.class)
                .map(Method::getName)
                .collect(Collectors.toSet());
        factories.remove("stats"); // its figures belong to the realtime service
        assertThat(messages().keySet()).as("a sample for each frame").isEqualTo(factories);
        assertThat(messages().values().stream().map(ServerMessage::type))
                .containsExactlyInAnyOrderElementsOf(ServerMessage.PAYLOADS.keySet());
        for (ServerMessage message : messages().values()) {
            assertThat(ServerMessage.TYPES).contains(message.type());
            assertThat(message.payload()).isInstanceOf(ServerMessage.PAYLOADS.get(message.type()));
            assertGolden(message.type(), Envelope.message(message, UPDATED));
        }
    }

    @Test
    @DisplayName("there is no golden file of something that nobody says any more")
    void noStrayFiles() throws IOException {
        try (Stream<Path> files = Files.list(GOLDEN)) {
            assertThat(files.map(file -> file.getFileName().toString())
                            .filter(name -> !name.equals("close-codes.json")) // see CloseCodeTest
                            .toList())
                    .containsExactlyInAnyOrderElementsOf(Stream.concat(
                                    samples().map(event -> event.type().wireName()),
                                    messages().values().stream().map(ServerMessage::type))
                            .map(name -> name + ".json")
                            .toList());
        }
    }

    private static void assertGolden(String name, byte[] json) throws IOException {
        Path file = GOLDEN.resolve(name + ".json");
        byte[] line = (new String(json, StandardCharsets.UTF_8) + "\n").getBytes(StandardCharsets.UTF_8);
        if ("write".equals(System.getProperty("golden"))) {
            Files.createDirectories(GOLDEN);
            Files.write(file, line);
        }
        assertThat(new String(Files.readAllBytes(file), StandardCharsets.UTF_8))
                .isEqualTo(new String(line, StandardCharsets.UTF_8));
    }
}
