package dev.bellhop.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.quickstart.DemoData;
import dev.bellhop.realtime.testing.TestSocket;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A logout over REST ends the sockets of that session, and of no other. */
class LogoutTest {
    @RegisterExtension
    static final RunningSystem system = new RunningSystem();

    private static final String USER = "downtown@harbor.example";

    @Test
    @DisplayName(
            "A13 logout closes the session's sockets with 1008 token_revoked, and its token is worth nothing any more")
    void logout() {
        JsonNode session = login();
        String token = session.path("access_token").textValue();
        TestSocket okHttp = system.dial(system.webSocketUri(token));
        okHttp.next("connected");
        JdkSocket jdk = system.dialWithJdk(system.webSocketUri(token));
        jdk.next("connected");
        TestSocket otherSession = system.connect(USER);
        TestSocket colleague = system.connect("hr@harbor.example");

        logOut(session);

        JsonNode disconnect = okHttp.next("disconnect");
        assertThat(disconnect.path("payload").path("code").intValue()).isEqualTo(1008);
        assertThat(disconnect.path("payload").path("reason").textValue()).isEqualTo("token_revoked");
        assertThat(disconnect.path("payload").path("reconnect").booleanValue()).isFalse();
        assertThat(okHttp.closed()).isEqualTo(new TestSocket.Closed(1008, "token_revoked"));
        jdk.next("disconnect");
        assertThat(jdk.closed()).isEqualTo(new JdkSocket.Closed(1008, "token_revoked"));

        ApiClient before = new ApiClient(system.apiUri(), token);
        before.get("/api/v1/me").expect(401);
        before.post("/api/v1/entities", Map.of("type", "lead", "name", "too late"))
                .expect(401);
        system.anonymous().post("/api/v1/auth/refresh", refreshToken(session)).expect(401);

        JsonNode entity = system.as(USER)
                .post("/api/v1/entities", Map.of("type", "lead", "name", "Goes on"))
                .expect(201);
        for (TestSocket open : new TestSocket[] {otherSession, colleague}) {
            assertThat(open.next("entity.created").path("payload"))
                    .as("the control event before it is shown to nobody")
                    .isEqualTo(entity);
        }
    }

    @Test
    @DisplayName("A13 the token of a session that has ended opens no socket, also after a restart")
    void afterLogout() {
        JsonNode session = login();
        logOut(session);
        system.awaitEmptyOutbox();
        String token = session.path("access_token").textValue();
        assertRefused(system.dialWithJdk(system.webSocketUri(token)));
        system.restartRealtime();
        assertRefused(system.dialWithJdk(system.webSocketUri(token)));
        system.connect(USER).hearsNothingElse();
    }

    @Test
    @DisplayName("A13 a refresh token that is used twice was stolen: its session ends everywhere")
    void stolenRefreshToken() {
        JsonNode session = login();
        JsonNode refreshed = system.anonymous()
                .post("/api/v1/auth/refresh", refreshToken(session))
                .expect(200);
        TestSocket socket =
                system.dial(system.webSocketUri(refreshed.path("access_token").textValue()));
        socket.next("connected");
        system.anonymous().post("/api/v1/auth/refresh", refreshToken(session)).expect(401);
        socket.next("disconnect");
        assertThat(socket.closed()).isEqualTo(new TestSocket.Closed(1008, "token_revoked"));
        new ApiClient(system.apiUri(), refreshed.path("access_token").textValue())
                .get("/api/v1/me")
                .expect(401);
    }

    private static JsonNode login() {
        return system.anonymous()
                .post("/api/v1/auth/login", Map.of("email", USER, "password", DemoData.PASSWORD))
                .expect(200);
    }

    private static void logOut(JsonNode session) {
        ApiClient.Answer answer = new ApiClient(
                        system.apiUri(), session.path("access_token").textValue())
                .post("/api/v1/auth/logout", refreshToken(session));
        assertThat(answer.status()).as(answer.body()).isEqualTo(204);
    }

    private static Map<String, String> refreshToken(JsonNode session) {
        return Map.of("refresh_token", session.path("refresh_token").textValue());
    }

    private static void assertRefused(JdkSocket socket) {
        JsonNode disconnect = socket.next("disconnect");
        assertThat(disconnect.path("payload").path("reason").textValue()).isEqualTo("token_revoked");
        assertThat(socket.closed()).isEqualTo(new JdkSocket.Closed(1008, "token_revoked"));
    }
}
