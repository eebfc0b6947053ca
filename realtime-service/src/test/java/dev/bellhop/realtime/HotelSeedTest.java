package dev.bellhop.realtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.realtime.testing.Person;
import dev.bellhop.realtime.testing.RunningRealtime;
import dev.bellhop.realtime.testing.RunningRealtime.Answer;
import dev.bellhop.realtime.testing.TestSocket;
import dev.bellhop.realtime.testing.TestSocket.Closed;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** S1-100, S1-101, S1-102: the groups of tests of the hotel onboarding project. */
class HotelSeedTest {
    @RegisterExtension
    static final RunningRealtime realtime = new RunningRealtime();

    private final UUID org = UUID.randomUUID();
    private final Person hr = Person.hr(org);
    private final Person manager = Person.manager(org, "prop-456");

    private static TestSocket dashboard(Person person) {
        TestSocket socket = realtime.dial("/ws/dashboard?token=" + realtime.token(person));
        socket.next("connected");
        return socket;
    }

    private Map<String, Integer> rooms() {
        Map<String, Integer> rooms = new TreeMap<>();
        realtime.get("/ws/rooms", realtime.token(Person.admin(org)))
                .body()
                .path("items")
                .forEach(room -> rooms.put(
                        room.path("room").textValue(), room.path("connections").asInt()));
        return rooms;
    }

    private static void subscribe(TestSocket socket, String room) {
        socket.send(Map.of("type", "subscribe", "room", room));
        assertThat(socket.next("subscribed").path("payload").path("room").textValue())
                .isEqualTo(room);
    }

    /** As {@code broadcast_application_event} does it. */
    private void applicationEvent(String type, String property) {
        Answer answer = realtime.post(
                "/ws/broadcast",
                realtime.token(Person.service()),
                Map.of(
                        "org_id",
                        org,
                        "rooms",
                        List.of("property-" + property, "global"),
                        "type",
                        type,
                        "payload",
                        Map.of(
                                "application_id", "app-123",
                                "property_id", property,
                                "applicant_name", "John Doe",
                                "status", "submitted")));
        assertThat(answer.status()).isEqualTo(202);
    }

    @Nested
    @DisplayName("S1-100 TestWebSocketConnection")
    class Connection {
        @Test
        @DisplayName("S1-010 S1-051 S1-101 a token connects, and its role and rooms are known")
        void connects() {
            JsonNode hello = realtime.dial("/ws/dashboard?token=" + realtime.token(manager))
                    .next("connected")
                    .path("payload");
            assertThat(hello.path("role").textValue()).isEqualTo("MANAGER");
            assertThat(hello.path("rooms").toString()).contains("\"property-prop-456\"");
            assertThat(hello.path("heartbeat_interval_ms").asInt()).isEqualTo(30_000);
        }

        @Test
        @DisplayName("S1-101 S1-102 a disconnection is noticed and cleaned up")
        void disconnects() {
            TestSocket socket = dashboard(hr);
            assertThat(rooms()).containsKey("global");
            socket.close();
            await().untilAsserted(() -> assertThat(rooms()).isEmpty());
        }

        @Test
        @DisplayName("S1-070 S1-101 authentication: no token, a bad one, one of another kind")
        void authentication() {
            assertThat(realtime.dial("/ws/dashboard").closed()).isEqualTo(new Closed(1008, "token_missing"));
            assertThat(realtime.dial("/ws/dashboard?token=x").closed()).isEqualTo(new Closed(1008, "token_invalid"));
        }
    }

    @Nested
    @DisplayName("S1-100 TestWebSocketRooms")
    class Rooms {
        @Test
        @DisplayName("S1-005 S1-007 HR is in global, a manager in the rooms of its properties")
        void joinedByItself() {
            dashboard(hr);
            dashboard(manager);
            assertThat(rooms())
                    .containsEntry("global", 1)
                    .containsEntry("property-prop-456", 1)
                    .containsEntry("org", 2)
                    .containsEntry("role-HR", 1)
                    .containsEntry("role-MANAGER", 1);
        }

        @Test
        @DisplayName("S1-006 S1-053 S1-101 one connection joins and leaves several rooms")
        void joinAndLeave() {
            TestSocket socket = dashboard(hr);
            subscribe(socket, "property-1");
            subscribe(socket, "property-2");
            assertThat(rooms()).containsEntry("property-1", 1).containsEntry("property-2", 1);
            socket.send(Map.of("type", "unsubscribe", "room", "property-1"));
            socket.next("unsubscribed");
            assertThat(rooms()).doesNotContainKey("property-1").containsEntry("property-2", 1);
        }

        @Test
        @DisplayName("S1-008 a room is gone with its last member")
        void automaticCleanup() {
            TestSocket one = dashboard(hr);
            TestSocket two = dashboard(Person.hr(org));
            subscribe(one, "property-9");
            subscribe(two, "property-9");
            assertThat(rooms()).containsEntry("property-9", 2);
            one.cut();
            await().untilAsserted(() -> assertThat(rooms()).containsEntry("property-9", 1));
            two.cut();
            await().untilAsserted(() -> assertThat(rooms()).isEmpty());
        }
    }

    @Nested
    @DisplayName("S1-100 TestEventBroadcasting")
    class Broadcasting {
        @Test
        @DisplayName("S1-030 S1-054 S1-101 an application event in the seed's spelling reaches its property and HR")
        void applicationEvents() {
            TestSocket ofProperty = dashboard(manager);
            TestSocket ofHr = dashboard(hr);
            TestSocket elsewhere = dashboard(Person.manager(org, "prop-789"));
            for (String type : List.of("application_submitted", "application_approved", "application_rejected")) {
                applicationEvent(type, "prop-456");
                for (TestSocket socket : List.of(ofProperty, ofHr)) {
                    JsonNode payload = socket.next(type.replace('_', '.')).path("payload");
                    assertThat(payload.path("application_id").textValue()).isEqualTo("app-123");
                    assertThat(payload.path("applicant_name").textValue()).isEqualTo("John Doe");
                }
            }
            elsewhere.hearsNothingElse();
        }

        @Test
        @DisplayName("S1-036 S1-055 a system notification reaches the role that it is for")
        void systemNotification() {
            TestSocket ofManager = dashboard(manager);
            TestSocket ofHr = dashboard(hr);
            Answer answer = realtime.post(
                    "/ws/broadcast",
                    realtime.token(Person.admin(org)),
                    Map.of(
                            "target_role", "MANAGER",
                            "type", "system_notification",
                            "payload",
                                    Map.of(
                                            "message", "System maintenance scheduled",
                                            "severity", "warning",
                                            "target_role", "MANAGER")));
            assertThat(answer.status()).isEqualTo(202);
            assertThat(ofManager
                            .next("system.notification")
                            .path("payload")
                            .path("message")
                            .textValue())
                    .isEqualTo("System maintenance scheduled");
            ofHr.hearsNothingElse();
        }

        @Test
        @DisplayName("S1-037 S1-052 S1-014 a notification to one user reaches that user")
        void sendToUser() {
            TestSocket receiver = dashboard(manager);
            TestSocket other = dashboard(hr);
            Answer answer = realtime.post(
                    "/ws/notify-user",
                    realtime.token(Person.admin(org)),
                    Map.of("user_id", manager.userId(), "title", "Hello", "message", "Your shift plan is ready"));
            assertThat(answer.status()).isEqualTo(202);
            JsonNode payload = receiver.next("user.notification").path("payload");
            assertThat(payload.path("message").textValue()).isEqualTo("Your shift plan is ready");
            assertThat(payload.path("severity").textValue()).isEqualTo("info");
            other.hearsNothingElse();
        }
    }

    @Nested
    @DisplayName("S1-100 TestConnectionState")
    class ConnectionState {
        @Test
        @DisplayName("S1-020 S1-069 a heartbeat is answered")
        void heartbeat() {
            TestSocket socket = dashboard(manager);
            socket.send(Map.of("type", "heartbeat"));
            socket.next("heartbeat_ack");
        }

        @Test
        @DisplayName("S1-024 S1-067 nonsense is an error, and the connection goes on")
        void errors() {
            TestSocket socket = dashboard(manager);
            socket.send("{nonsense");
            socket.next("error");
            applicationEvent("application_submitted", "prop-456");
            socket.next("application.submitted");
        }

        @Test
        @DisplayName("S1-065 S1-066 the figures follow those who come and go")
        void figures() {
            String admin = realtime.token(Person.admin(org));
            List<TestSocket> sockets =
                    IntStream.range(0, 20).mapToObj(i -> dashboard(manager)).toList();
            JsonNode stats = realtime.get("/ws/stats", admin).body();
            assertThat(stats.path("connections").asInt()).isEqualTo(20);
            assertThat(stats.path("users").asInt()).isEqualTo(1);
            sockets.subList(0, 10).forEach(TestSocket::close);
            sockets.subList(10, 20).forEach(TestSocket::cut);
            await().untilAsserted(() -> assertThat(realtime.get("/ws/stats", admin)
                            .body()
                            .path("connections")
                            .asInt())
                    .isZero());
        }
    }

    @Nested
    @DisplayName("S1-100 TestWebSocketSecurity")
    class Security {
        @Test
        @DisplayName("S1-004 S1-072 a manager gets into no property but its own")
        void propertyIsolation() {
            TestSocket socket = dashboard(manager);
            for (String room : List.of("property-prop-789", "global", "role-HR", "user-" + hr.userId())) {
                socket.send(Map.of("type", "subscribe", "room", room));
                assertThat(socket.next("error").path("payload").path("code").textValue())
                        .isEqualTo("forbidden_room");
            }
            applicationEvent("application_submitted", "prop-789");
            socket.hearsNothingElse();
        }

        @Test
        @DisplayName("S1-013 S1-014 broadcasting is for admins and services")
        void broadcastingIsInternal() {
            Map<String, Object> event = Map.of("room", "org", "type", "custom.x");
            Map<String, Object> note = Map.of("user_id", hr.userId(), "message", "x");
            for (Person person : List.of(hr, manager, Person.member(org))) {
                assertThat(realtime.post("/ws/broadcast", realtime.token(person), event)
                                .status())
                        .isEqualTo(403);
                assertThat(realtime.post("/ws/notify-user", realtime.token(person), note)
                                .status())
                        .isEqualTo(403);
            }
            assertThat(realtime.post("/ws/broadcast", null, event).status()).isEqualTo(401);
        }

        @Test
        @DisplayName("S1-073 S1-074 scripts and social security numbers do not get through, an apostrophe does")
        void textIsClean() {
            TestSocket socket = dashboard(hr);
            realtime.broadcast(
                    org,
                    "global",
                    "custom.text",
                    Map.of("name", "O'Brien & Sons", "note", "<script>alert(1)</script>hi", "ssn", "123-45-6789"));
            String frame = socket.nextText();
            assertThat(frame).doesNotContain("alert(1)", "123-45-6789", "<", "'");
            assertThat(frame).contains("O\\u0027Brien \\u0026 Sons");
        }
    }
}
