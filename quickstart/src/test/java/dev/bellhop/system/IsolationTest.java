package dev.bellhop.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.bellhop.api.store.Ids;
import dev.bellhop.model.security.Principal;
import dev.bellhop.model.security.Role;
import dev.bellhop.model.wire.Cursor;
import dev.bellhop.realtime.testing.TestSocket;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Two organisations on one system, with rooms of the same names and people of the same ids, never see each other. */
class IsolationTest {
    @RegisterExtension
    static final RunningSystem system = new RunningSystem();

    /** Stands for no record of either organisation. */
    private static final UUID NOBODY = UUID.fromString("00000000-0000-7000-8000-000000000000");

    /** One organisation: who acts in it, and the word that all of its data carries. */
    private record Side(
            ApiClient admin,
            ApiClient hr,
            ApiClient manager,
            ApiClient member,
            UUID orgId,
            String property,
            String canary) {
        static Side of(String domain, String manager) {
            ApiClient hr = system.as("hr@" + domain);
            return new Side(
                    system.as("admin@" + domain),
                    hr,
                    system.as(manager + "@" + domain),
                    system.as("member@" + domain),
                    system.orgOf("hr@" + domain),
                    me(system.as(manager + "@" + domain))
                            .path("property_ids")
                            .path(0)
                            .textValue(),
                    "canary" + UUID.randomUUID().toString().replace("-", "").substring(16));
        }

        JsonNode entity() {
            return hr.post("/api/v1/entities", Map.of("type", "lead", "name", "E " + canary, "notes", canary))
                    .expect(201);
        }

        JsonNode application() {
            return system.anonymous()
                    .post(
                            "/api/v1/properties/" + property + "/applications",
                            Map.of("applicant_name", "A " + canary, "email", "a@x.example", "position", canary))
                    .expect(201);
        }

        ApiClient.Answer share(String resourceId, String userId) {
            return hr.post(
                    "/api/v1/shares",
                    Map.of(
                            "resource_type",
                            "entity",
                            "resource_id",
                            resourceId,
                            "user_id",
                            userId,
                            "access_level",
                            "view"));
        }
    }

    private final Side harbor = Side.of("harbor.example", "downtown");
    private final Side summit = Side.of("summit.example", "lodge");

    @Test
    @DisplayName(
            "S2-040 I6 rooms of the same names in two organisations: not a byte of one reaches a client of the other")
    void sameRoomNames() throws Exception {
        String department = Ids.next().toString();
        String rooms =
                "&rooms=property-" + harbor.property + ",property-" + summit.property + ",department-" + department;
        List<EventStream> streams = new ArrayList<>();
        List<Supplier<String>> inHarbor = clientsOf(harbor, summit, rooms, streams);
        List<Supplier<String>> inSummit = clientsOf(summit, harbor, rooms, streams);
        List<Supplier<String>> all = new ArrayList<>(inHarbor);
        all.addAll(inSummit);
        for (Supplier<String> client : all) {
            assertThat(Frames.type(Frames.parse(client.get()))).isEqualTo("connected");
        }

        for (int round = 0; round < 3; round++) {
            for (Side side : List.of(harbor, summit)) {
                writeToEveryRoom(side, department);
            }
        }
        for (Side side : List.of(summit, harbor)) {
            side.hr
                    .post("/api/v1/entities", Map.of("type", "lead", "name", "fence"))
                    .expect(201);
        }
        for (Supplier<String> client : inHarbor) {
            assertHeardOnly(client, harbor, summit);
        }
        for (Supplier<String> client : inSummit) {
            assertHeardOnly(client, summit, harbor);
        }
        streams.forEach(EventStream::close);
    }

    private static List<Supplier<String>> clientsOf(Side own, Side other, String rooms, List<EventStream> streams)
            throws Exception {
        TestSocket hr = system.dial(URI.create(system.webSocketUri(own.hr.token()) + rooms));
        // People with the ids of the other side's: their rooms bear the same names, too.
        JdkSocket namesake = system.dialWithJdk(
                system.webSocketUri(token(own, me(other.member).path("id").textValue(), Role.MEMBER, List.of())));
        JdkSocket manager = system.dialWithJdk(
                system.webSocketUri(token(own, "a-manager", Role.MANAGER, List.of(own.property, other.property))));
        EventStream stream =
                EventStream.open(URI.create(system.realtimeUri() + "/events?token=" + own.admin.token() + rooms));
        streams.add(stream);
        return List.of(hr::nextText, namesake::nextText, manager::nextText, stream::nextText);
    }

    private static void writeToEveryRoom(Side side, String department) {
        JsonNode entity = side.entity();
        side.share(entity.path("id").textValue(), me(side.member).path("id").textValue())
                .expect(201);
        JsonNode application = side.application();
        side.manager
                .post(
                        "/api/v1/applications/" + application.path("id").textValue() + "/approve",
                        Map.of("user_id", me(side.member).path("id").textValue()))
                .expect(200);
        ApiClient operator = side.admin.at(system.realtimeUri());
        for (String room : List.of(
                "org", "global", "role-HR", "role-ADMIN", "role-MEMBER", "role-MANAGER", "department-" + department)) {
            operator.post(
                            "/ws/broadcast",
                            Map.of("room", room, "type", "test.canary", "payload", Map.of("text", side.canary)))
                    .expect(202);
        }
        operator.post(
                        "/ws/notify-user",
                        Map.of("user_id", me(side.member).path("id").textValue(), "message", side.canary))
                .expect(202);
    }

    /** Scans the bytes as they came, up to the fence that stands behind everything in its organisation's log. */
    private static void assertHeardOnly(Supplier<String> client, Side own, Side other) {
        int seen = 0;
        String text;
        do {
            text = client.get();
            assertThat(text).doesNotContain(other.canary, other.orgId.toString());
            seen += text.contains(own.canary) ? 1 : 0;
        } while (!Frames.named("fence").test(Frames.parse(text)));
        assertThat(seen).as("of its own organisation it heard").isGreaterThanOrEqualTo(6);
    }

    @Test
    @DisplayName("F1 D16 a foreign id is answered as one that does not exist, and makes no event anywhere")
    void foreignIds() {
        system.awaitEmptyOutbox();
        String entity = harbor.entity().path("id").textValue();
        String application = harbor.application().path("id").textValue();
        String member = me(harbor.member).path("id").textValue();
        String share = harbor.share(entity, member).expect(201).path("id").textValue();
        String ownEntity = summit.entity().path("id").textValue();
        system.awaitEmptyOutbox();
        long harborEvents = system.loggedIds(harbor.orgId, 0).size();
        long summitEvents = system.loggedIds(summit.orgId, 0).size();

        for (ApiClient stranger : List.of(summit.admin, summit.hr, summit.manager, summit.member)) {
            assertSameAsUnknown(entity, id -> stranger.get("/api/v1/entities/" + id));
            assertSameAsUnknown(entity, id -> stranger.patch("/api/v1/entities/" + id, Map.of("name", "mine")));
            assertSameAsUnknown(entity, id -> stranger.delete("/api/v1/entities/" + id));
            assertSameAsUnknown(share, id -> stranger.get("/api/v1/shares/" + id));
            assertSameAsUnknown(share, id -> stranger.delete("/api/v1/shares/" + id));
            assertSameAsUnknown(member, id -> stranger.get("/api/v1/entities?owner_id=" + id));
            assertThat(stranger.get("/api/v1/entities?limit=200&q=" + harbor.canary)
                            .expect(200)
                            .path("items"))
                    .isEmpty();
        }
        for (ApiClient stranger : List.of(summit.admin, summit.hr, summit.manager)) {
            String path = "/api/v1/applications/";
            assertSameAsUnknown(application, id -> stranger.get(path + id));
            assertSameAsUnknown(application, id -> stranger.post(path + id + "/approve", Map.of()));
            assertSameAsUnknown(application, id -> stranger.post(path + id + "/reject", Map.of("reason", "no")));
            assertSameAsUnknown(harbor.property, id -> stranger.get("/api/v1/applications?property_id=" + id));
        }
        assertSameAsUnknown(
                entity, id -> summit.share(id, me(summit.member).path("id").textValue()));
        assertSameAsUnknown(member, id -> summit.share(ownEntity, id));

        system.awaitEmptyOutbox();
        assertThat(system.loggedIds(harbor.orgId, 0)).hasSize((int) harborEvents);
        assertThat(system.loggedIds(summit.orgId, 0)).hasSize((int) summitEvents);
        assertThat(harbor.hr
                        .get("/api/v1/entities/" + entity)
                        .expect(200)
                        .path("version")
                        .longValue())
                .isEqualTo(1);
    }

    private interface Call {
        ApiClient.Answer with(String id);
    }

    private void assertSameAsUnknown(String foreign, Call call) {
        ApiClient.Answer answer = call.with(foreign);
        assertThat(answer.status()).as(answer.body()).isEqualTo(404);
        assertThat(answer.body()).doesNotContain(harbor.canary, harbor.orgId.toString());
        assertThat(withoutItself(answer)).isEqualTo(withoutItself(call.with(NOBODY.toString())));
    }

    private static JsonNode withoutItself(ApiClient.Answer answer) {
        ObjectNode problem = (ObjectNode) answer.json();
        problem.remove(List.of("request_id", "instance"));
        return problem;
    }

    @Test
    @DisplayName("D1 D2 D3 rooms of others are refused, whatever the spelling, and the socket goes on")
    void refusedRooms() {
        TestSocket lodge = system.connect("lodge@summit.example");
        TestSocket airport = system.connect("airport@harbor.example");
        String harborMember = "user-" + me(harbor.member).path("id").textValue();
        for (String room : List.of("property-" + harbor.property, harborMember, "global", "role-HR", "role-ADMIN")) {
            assertThat(refusal(lodge, room)).as(room).isEqualTo("forbidden_room");
            assertThat(refusal(airport, room)).as(room).isEqualTo("forbidden_room");
        }
        for (String room : List.of(
                "org-" + harbor.orgId,
                harbor.orgId.toString(),
                "property-" + summit.property + ",property-" + harbor.property,
                "property-*",
                "property-%",
                "property-1\u0000",
                "PROPERTY-" + summit.property,
                "property-../" + summit.property,
                " org",
                "x".repeat(10_000))) {
            assertThat(refusal(lodge, room)).isEqualTo("unknown_room");
        }
        TestSocket asking = system.dial(URI.create(system.webSocketUri(summit.manager.token()) + "&rooms=property-"
                + harbor.property + ",org-" + harbor.orgId));
        assertThat(asking.next("connected").path("payload").path("rooms"))
                .extracting(JsonNode::textValue)
                .doesNotContain("property-" + harbor.property)
                .contains("property-" + summit.property);
        assertThat(asking.next("error").path("payload").path("code").textValue())
                .isEqualTo("forbidden_room");
        assertThat(asking.next("error").path("payload").path("code").textValue())
                .isEqualTo("unknown_room");
        harbor.application();
        harbor.entity();
        airport.next("entity.created");
        JsonNode own = summit.entity();
        for (TestSocket open : List.of(lodge, asking)) {
            assertThat(open.next("entity.created").path("payload")).isEqualTo(own);
        }
    }

    private static String refusal(TestSocket socket, String room) {
        socket.send(Map.of("type", "subscribe", "room", room));
        return socket.next("error").path("payload").path("code").textValue();
    }

    @Test
    @DisplayName("D5 D6 D13 a cursor of another organisation, of the future or of nobody replays nothing")
    void foreignCursors() throws Exception {
        TestSocket listener = system.connect("hr@harbor.example");
        harbor.entity();
        String foreign = listener.next("entity.created").path("cursor").textValue();
        TestSocket own = system.connect("hr@summit.example");
        summit.entity();
        Cursor head = Cursor.parse(own.next("entity.created").path("cursor").textValue())
                .orElseThrow();
        summit.entity();
        own.next("entity.created");

        assertNotRecovered(foreign, "epoch_changed");
        assertNotRecovered(new Cursor("older", head.position(), head.fingerprint()).toString(), "epoch_changed");
        assertNotRecovered(
                new Cursor(head.epoch(), head.position(), head.fingerprint() + 1).toString(), "epoch_changed");
        assertNotRecovered(
                new Cursor(head.epoch(), head.position() + 1_000, head.fingerprint()).toString(), "invalid_cursor");
        for (String garbage : List.of(
                "garbage",
                "1." + head.epoch() + ".-1.00000000",
                "1." + head.epoch() + ".9223372036854775808.00000000",
                "1." + head.epoch() + ".1.5.00000000",
                "x".repeat(10_000 / 2))) {
            assertNotRecovered(garbage, "invalid_cursor");
        }
        try (EventStream stream = EventStream.open(
                URI.create(system.realtimeUri() + "/events?token=" + summit.hr.token() + "&cursor=" + foreign))) {
            String connected = stream.nextText();
            assertThat(Frames.parse(connected).path("payload").path("reason").textValue())
                    .isEqualTo("epoch_changed");
            JsonNode next = summit.entity();
            assertThat(Frames.parse(stream.nextText()).path("payload")).isEqualTo(next);
        }
        ApiClient history = summit.hr.at(system.realtimeUri());
        ApiClient.Answer answer = history.get("/ws/history?room=org&cursor=" + foreign);
        assertThat(answer.status()).as(answer.body()).isEqualTo(410);
    }

    private void assertNotRecovered(String cursor, String reason) {
        TestSocket socket = system.dial(URI.create(system.webSocketUri(summit.hr.token()) + "&cursor=" + cursor));
        JsonNode connected = socket.next("connected").path("payload");
        assertThat(connected.path("recovered").booleanValue()).as(cursor).isFalse();
        assertThat(connected.path("reason").textValue()).as(cursor).isEqualTo(reason);
        socket.hearsNothingElse();
    }

    @Test
    @DisplayName("D14 operators act and look in their own organisation only, everybody else not at all")
    void operators() {
        system.connect("member@harbor.example");
        system.connect("member@summit.example");
        ApiClient admin = summit.admin.at(system.realtimeUri());
        ApiClient hr = summit.hr.at(system.realtimeUri());
        String member = me(harbor.member).path("id").textValue();
        for (String path : List.of("/ws/stats", "/ws/rooms", "/ws/connections", "/ws/history?room=org")) {
            ApiClient.Answer answer = admin.get(path);
            assertThat(answer.status()).as(answer.body()).isEqualTo(200);
            assertThat(answer.body()).doesNotContain(harbor.canary, harbor.orgId.toString(), member);
            new ApiClient(system.realtimeUri(), null).get(path).expect(401);
        }
        for (ApiClient user :
                List.of(summit.manager.at(system.realtimeUri()), summit.member.at(system.realtimeUri()))) {
            for (String path : List.of("/ws/stats", "/ws/rooms", "/ws/connections", "/ws/history?room=global")) {
                user.get(path).expect(403);
            }
        }
        Map<String, Object> toHarbor =
                Map.of("room", "org", "type", "test.foreign", "org_id", harbor.orgId.toString(), "payload", Map.of());
        long events = system.loggedIds(harbor.orgId, 0).size();
        admin.post("/ws/broadcast", toHarbor).expect(403);
        hr.post("/ws/broadcast", Map.of("room", "org", "type", "test.hr", "payload", Map.of()))
                .expect(403);
        admin.post("/ws/notify-user", Map.of("user_id", member, "message", "x", "org_id", harbor.orgId.toString()))
                .expect(403);
        assertThat(system.loggedIds(harbor.orgId, 0)).hasSize((int) events);
        TestSocket harborMember = system.connect("member@harbor.example");
        admin.delete("/ws/users/" + member + "/connections");
        harborMember.hearsNothingElse();
    }

    @Test
    @DisplayName(
            "D8 D9 a right that ended while away does not come back with the cursor; one that was given applies to what was before")
    void rightsOfNow() {
        ApiClient airport = system.as("airport@harbor.example");
        String property = me(airport).path("property_ids").path(0).textValue();
        TestSocket socket = system.dial(system.webSocketUri(airport.token()));
        String cursor = socket.next("connected").path("cursor").textValue();

        setProperties(me(airport), List.of());
        assertThat(socket.next("unsubscribed").path("payload").path("room").textValue())
                .isEqualTo("property-" + property);
        socket.next("member.updated");
        socket.cut();
        submitTo(property);

        URI resume =
                URI.create(system.webSocketUri(airport.token()) + "&cursor=" + cursor + "&rooms=property-" + property);
        TestSocket without = system.dial(resume);
        assertThat(without.next("connected").path("payload").path("rooms"))
                .extracting(JsonNode::textValue)
                .doesNotContain("property-" + property);
        assertThat(without.next("error").path("payload").path("code").textValue())
                .isEqualTo("forbidden_room");
        without.next("member.updated");
        without.next("caught_up");
        without.cut();

        setProperties(me(airport), List.of(property));
        system.awaitEmptyOutbox();
        TestSocket with = system.dial(resume);
        assertThat(with.next("connected").path("payload").path("replayed").intValue())
                .isEqualTo(3);
        with.next("member.updated");
        with.next("application.submitted");
        with.next("member.updated");
        with.next("caught_up");
    }

    private static void submitTo(String property) {
        system.anonymous()
                .post(
                        "/api/v1/properties/" + property + "/applications",
                        Map.of("applicant_name", "Late", "email", "late@people.example", "position", "Cook"))
                .expect(201);
        system.awaitEmptyOutbox();
    }

    private void setProperties(JsonNode member, List<String> properties) {
        harbor.admin
                .patch("/api/v1/members/" + member.path("id").textValue(), Map.of("property_ids", properties))
                .expect(200);
    }

    private static JsonNode me(ApiClient user) {
        return user.get("/api/v1/me").expect(200);
    }

    private static String token(Side side, String userId, Role role, List<String> properties) {
        Instant now = Instant.now();
        return system.tokens()
                .issue(new Principal(
                        userId,
                        Optional.of(side.orgId),
                        role,
                        "Namesake",
                        properties,
                        List.of(),
                        Optional.empty(),
                        1,
                        Ids.next().toString(),
                        now,
                        now.plus(Duration.ofMinutes(15))));
    }
}
