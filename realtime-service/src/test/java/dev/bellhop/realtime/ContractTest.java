package dev.bellhop.realtime;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.bellhop.model.events.EventType;
import dev.bellhop.model.wire.ClientMessage;
import dev.bellhop.model.wire.Json;
import dev.bellhop.model.wire.ServerMessage;
import dev.bellhop.realtime.testing.Contract;
import dev.bellhop.realtime.testing.Person;
import dev.bellhop.realtime.testing.RunningRealtime;
import dev.bellhop.realtime.testing.RunningRealtime.Answer;
import dev.bellhop.realtime.testing.TestSocket;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import okhttp3.Request;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code GET /asyncapi.json} and {@code GET /openapi.json} say what the service does: no more, no less. */
class ContractTest {
    @RegisterExtension
    static final RunningRealtime realtime = new RunningRealtime();

    /** Served in front of Javalin, which knows nothing of them. */
    private static final Set<String> CONNECTIONS = Set.of("GET /ws", "GET /ws/dashboard", "GET /events");

    private static Contract asyncApi;
    private static Contract openApi;

    @BeforeAll
    static void read() {
        asyncApi = new Contract(open("/asyncapi.json"));
        openApi = new Contract(open("/openapi.json"));
    }

    /** Without a token. */
    private static JsonNode open(String path) {
        Answer answer = realtime.get(path, null);
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.headers().get("Content-Type")).startsWith("application/json");
        return answer.body();
    }

    private static Set<String> keys(JsonNode object) {
        return StreamSupport.stream(((Iterable<String>) object::fieldNames).spliterator(), false)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    // ---- both ----

    @Test
    @DisplayName("S1-015 both contracts are what they say they are, and every reference of theirs leads somewhere")
    void wellFormed() {
        assertThat(asyncApi.document().path("asyncapi").textValue()).isEqualTo("3.0.0");
        assertThat(openApi.document().path("openapi").textValue()).isEqualTo("3.1.0");
        assertThat(asyncApi.ownFaults()).isEmpty();
        assertThat(openApi.ownFaults()).isEmpty();
    }

    // ---- what goes over a connection ----

    static Stream<String> goldenNames() {
        return Stream.concat(
                Arrays.stream(EventType.values()).map(EventType::wireName), ServerMessage.PAYLOADS.keySet().stream());
    }

    private static ObjectNode golden(String name) throws IOException {
        try (InputStream file =
                Objects.requireNonNull(ContractTest.class.getResourceAsStream("/golden/" + name + ".json"), name)) {
            return (ObjectNode) Json.mapper().readTree(file);
        }
    }

    private static List<String> messageFaults(String message, JsonNode value) {
        return asyncApi.faults("/components/messages/" + message + "/payload", value);
    }

    @ParameterizedTest
    @MethodSource("goldenNames")
    @DisplayName("S2-020 a sample of each event and frame fits its schema, and fits no more when a field of it changes")
    void goldenFilesFit(String name) throws IOException {
        ObjectNode sample = golden(name);
        assertThat(messageFaults(name, sample)).isEmpty();
        for (ObjectNode part : List.of(sample, (ObjectNode) sample.path("payload"))) {
            for (String field : keys(part)) {
                JsonNode value = part.get(field);
                part.putObject(field).put("of another", "shape");
                boolean isOpen = value.isObject() && value.equals(golden(name).at("/payload/payload"));
                assertThat(messageFaults(name, sample).isEmpty()).as(field).isEqualTo(isOpen);
                part.set(field, value);
            }
            part.put("nobody_knows", 1);
            assertThat(messageFaults(name, sample)).isNotEmpty();
            part.remove("nobody_knows");
        }
    }

    @Test
    @DisplayName(
            "every message of the contract is one of the catalogue, and those that somebody can hear are on a channel")
    void messages() throws IOException {
        Set<String> expected = goldenNames().collect(Collectors.toCollection(TreeSet::new));
        expected.addAll(List.of("stats", "custom"));
        expected.addAll(CLIENT_SAMPLES.keySet());
        assertThat(keys(asyncApi.document().at("/components/messages"))).isEqualTo(expected);

        Set<String> onSocket = new TreeSet<>(expected);
        for (EventType type : EventType.values()) {
            boolean hasAudience = !golden(type.wireName()).path("rooms").isEmpty();
            if (!hasAudience) {
                onSocket.remove(type.wireName());
            }
        }
        assertThat(keys(asyncApi.document().at("/channels/socket/messages"))).isEqualTo(onSocket);
        Set<String> onStream = new TreeSet<>(onSocket);
        onStream.removeIf(name -> name.startsWith("client.")
                || List.of("heartbeat_ack", "stats", "presence", "presence.joined", "presence.left", "refreshed")
                        .contains(name));
        assertThat(keys(asyncApi.document().at("/channels/events/messages"))).isEqualTo(onStream);
    }

    /** By the name of the message in the contract: one of the whole, and one with its fields in a payload. */
    private static final Map<String, List<String>> CLIENT_SAMPLES = Map.of(
            "client.heartbeat", List.of("{\"type\":\"heartbeat\",\"ref\":\"1\"}", "{\"type\":\"heartbeat\"}"),
            "client.pong", List.of("{\"type\":\"pong\"}"),
            "client.subscribe",
                    List.of(
                            "{\"type\":\"subscribe\",\"room\":\"property-1\",\"since\":\"1.a.1.00000000\",\"ref\":\"1\"}",
                            "{\"type\":\"subscribe\",\"payload\":{\"room\":\"property-1\",\"since\":\"1.a.1.00000000\"}}"),
            "client.unsubscribe",
                    List.of(
                            "{\"type\":\"unsubscribe\",\"room\":\"org\"}",
                            "{\"type\":\"unsubscribe\",\"payload\":{\"room\":\"org\"}}"),
            "client.get_stats",
                    List.of("{\"type\":\"get_stats\"}", "{\"type\":\"get_stats\",\"every_ms\":1000,\"ref\":\"1\"}"),
            "client.presence",
                    List.of(
                            "{\"type\":\"presence\",\"room\":\"org\"}",
                            "{\"type\":\"presence\",\"payload\":{\"room\":\"org\"}}"),
            "client.refresh",
                    List.of(
                            "{\"type\":\"refresh\",\"token\":\"x\"}",
                            "{\"type\":\"refresh\",\"payload\":{\"token\":\"x\"}}"));

    @Test
    @DisplayName("S1-020 S1-021 S1-022 S1-023 the contract and the parser take the same messages of a client")
    void clientMessages() throws JsonProcessingException {
        Set<Class<?>> parsed = new HashSet<>();
        for (Map.Entry<String, List<String>> samples : CLIENT_SAMPLES.entrySet()) {
            for (String sample : samples.getValue()) {
                assertThat(messageFaults(samples.getKey(), Json.tree(sample)))
                        .as(sample)
                        .isEmpty();
                ClientMessage message = ClientMessage.parse(sample);
                parsed.add(message.getClass());
                assertThat("client." + Json.tree(sample).path("type").textValue())
                        .isEqualTo(samples.getKey());
            }
        }
        Set<Class<?>> kinds = new HashSet<>(List.of(ClientMessage.class.getPermittedSubclasses()));
        kinds.remove(ClientMessage.Faulty.class);
        assertThat(parsed).isEqualTo(kinds);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"type\":\"subscribe\"}",
                "{\"type\":\"subscribe\",\"room\":7}",
                "{\"type\":\"subscribe\",\"payload\":{}}",
                "{\"type\":\"subscribe\",\"room\":\"org\",\"since\":7}",
                "{\"type\":\"unsubscribe\"}",
                "{\"type\":\"presence\",\"payload\":{\"room\":null}}",
                "{\"type\":\"refresh\"}",
                "{\"type\":\"get_stats\",\"every_ms\":999}",
                "{\"type\":\"get_stats\",\"every_ms\":3600001}",
                "{\"type\":\"get_stats\",\"every_ms\":\"1000\"}",
                "{\"type\":\"get_stats\",\"every_ms\":1000.5}",
                "{\"type\":\"heartbeat\",\"ref\":7}",
                "{\"type\":\"heartbeat\",\"ref\":\"12345678901234567890123456789012345678901234567890123456789012345\"}"
            })
    @DisplayName("S1-024 the contract and the parser refuse the same messages of a client")
    void badClientMessages(String text) throws JsonProcessingException {
        assertThat(ClientMessage.parse(text)).isInstanceOf(ClientMessage.Faulty.class);
        JsonNode message = Json.tree(text);
        assertThat(messageFaults("client." + message.path("type").textValue(), message))
                .isNotEmpty();
    }

    @Test
    @DisplayName("S1-023 S1-039 S1-040 what a socket really hears fits the contract")
    void realFrames() {
        UUID org = UUID.randomUUID();
        Person hr = Person.hr(org);
        TestSocket socket =
                realtime.dial("/ws?rooms=property-1,nonsense&token=" + realtime.token(hr, Duration.ofSeconds(50)));
        List<JsonNode> heard = new ArrayList<>(socket.upTo("token_expiring"));
        socket.send(Map.of("type", "heartbeat", "ref", "1"));
        heard.addAll(socket.upTo("heartbeat_ack"));
        socket.send(Map.of("type", "get_stats", "ref", "2"));
        heard.addAll(socket.upTo("stats"));
        socket.send(Map.of("type", "presence", "room", "org"));
        heard.addAll(socket.upTo("presence"));
        socket.send(Map.of("type", "subscribe", "room", "property-2"));
        heard.addAll(socket.upTo("subscribed"));
        socket.send(Map.of("type", "unsubscribe", "room", "property-2"));
        heard.addAll(socket.upTo("unsubscribed"));
        String cursor = realtime.broadcast(org, "property-3", "custom.tick", Map.of("n", 1))
                .body()
                .path("cursor")
                .textValue();
        realtime.broadcast(org, "property-3", "custom.tick", Map.of("n", 2));
        socket.send(Map.of("type", "subscribe", "room", "property-3", "since", cursor));
        heard.addAll(socket.upTo("caught_up"));
        socket.send(Map.of("type", "refresh", "token", realtime.token(hr)));
        heard.addAll(socket.upTo("refreshed"));
        realtime.call(new Request.Builder()
                .url(realtime.url("/ws/users/" + hr.userId() + "/connections"))
                .header("Authorization", "Bearer " + realtime.token(Person.admin(org)))
                .delete());
        heard.addAll(socket.upTo("disconnect"));
        assertThat(heard).extracting(frame -> frame.path("type").textValue()).contains("error", "custom.tick");
        for (JsonNode frame : heard) {
            String type = frame.path("type").textValue();
            assertThat(messageFaults(type.equals("custom.tick") ? "custom" : type, frame))
                    .as(frame.toString())
                    .isEmpty();
        }
    }

    // ---- HTTP ----

    private static Set<String> operations() {
        Set<String> operations = new TreeSet<>();
        openApi.document()
                .path("paths")
                .properties()
                .forEach(path -> keys(path.getValue())
                        .forEach(method -> operations.add(method.toUpperCase(Locale.ROOT) + " " + path.getKey())));
        return operations;
    }

    @Test
    @DisplayName("S1-015 every call of the service is in the contract, and every call of the contract is served")
    void routes() {
        Set<String> served = new TreeSet<>(CONNECTIONS);
        served.addAll(realtime.service().routes());
        assertThat(operations()).isEqualTo(served);
    }

    @Test
    @DisplayName("S1-015 what each call really answers fits the contract")
    void realAnswers() {
        UUID org = UUID.randomUUID();
        Person admin = Person.admin(org);
        String token = realtime.token(admin);
        Person maria = Person.member(org);
        String connection = realtime.dial("/ws?token=" + realtime.token(maria))
                .next("connected")
                .at("/payload/connection_id")
                .textValue();
        Answer said = realtime.broadcast(org, "org", "entity.created", Map.of("id", 1));
        Map<String, Object> batch = RunningRealtime.batch(org, 1, RunningRealtime.ticks(1, 2, "org"));

        Map<String, Answer> answers = new LinkedHashMap<>();
        answers.put("GET /ws", realtime.get("/ws", token));
        answers.put("GET /ws/dashboard", realtime.get("/ws/dashboard", token));
        answers.put("GET /events", realtime.get("/events", null));
        answers.put("POST /events", realtime.ingest(batch));
        answers.put("POST /ws/broadcast", said);
        answers.put(
                "POST /ws/notify-user",
                realtime.post("/ws/notify-user", token, Map.of("user_id", maria.userId(), "message", "Hello")));
        answers.put("GET /ws/stats", realtime.get("/ws/stats", token));
        answers.put("GET /ws/rooms", realtime.get("/ws/rooms", token));
        answers.put("GET /ws/rooms/{room}", realtime.get("/ws/rooms/org", token));
        answers.put("GET /ws/connections", realtime.get("/ws/connections", token));
        answers.put("GET /ws/history", realtime.get("/ws/history?room=org", token));
        answers.put(
                "GET /ws/explain",
                realtime.get(
                        "/ws/explain?user=" + maria.userId() + "&event="
                                + said.body().path("id").textValue(),
                        token));
        answers.put("DELETE /ws/connections/{id}", delete("/ws/connections/" + connection, token));
        answers.put("DELETE /ws/users/{id}/connections", delete("/ws/users/" + maria.userId() + "/connections", token));
        answers.put("GET /health/live", realtime.get("/health/live", null));
        answers.put("GET /health/ready", realtime.get("/health/ready", null));
        answers.put("GET /openapi.json", realtime.get("/openapi.json", null));
        answers.put("GET /asyncapi.json", realtime.get("/asyncapi.json", null));

        Set<String> called = new TreeSet<>(answers.keySet());
        called.add("GET /metrics"); // text: see MetricsTest
        assertThat(called).isEqualTo(operations());
        answers.forEach((call, answer) -> {
            int space = call.indexOf(' ');
            String method = call.substring(0, space);
            String path = call.substring(space + 1);
            assertThat(openApi.faults(method, path, answer))
                    .as(call + " " + answer)
                    .isEmpty();
            if (!CONNECTIONS.contains(call)) {
                assertThat(answer.status()).as(call).isBetween(200, 204);
            }
        });
        Answer service = realtime.get("/ws/rooms", realtime.token(Person.service()));
        assertThat(openApi.faults("GET", "/ws/rooms", service)).isEmpty();
        assertThat(openApi.faults("GET", "/ws/stats", realtime.get("/ws/stats", realtime.token(Person.service()))))
                .isEmpty();
    }

    @Test
    @DisplayName("S1-075 refusals are problems, with the statuses that the contract names")
    void realRefusals() {
        String token = realtime.token(Person.admin(UUID.randomUUID()));
        Map<String, Answer> answers = new LinkedHashMap<>();
        answers.put("POST /ws/broadcast", realtime.post("/ws/broadcast", token, Map.of("room", "org")));
        answers.put("POST /ws/notify-user", realtime.post("/ws/notify-user", null, Map.of()));
        answers.put("POST /events", realtime.ingest("id", "1", "v1,x", new byte[0]));
        answers.put("GET /ws/rooms/{room}", realtime.get("/ws/rooms/property-1", token));
        answers.put("GET /ws/history", realtime.get("/ws/history?room=nowhere", token));
        answers.put("GET /ws/stats", realtime.get("/ws/stats?token=x", token));
        answers.forEach((call, answer) -> {
            int space = call.indexOf(' ');
            assertThat(openApi.faults(call.substring(0, space), call.substring(space + 1), answer))
                    .as(call)
                    .isEmpty();
            assertThat(answer.status()).as(call).isBetween(400, 499);
        });
    }

    private static Answer delete(String path, String token) {
        return realtime.call(new Request.Builder()
                .url(realtime.url(path))
                .header("Authorization", "Bearer " + token)
                .delete());
    }
}
