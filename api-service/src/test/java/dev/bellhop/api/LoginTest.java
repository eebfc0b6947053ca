package dev.bellhop.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.api.RunningApi.Answer;
import dev.bellhop.api.RunningApi.User;
import dev.bellhop.api.auth.Passwords;
import dev.bellhop.api.store.Ids;
import dev.bellhop.model.security.Principal;
import dev.bellhop.model.security.Role;
import dev.bellhop.model.security.Secret;
import dev.bellhop.model.security.Tokens;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LoginTest {
    @RegisterExtension
    static final RunningApi api = new RunningApi();

    private static final Tokens tokens =
            Tokens.hs256(Secret.ofText("0123456789abcdef0123456789abcdef"), Clock.systemUTC());
    private static UUID orgId;
    private static UUID propertyId;

    @BeforeAll
    static void organization() {
        orgId = api.organization("Harbor Hotels");
        propertyId = api.property(orgId, "Harbor Downtown");
    }

    @Test
    @DisplayName("S1-057 a login answers with tokens and the user, and the token opens /me")
    void login() {
        User manager = api.user(orgId, Role.MANAGER, propertyId);
        Answer answer = api.login(manager.email().toUpperCase(java.util.Locale.ROOT), RunningApi.PASSWORD);
        assertThat(answer.status()).isEqualTo(200);
        JsonNode login = answer.json();
        assertThat(login.path("token_type").textValue()).isEqualTo("Bearer");
        assertThat(login.path("expires_in").asInt()).isEqualTo(900);
        JsonNode user = login.path("user");
        assertThat(user.path("property_ids").path(0).textValue()).isEqualTo(propertyId.toString());
        assertThat(user.path("org_id").textValue()).isEqualTo(orgId.toString());
        Tokens.Verdict verdict = tokens.verify(login.path("access_token").textValue());
        assertThat(verdict).isInstanceOf(Tokens.Verdict.Valid.class);
        Principal principal = ((Tokens.Verdict.Valid) verdict).principal();
        assertThat(principal.properties()).containsExactly(propertyId.toString());
        assertThat(principal.sessionId()).isPresent();
        assertThat(api.get(manager, "/api/v1/me").json()).isEqualTo(user);
    }

    @Test
    @DisplayName("A17 unknown user and wrong password get the same answer")
    void wrongCredentials() {
        User user = api.user(orgId, Role.MEMBER);
        Answer wrong = api.login(user.email(), "wrong");
        Answer unknown = api.login("nobody@test.example", "wrong");
        assertThat(wrong.status()).isEqualTo(401);
        assertThat(unknown.status()).isEqualTo(401);
        assertThat(wrong.header("WWW-Authenticate")).startsWith("Bearer");
        assertThat(wrong.text().length()).isEqualTo(unknown.text().length());
        assertThat(wrong.json().path("detail")).isEqualTo(unknown.json().path("detail"));
    }

    @Test
    @DisplayName("A18 the sixth failure of a minute is 429 with Retry-After; other accounts are not touched")
    void throttle() {
        User user = api.user(orgId, Role.MEMBER);
        for (int i = 0; i < 5; i++) {
            Answer wrong = api.login(i % 2 == 0 ? user.email() : user.email().toUpperCase(Locale.ROOT), "wrong");
            assertThat(wrong.status()).isEqualTo(401);
            assertThat(wrong.header("RateLimit")).startsWith("\"login\";r=" + (4 - i) + ";t=");
        }
        Answer throttled = api.login(user.email(), RunningApi.PASSWORD);
        assertThat(throttled.status()).isEqualTo(429);
        assertThat(Integer.parseInt(throttled.header("Retry-After"))).isBetween(1, 61);
        assertThat(throttled.header("RateLimit-Policy")).isEqualTo("\"login\";q=5;w=60");
        assertThat(throttled.header("RateLimit")).startsWith("\"login\";r=0;t=");
        User other = api.user(orgId, Role.MEMBER);
        assertThat(api.get(other, "/api/v1/me").status()).isEqualTo(200);
    }

    @ParameterizedTest
    @CsvSource({
        "'{\"email\":\"a@b.c\"}', password",
        "'{\"email\":\"a@b.c\",\"password\":\"\"}', password",
        "'{\"email\":\"a@b.c\",\"password\":\"a\\u0000b\"}', password",
        "'{\"email\":7,\"password\":\"x\"}', email"
    })
    @DisplayName("A19 a login that cannot be meant is 422")
    void invalid(String body, String field) {
        Answer answer = api.post(null, "/api/v1/auth/login", body);
        assertThat(answer.status()).isEqualTo(422);
        assertThat(answer.json().path("errors").path(0).path("field").textValue())
                .isEqualTo(field);
        assertThat(api.login("a@b.c", "x".repeat(129)).status()).isEqualTo(422);
    }

    @Test
    @DisplayName("a refresh token works once; used again, it ends the session and its access tokens")
    void refresh() {
        User user = api.user(orgId, Role.MEMBER);
        JsonNode first = api.login(user.email(), RunningApi.PASSWORD).json();
        Answer second = refresh(first.path("refresh_token").textValue());
        assertThat(second.status()).isEqualTo(200);
        User refreshed = with(user, second.json().path("access_token").textValue());
        assertThat(api.get(refreshed, "/api/v1/me").status()).isEqualTo(200);
        assertThat(refresh(first.path("refresh_token").textValue()).status()).isEqualTo(401);
        assertThat(refresh(second.json().path("refresh_token").textValue()).status())
                .isEqualTo(401);
        assertThat(api.get(refreshed, "/api/v1/me").status()).isEqualTo(401);
        assertThat(api.get(user, "/api/v1/me").status()).isEqualTo(200);
        awaitRevoked(user);
    }

    @Test
    @DisplayName("A13 logout ends the session, at once for the next call and by an event for open sockets")
    void logout() {
        User user = api.user(orgId, Role.MEMBER);
        JsonNode login = api.login(user.email(), RunningApi.PASSWORD).json();
        User session = with(user, login.path("access_token").textValue());
        String body = "{\"refresh_token\":\"" + login.path("refresh_token").textValue() + "\"}";
        assertThat(api.post(null, "/api/v1/auth/logout", body).status()).isEqualTo(204);
        assertThat(api.post(null, "/api/v1/auth/logout", body).status()).isEqualTo(204);
        Answer refused = api.get(session, "/api/v1/me");
        assertThat(refused.status()).isEqualTo(401);
        assertThat(refused.header("WWW-Authenticate")).isEqualTo("Bearer error=\"invalid_token\"");
        awaitRevoked(user);
    }

    private static void awaitRevoked(User user) {
        await().atMost(Duration.ofSeconds(5))
                .until(() -> api.receiver().log(orgId).stream()
                                .filter(event -> event.type().equals("session.revoked"))
                                .filter(event -> event.payload()
                                        .path("user_id")
                                        .textValue()
                                        .equals(user.id().toString()))
                                .filter(event ->
                                        !event.payload().path("sid").asText("").isEmpty())
                                .count()
                        == 1);
    }

    private static Answer refresh(String token) {
        return api.post(null, "/api/v1/auth/refresh", "{\"refresh_token\":\"" + token + "\"}");
    }

    private static User with(User user, String token) {
        return new User(user.orgId(), user.id(), user.email(), user.role(), token);
    }

    @Test
    @DisplayName("A13 A14 a disabled member or organisation is out at the next call; a changed role counts from it on")
    void changes() {
        UUID other = api.organization("Changing");
        User manager = api.user(other, Role.MANAGER);
        assertThat(api.get(manager, "/api/v1/applications").status()).isEqualTo(200);
        api.jdbi().useHandle(h -> h.execute("update member set role = 'MEMBER', ver = 2 where id = ?", manager.id()));
        assertThat(api.get(manager, "/api/v1/applications").status()).isEqualTo(403);
        api.jdbi().useHandle(h -> h.execute("update member set status = 'disabled' where id = ?", manager.id()));
        assertThat(api.get(manager, "/api/v1/me").status()).isEqualTo(401);
        assertThat(api.login(manager.email(), RunningApi.PASSWORD).status()).isEqualTo(401);
        User hr = api.user(other, Role.HR);
        api.jdbi().useHandle(h -> h.execute("update organization set status = 'disabled' where id = ?", other));
        assertThat(api.get(hr, "/api/v1/me").status()).isEqualTo(401);
    }

    @Test
    @DisplayName("A2 A4 A9 a token that was not made here, has run out or is of no organisation opens nothing")
    void badTokens() {
        User user = api.user(orgId, Role.MEMBER);
        Tokens foreign = Tokens.hs256(Secret.ofText("another secret of at least 32 bytes"), Clock.systemUTC());
        assertThat(me(user, foreign.issue(principal(user, Role.MEMBER, 60))).header("WWW-Authenticate"))
                .isEqualTo("Bearer error=\"invalid_token\"");
        Answer expired = me(user, tokens.issue(principal(user, Role.MEMBER, -60)));
        assertThat(expired.status()).isEqualTo(401);
        assertThat(expired.json().path("type").textValue()).isEqualTo("/problems/token-expired");
        assertThat(me(user, tokens.issue(principal(user, Role.MEMBER, 60))).status())
                .isEqualTo(200);
        Principal service = new Principal(
                "machine",
                Optional.empty(),
                Role.SERVICE,
                "machine",
                List.of(),
                List.of(),
                Optional.empty(),
                0,
                "j",
                Instant.now(),
                Instant.now().plusSeconds(60));
        assertThat(me(user, tokens.issue(service)).status()).isEqualTo(403);
        assertThat(me(user, "x".repeat(5_000)).status()).isEqualTo(401);
    }

    private static Answer me(User user, String token) {
        return api.get(with(user, token), "/api/v1/me");
    }

    private static Principal principal(User user, Role role, long seconds) {
        return new Principal(
                user.id().toString(),
                Optional.of(user.orgId()),
                role,
                "x",
                List.of(),
                List.of(),
                Optional.empty(),
                1,
                Ids.next().toString(),
                Instant.now().plusSeconds(seconds - 120),
                Instant.now().plusSeconds(seconds));
    }

    @Test
    @DisplayName("passwords are Argon2id in PHC format, salted")
    void hashes() {
        String hash = Passwords.hash("pässword");
        assertThat(hash).startsWith("$argon2id$v=19$m=19456,t=2,p=1$");
        assertThat(Passwords.hash("pässword")).isNotEqualTo(hash);
        User user = api.user(orgId, Role.MEMBER);
        api.jdbi().useHandle(h -> h.execute("update member set password_hash = ? where id = ?", hash, user.id()));
        assertThat(api.login(user.email(), "pässword").status()).isEqualTo(200);
        assertThat(api.login(user.email(), "passwörd").status()).isEqualTo(401);
    }
}
