package dev.bellhop.api;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.api.auth.Passwords;
import dev.bellhop.api.store.Ids;
import dev.bellhop.db.PostgresExtension;
import dev.bellhop.model.security.Principal;
import dev.bellhop.model.security.Role;
import dev.bellhop.model.security.Secret;
import dev.bellhop.model.security.Tokens;
import dev.bellhop.model.wire.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** The service on a free port, on a database of its own, posting to a {@link Receiver}; with organisations made for the test. */
public final class RunningApi implements BeforeAllCallback, AfterAllCallback {
    public static final String PASSWORD = "a password of the tests";
    public static final Secret EVENT_SECRET = Secret.ofWebhook("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");

    static {
        // Less than the service's 30 s: a connection that both sides give up at the same time loses a request.
        System.setProperty("jdk.httpclient.keepalive.timeout", "10");
    }

    private static final String PASSWORD_HASH = Passwords.hash(PASSWORD);

    private final PostgresExtension postgres = new PostgresExtension();
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private Receiver receiver;
    private ApiService service;

    /** A member with a token. */
    public record User(UUID orgId, UUID id, String email, Role role, String token) {}

    /** An answer with its body read as JSON where there is one. */
    public record Answer(int status, HttpResponse<byte[]> response) {
        public JsonNode json() {
            try {
                return Json.tree(text());
            } catch (JsonProcessingException e) {
                throw new UncheckedIOException(e);
            }
        }

        public String text() {
            return new String(response.body(), StandardCharsets.UTF_8);
        }

        public String header(String name) {
            return response.headers().firstValue(name).orElse("");
        }

        public UUID id() {
            return UUID.fromString(json().path("id").textValue());
        }
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        postgres.create();
        receiver = new Receiver(List.of(EVENT_SECRET));
        service = ApiService.start(Config.from(settings()));
    }

    @Override
    public void afterAll(ExtensionContext context) {
        service.close();
        receiver.close();
        postgres.drop();
    }

    /** As the service was started with. */
    public Map<String, String> settings() {
        Map<String, String> settings = new HashMap<>();
        settings.put("BELLHOP_HOST", "127.0.0.1");
        settings.put("BELLHOP_API_PORT", "0");
        settings.put("BELLHOP_DATABASE_URL", postgres.url());
        settings.put("BELLHOP_JWT_SECRET", "0123456789abcdef0123456789abcdef");
        settings.put("BELLHOP_EVENT_SECRETS", "whsec_" + Base64.getEncoder().encodeToString(EVENT_SECRET.bytes()));
        settings.put("BELLHOP_REALTIME_URL", receiver.url().toString());
        settings.put("BELLHOP_ALLOWED_ORIGINS", "https://dashboard.example");
        settings.put("BELLHOP_APPLICATIONS_PER_MINUTE", "0");
        return settings;
    }

    public Receiver receiver() {
        return receiver;
    }

    ApiService service() {
        return service;
    }

    public int port() {
        return service.port();
    }

    /** Beside the service, as psql would be. */
    public Jdbi jdbi() {
        return Jdbi.create(postgres.url() + "&currentSchema=api");
    }

    /** What the receiver has of an organisation with that id in that field of the payload; waits at most 5 s for so many. */
    public List<Receiver.Logged> eventsOf(UUID orgId, String field, UUID id, int count) {
        return await().atMost(Duration.ofSeconds(5))
                .until(
                        () -> receiver.log(orgId).stream()
                                .filter(event ->
                                        event.payload().path(field).asText().equals(id.toString()))
                                .toList(),
                        events -> events.size() >= count);
    }

    public UUID organization(String name) {
        UUID id = Ids.next();
        jdbi().useHandle(h -> h.execute("insert into organization (id, name) values (?, ?)", id, name));
        return id;
    }

    public UUID property(UUID orgId, String name) {
        UUID id = Ids.next();
        jdbi().useHandle(h -> h.execute("insert into property (org_id, id, name) values (?, ?, ?)", orgId, id, name));
        return id;
    }

    public UUID department(UUID orgId, String name) {
        UUID id = Ids.next();
        jdbi().useHandle(h -> h.execute("insert into department (org_id, id, name) values (?, ?, ?)", orgId, id, name));
        return id;
    }

    /** A new member, logged in. */
    public User user(UUID orgId, Role role, UUID... properties) {
        UUID id = Ids.next();
        String email = id + "@test.example";
        jdbi().useTransaction(h -> {
            h.execute(
                    "insert into member (org_id, id, email, name, role, password_hash) values (?, ?, ?, ?, ?, ?)",
                    orgId,
                    id,
                    email,
                    "Some " + role,
                    role.name(),
                    PASSWORD_HASH);
            for (UUID property : properties) {
                h.execute(
                        "insert into member_property (org_id, member_id, property_id) values (?, ?, ?)",
                        orgId,
                        id,
                        property);
            }
        });
        return new User(
                orgId,
                id,
                email,
                role,
                login(email, PASSWORD).json().path("access_token").textValue());
    }

    /** A machine with a token, of no organisation. */
    public User machine() {
        Instant now = Instant.now();
        Principal principal = new Principal(
                "machine",
                Optional.empty(),
                Role.SERVICE,
                "machine",
                List.of(),
                List.of(),
                Optional.empty(),
                0,
                Ids.next().toString(),
                now,
                now.plusSeconds(600));
        Secret secret = Secret.ofText(settings().get("BELLHOP_JWT_SECRET"));
        return new User(
                null,
                null,
                "",
                Role.SERVICE,
                Tokens.hs256(secret, Clock.systemUTC()).issue(principal));
    }

    public Answer login(String email, String password) {
        return post(null, "/api/v1/auth/login", Json.text(Map.of("email", email, "password", password)));
    }

    public Answer get(User user, String path, String... headers) {
        return send(request(user, path, headers).GET());
    }

    public Answer post(User user, String path, String json, String... headers) {
        return send(json(user, path, headers).POST(HttpRequest.BodyPublishers.ofString(json)));
    }

    public Answer patch(User user, String path, String json, String... headers) {
        return send(json(user, path, headers).method("PATCH", HttpRequest.BodyPublishers.ofString(json)));
    }

    public Answer delete(User user, String path, String... headers) {
        return send(request(user, path, headers).DELETE());
    }

    private HttpRequest.Builder json(User user, String path, String... headers) {
        return request(user, path, headers).header("Content-Type", "application/json");
    }

    /** @param user null for nobody */
    public HttpRequest.Builder request(User user, String path, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + service.port() + path));
        if (user != null) {
            request.header("Authorization", "Bearer " + user.token());
        }
        return headers.length == 0 ? request : request.headers(headers);
    }

    public Answer send(HttpRequest.Builder request) {
        try {
            HttpResponse<byte[]> response = client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
            return new Answer(response.statusCode(), response);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
