package dev.bellhop.realtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.realtime.testing.Person;
import dev.bellhop.realtime.testing.RunningRealtime;
import dev.bellhop.realtime.testing.TestSocket;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class ExplainTest {
    @RegisterExtension
    static final RunningRealtime realtime = new RunningRealtime();

    private final UUID org = UUID.randomUUID();
    private final Person admin = Person.admin(org);

    @Test
    @DisplayName("an event that went out on an open socket is explained as delivered, with its steps in order")
    void deliveredEventsAreExplained() {
        Person member = Person.member(org);
        TestSocket socket = realtime.connect(member);
        String event = publish("org");
        socket.next("custom.thing");
        JsonNode answer = explain(event, member);
        assertThat(answer.path("verdict").asText()).isEqualTo("delivered");
        assertThat(answer.path("reason").asText()).isEqualTo("delivered");
        assertThat(answer.path("event").path("position").asInt()).isEqualTo(1);
        assertThat(answer.path("connections").get(0).path("outcome").asText()).isEqualTo("delivered");
        assertThat(answer.path("steps").findValuesAsText("step")).contains("occurred", "logged", "connected");
        assertThat(answer.path("steps").findValuesAsText("at")).isSorted();
    }

    @Test
    @DisplayName("who was away, not in the room, or not allowed into it is told apart")
    void whyItWasNotDelivered() {
        Person hr = Person.hr(org);
        Person member = Person.member(org);
        TestSocket inside = realtime.connect(hr);
        realtime.connect(member);
        String event = publish("property-p1");
        inside.hearsNothingElse();
        assertThat(reason(event, hr)).isEqualTo("not_in_room");
        assertThat(reason(event, member)).isEqualTo("permission");
        assertThat(reason(event, Person.member(org))).isEqualTo("not_connected");
        assertThat(explain(event, member).path("verdict").asText()).isEqualTo("not_delivered");
    }

    @Test
    @DisplayName("a room that was left or joined later makes the difference, and so does a resume")
    void timeMatters() {
        Person hr = Person.hr(org);
        TestSocket socket = realtime.dial("/ws?token=" + realtime.token(hr));
        String cursor = socket.next("connected").path("cursor").asText();
        socket.send(Map.of("type", "subscribe", "room", "property-p1"));
        socket.next("subscribed");
        String before = publish("property-p1");
        socket.next("custom.thing");
        socket.send(Map.of("type", "unsubscribe", "room", "property-p1"));
        socket.next("unsubscribed");
        String after = publish("property-p1");
        socket.close();
        await().untilAsserted(() -> assertThat(realtime.get("/ws/stats", realtime.token(admin))
                        .body()
                        .path("connections")
                        .asInt())
                .isZero());
        assertThat(reason(before, hr)).isEqualTo("delivered");
        assertThat(reason(after, hr)).isEqualTo("not_in_room");

        String missed = publish("global");
        assertThat(reason(missed, hr)).isEqualTo("not_connected");
        TestSocket again = realtime.dial("/ws?token=" + realtime.token(hr) + "&cursor=" + cursor);
        again.upTo("caught_up");
        assertThat(reason(missed, hr)).isEqualTo("recovered_later");
    }

    @Test
    @DisplayName("only an administrator asks, only about its own organisation, and only about what is logged")
    void whoMayAsk() {
        String event = publish("org");
        String path = "/ws/explain?event=" + event + "&user=u";
        assertThat(realtime.get(path, realtime.token(Person.hr(org))).status()).isEqualTo(403);
        assertThat(realtime.get(path, realtime.token(Person.admin(UUID.randomUUID())))
                        .status())
                .isEqualTo(404);
        assertThat(realtime.get(path, realtime.token(Person.service())).status())
                .isEqualTo(400);
        assertThat(realtime.get(path + "&org_id=" + org, realtime.token(Person.service()))
                        .status())
                .isEqualTo(200);
        assertThat(realtime.get("/ws/explain?event=nonsense&user=u", realtime.token(admin))
                        .status())
                .isEqualTo(400);
    }

    private String publish(String room) {
        return realtime.broadcast(org, room, "custom.thing", Map.of())
                .body()
                .path("id")
                .asText();
    }

    private String reason(String event, Person person) {
        return explain(event, person).path("reason").asText();
    }

    private JsonNode explain(String event, Person person) {
        return realtime.get("/ws/explain?event=" + event + "&user=" + person.userId(), realtime.token(admin))
                .body();
    }
}
