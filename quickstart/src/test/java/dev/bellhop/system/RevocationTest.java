package dev.bellhop.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.api.store.Ids;
import dev.bellhop.model.security.Principal;
import dev.bellhop.model.security.Role;
import dev.bellhop.realtime.testing.TestSocket;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What an administrator, an operator or the user does over REST reaches the sockets that are open. */
class RevocationTest {
    @RegisterExtension
    static final RunningSystem system = new RunningSystem();

    private static final String PASSWORD = "a password of the tests";

    private record Person(String id, String email, String token) {
        TestSocket connect() {
            TestSocket socket = system.dial(system.webSocketUri(token));
            socket.next("connected");
            return socket;
        }

        ApiClient api() {
            return new ApiClient(system.apiUri(), token);
        }
    }

    private static Person member(ApiClient admin) {
        String email = Ids.next() + "@people.example";
        String id = admin.post(
                        "/api/v1/members",
                        Map.of("email", email, "name", "Somebody", "role", "MEMBER", "password", PASSWORD))
                .expect(201)
                .path("id")
                .textValue();
        return new Person(id, email, login(email));
    }

    private static String login(String email) {
        return system.anonymous()
                .post("/api/v1/auth/login", Map.of("email", email, "password", PASSWORD))
                .expect(200)
                .path("access_token")
                .textValue();
    }

    private static void assertClosed(TestSocket socket, String reason) {
        socket.upTo("disconnect");
        assertThat(socket.closed()).isEqualTo(new TestSocket.Closed(1008, reason));
    }

    @Test
    @DisplayName("A13 a new password closes the user's other sockets; the one of the session that changed it stays")
    void newPassword() {
        Person user = member(system.as("admin@harbor.example"));
        TestSocket own = user.connect();
        TestSocket other = new Person(user.id, user.email, login(user.email)).connect();
        TestSocket colleague = system.connect("hr@harbor.example");
        user.api()
                .patch("/api/v1/me", Map.of("current_password", PASSWORD, "password", "another password"))
                .expect(200);
        assertClosed(other, "token_revoked");
        JsonNode entity = user.api()
                .post("/api/v1/entities", Map.of("type", "lead", "name", "Goes on"))
                .expect(201);
        assertThat(own.next("entity.created").path("payload")).isEqualTo(entity);
        assertThat(colleague.next("entity.created").path("payload")).isEqualTo(entity);
    }

    @Test
    @DisplayName("A13 a disabled member's sockets close with user_disabled, and their token opens none")
    void disabledMember() {
        ApiClient admin = system.as("admin@harbor.example");
        Person user = member(admin);
        TestSocket socket = user.connect();
        admin.patch("/api/v1/members/" + user.id, Map.of("status", "disabled")).expect(200);
        assertClosed(socket, "user_disabled");
        user.api().get("/api/v1/me").expect(401);
        system.awaitEmptyOutbox();
        assertClosed(system.dial(system.webSocketUri(user.token)), "user_disabled");
    }

    @Test
    @DisplayName("A13 S2-062 a removed member's sockets close, and the others hear that they are gone")
    void removedMember() {
        ApiClient admin = system.as("admin@harbor.example");
        Person user = member(admin);
        TestSocket socket = user.connect();
        TestSocket colleague = system.connect("hr@harbor.example");
        assertThat(admin.delete("/api/v1/members/" + user.id).status()).isEqualTo(204);
        assertClosed(socket, "user_disabled");
        assertThat(colleague
                        .next("member.removed")
                        .path("payload")
                        .path("user_id")
                        .textValue())
                .isEqualTo(user.id);
    }

    @Test
    @DisplayName("A14 a role that is changed moves the open socket from its rooms into the new ones")
    void changedRole() {
        ApiClient admin = system.as("admin@harbor.example");
        Person user = member(admin);
        TestSocket socket = user.connect();
        admin.patch("/api/v1/members/" + user.id, Map.of("role", "HR")).expect(200);
        List<String> moves = socket.upTo("member.updated").stream()
                .map(frame -> Frames.type(frame) + " "
                        + frame.path("payload").path("room").asText(""))
                .toList();
        assertThat(moves).contains("unsubscribed role-MEMBER", "subscribed global", "subscribed role-HR");
    }

    @Test
    @DisplayName("A13 a disabled organisation's sockets close with org_disabled; other organisations go on")
    void disabledOrganization() {
        ApiClient machine = new ApiClient(system.apiUri(), machineToken(system));
        String email = Ids.next() + "@people.example";
        String organization = machine.post(
                        "/api/v1/organizations",
                        Map.of(
                                "name",
                                "Closing Down",
                                "admin",
                                Map.of("email", email, "name", "Last", "password", PASSWORD)))
                .expect(201)
                .path("id")
                .textValue();
        Person admin = new Person("", email, login(email));
        TestSocket socket = admin.connect();
        TestSocket elsewhere = system.connect("hr@harbor.example");
        machine.patch("/api/v1/organizations/" + organization, Map.of("status", "disabled"))
                .expect(200);
        assertClosed(socket, "org_disabled");
        admin.api().get("/api/v1/me").expect(401);
        system.awaitEmptyOutbox();
        assertClosed(system.dial(system.webSocketUri(admin.token)), "org_disabled");
        machine.patch("/api/v1/organizations/" + organization, Map.of("status", "active"))
                .expect(200);
        system.awaitEmptyOutbox();
        admin.connect().hearsNothingElse();
        elsewhere.hearsNothingElse();
    }

    static String machineToken(RunningSystem system) {
        Instant now = Instant.now();
        return system.tokens()
                .issue(new Principal(
                        "machine",
                        Optional.empty(),
                        Role.SERVICE,
                        "machine",
                        List.of(),
                        List.of(),
                        Optional.empty(),
                        0,
                        UUID.randomUUID().toString(),
                        now,
                        now.plus(Duration.ofMinutes(5))));
    }

    @Test
    @DisplayName("S2-024 S2-065 a chat message written with SQL reaches a WebSocket client once, stripped and masked")
    void chatMessageOfAnotherProgram() {
        ApiClient hr = system.as("hr@harbor.example");
        String chat = hr.post("/api/v1/chats", Map.of("title", "Telegram"))
                .expect(201)
                .path("id")
                .textValue();
        TestSocket socket = system.connect("member@harbor.example");
        system.jdbi()
                .useHandle(handle -> handle.execute(
                        "insert into api.chat_message (chat_id, author_name, text) values (?::uuid, 'Bot', ?)",
                        chat,
                        "O'Brien <script>alert(1)</script> 123-45-6789"));
        JsonNode said = hr.post("/api/v1/chats/" + chat + "/messages", Map.of("text", "fence"))
                .expect(201);
        JsonNode first = socket.next("chat.message").path("payload");
        assertThat(first.path("author_name").textValue()).isEqualTo("Bot");
        assertThat(first.path("text").textValue()).startsWith("O'Brien").doesNotContain("script", "123-45");
        assertThat(socket.next("chat.message").path("payload")).isEqualTo(said);
        assertThat(hr.get("/api/v1/chats/" + chat + "/messages").body()).contains("123-45-6789");
    }
}
