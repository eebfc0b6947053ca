package dev.bellhop.realtime;

import static dev.bellhop.realtime.testing.RunningRealtime.batch;
import static dev.bellhop.realtime.testing.RunningRealtime.event;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.realtime.testing.Person;
import dev.bellhop.realtime.testing.RunningRealtime;
import dev.bellhop.realtime.testing.TestSocket;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The eighteen tests that the HR bot's own suite asked for, by its categories. No server has to be started by hand. */
@DisplayName("S2-050 S2-053 the suite of the HR bot")
class HrBotSeedTest {
    @RegisterExtension
    static final RunningRealtime realtime = new RunningRealtime();

    private final UUID org = UUID.randomUUID();
    private final Person user = Person.member(org);

    @Nested
    @DisplayName("Connection")
    class Connection {
        @Test
        @DisplayName("S2-001 S2-002 connects with a valid token")
        void connectsWithAValidToken() {
            JsonNode hello = realtime.dial("/ws?token=" + realtime.token(user)).next("connected");
            assertThat(hello.path("payload").path("user_id").asText()).isEqualTo(user.userId());
        }

        @Test
        @DisplayName("S2-004 is refused without a token")
        void isRefusedWithoutAToken() {
            assertThat(realtime.dial("/ws").closed()).isEqualTo(new TestSocket.Closed(1008, "token_missing"));
        }

        @Test
        @DisplayName("S2-004 is refused with an invalid token")
        void isRefusedWithAnInvalidToken() {
            String foreign =
                    realtime.token(user).replaceFirst("\\.[^.]*$", ".c2lnbmF0dXJlLW9mLXNvbWVib2R5LWVsc2UtZW50aXJlbHk");
            assertThat(realtime.dial("/ws?token=" + foreign).closed())
                    .isEqualTo(new TestSocket.Closed(1008, "token_invalid"));
        }

        @Test
        @DisplayName("S2-003 is disconnected when the token expires")
        void isDisconnectedWhenTheTokenExpires() {
            TestSocket socket = realtime.dial("/ws?token=" + realtime.token(user, Duration.ofSeconds(2)));
            socket.next("connected");
            assertThat(socket.closed()).isEqualTo(new TestSocket.Closed(1008, "token_expired"));
        }
    }

    @Nested
    @DisplayName("Event broadcasting")
    class EventBroadcasting {
        @Test
        @DisplayName("S2-021 entity.created reaches the organisation with the full entity")
        void entityCreated() {
            JsonNode heard = heard("entity.created", "org", entity());
            assertThat(heard.path("name").asText()).isEqualTo("Ada Lovelace");
            assertThat(heard.path("contact").path("email").asText()).isEqualTo("ada@people.example");
        }

        @Test
        @DisplayName("S2-022 entity.updated reaches the organisation with the full entity")
        void entityUpdated() {
            assertThat(heard("entity.updated", "org", entity()).path("status").asText())
                    .isEqualTo("new");
        }

        @Test
        @DisplayName("S2-023 entity.deleted reaches the organisation with id and resource_type")
        void entityDeleted() {
            JsonNode heard = heard("entity.deleted", "org", Map.of("id", "e-1", "resource_type", "entity"));
            assertThat(heard.path("id").asText()).isEqualTo("e-1");
            assertThat(heard.path("resource_type").asText()).isEqualTo("entity");
        }

        @Test
        @DisplayName("S2-024 chat.message reaches the organisation")
        void chatMessage() {
            assertThat(heard("chat.message", "org", Map.of("id", "m-1", "text", "Hello"))
                            .path("text")
                            .asText())
                    .isEqualTo("Hello");
        }

        @Test
        @DisplayName("S2-025 share.created reaches its receiver")
        void shareCreated() {
            JsonNode heard = heard(
                    "share.created",
                    "user-" + user.userId(),
                    Map.of("share_id", "s-1", "resource_type", "entity", "resource_id", "e-1", "access_level", "view"));
            assertThat(heard.path("access_level").asText()).isEqualTo("view");
        }

        @Test
        @DisplayName("S2-026 share.revoked reaches its receiver")
        void shareRevoked() {
            JsonNode heard = heard(
                    "share.revoked",
                    "user-" + user.userId(),
                    Map.of("share_id", "s-1", "resource_type", "entity", "resource_id", "e-1"));
            assertThat(heard.path("share_id").asText()).isEqualTo("s-1");
        }

        private JsonNode heard(String type, String room, Map<String, ?> payload) {
            TestSocket socket = realtime.connect(user);
            publish(event(type, List.of(room), payload));
            return socket.next(type).path("payload");
        }

        private Map<String, ?> entity() {
            return Map.of(
                    "id", "e-1",
                    "type", "candidate",
                    "name", "Ada Lovelace",
                    "status", "new",
                    "contact", Map.of("email", "ada@people.example"));
        }
    }

    @Nested
    @DisplayName("Access control")
    class AccessControl {
        @Test
        @DisplayName("S2-040 another organisation hears nothing")
        void anotherOrganisationHearsNothing() {
            TestSocket outsider = realtime.connect(Person.admin(UUID.randomUUID()));
            TestSocket insider = realtime.connect(user);
            publish(event("entity.created", List.of("org"), Map.of("id", "e-1")));
            insider.next("entity.created");
            outsider.hearsNothingElse();
        }

        @Test
        @DisplayName("S2-041 a share is told to its receiver only, not even to an administrator")
        void aShareIsToldToItsReceiverOnly() {
            TestSocket receiver = realtime.connect(user);
            TestSocket colleague = realtime.connect(Person.member(org));
            TestSocket admin = realtime.connect(Person.admin(org));
            publish(event("share.created", List.of("user-" + user.userId()), Map.of("share_id", "s-1")));
            receiver.next("share.created");
            colleague.hearsNothingElse();
            admin.hearsNothingElse();
        }

        @Test
        @DisplayName("S1-004 a property's events are for its managers and HR")
        void aPropertysEventsAreForItsManagers() {
            TestSocket manager = realtime.connect(Person.manager(org, "p-1"));
            TestSocket neighbour = realtime.connect(Person.manager(org, "p-2"));
            TestSocket hr = realtime.connect(Person.hr(org));
            publish(event("application.submitted", List.of("property-p-1", "global"), Map.of("application_id", "a-1")));
            manager.next("application.submitted");
            hr.next("application.submitted");
            hr.hearsNothingElse();
            neighbour.hearsNothingElse();
        }
    }

    @Nested
    @DisplayName("Event format")
    class EventFormat {
        private JsonNode frame() {
            TestSocket socket = realtime.connect(user);
            publish(event("entity.created", List.of("org"), Map.of("id", "e-1")));
            return socket.next();
        }

        @Test
        @DisplayName("S2-020 every event has its type")
        void hasItsType() {
            assertThat(frame().path("type").asText()).isEqualTo("entity.created");
        }

        @Test
        @DisplayName("S2-020 every event has its payload, an object")
        void hasItsPayload() {
            assertThat(frame().path("payload").isObject()).isTrue();
        }

        @Test
        @DisplayName("S2-020 every event has its time in UTC with six fractional digits")
        void hasItsTimestamp() {
            String timestamp = frame().path("timestamp").asText();
            assertThat(timestamp).matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}Z");
            assertThat(Instant.parse(timestamp)).isBefore(Instant.now().plusSeconds(1));
        }
    }

    @Nested
    @DisplayName("Reconnection")
    class Reconnection {
        @Test
        @DisplayName("S2-044 S2-009 a client that lost its line connects again and goes on hearing")
        void connectsAgain() {
            TestSocket lost = realtime.connect(user);
            lost.cut();
            TestSocket again = realtime.connect(user);
            publish(event("entity.created", List.of("org"), Map.of("id", "e-1")));
            again.next("entity.created");
        }

        @Test
        @DisplayName("S2-051 S2-064 S2-068 what was missed while away is waiting, in order and once")
        void missedEventsAreQueued() {
            TestSocket before = realtime.connect(user);
            publish(event("entity.created", List.of("org"), Map.of("n", 0)));
            String cursor = before.next("entity.created").path("cursor").asText();
            before.cut();
            for (int i = 1; i <= 5; i++) {
                publish(event("entity.updated", List.of("org"), Map.of("n", i)));
            }
            TestSocket after = realtime.dial("/ws?token=" + realtime.token(user) + "&cursor=" + cursor);
            assertThat(after.next("connected").path("payload").path("replayed").asInt())
                    .isEqualTo(5);
            List<Integer> missed = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                missed.add(
                        after.next("entity.updated").path("payload").path("n").asInt());
            }
            assertThat(missed).containsExactly(1, 2, 3, 4, 5);
            after.next("caught_up");
            after.hearsNothingElse();
        }
    }

    private void publish(Map<String, Object> event) {
        assertThat(realtime.ingest(batch(org, List.of(event))).status()).isEqualTo(200);
    }
}
