package dev.bellhop.torture;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.model.security.Principal;
import dev.bellhop.model.security.Role;
import dev.bellhop.model.security.Tokens;
import dev.bellhop.model.wire.Json;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/** Calls of the services by people and machines. Thread-safe. */
final class Api {
    private static final Duration PATIENCE = Duration.ofSeconds(8);
    private static final Duration TOKEN_LIFE = Duration.ofHours(11);

    /** Passes the API's look at the membership whatever its version is: a token that was issued just now. */
    private static final long NEWEST = 1L << 40;

    /**
     * One request; a repetition of it is the same.
     *
     * @param token empty for nobody
     * @param body null for none
     * @param key the Idempotency-Key, null for none
     */
    record Call(String method, String path, Optional<String> token, Object body, String key) {}

    record Answer(int status, JsonNode body, String raw) {}

    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(2))
            .build();
    private final Tokens tokens;
    private final Map<World.User, String> kept = new ConcurrentHashMap<>();
    private final String service;

    Api(Tokens tokens) {
        this.tokens = tokens;
        this.service = token("torture", Optional.empty(), Role.SERVICE);
    }

    String as(World.User user) {
        return kept.computeIfAbsent(
                user, u -> token(u.id().toString(), Optional.of(u.org().id()), u.role()));
    }

    String asService() {
        return service;
    }

    private String token(String subject, Optional<UUID> org, Role role) {
        Instant now = Instant.now();
        return tokens.issue(new Principal(
                subject,
                org,
                role,
                "torture",
                List.of(),
                List.of(),
                Optional.empty(),
                NEWEST,
                UUID.randomUUID().toString(),
                now,
                now.plus(TOKEN_LIFE)));
    }

    /** @throws IOException when there is no whole answer in time: nobody knows whether it was done */
    Answer send(InetSocketAddress server, Call call) throws IOException, InterruptedException {
        HttpResponse<String> response =
                http.send(request(server, call), HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
        return new Answer(response.statusCode(), tree(response.body()), response.body());
    }

    private static HttpRequest request(InetSocketAddress server, Call call) {
        HttpRequest.Builder request = HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + server.getPort() + call.path()))
                .timeout(PATIENCE);
        call.token().ifPresent(token -> request.header("Authorization", "Bearer " + token));
        if (call.key() != null) {
            request.header("Idempotency-Key", call.key());
        }
        if (call.body() == null) {
            request.method(call.method(), HttpRequest.BodyPublishers.noBody());
        } else {
            request.header("Content-Type", "application/json")
                    .method(call.method(), HttpRequest.BodyPublishers.ofString(Json.text(call.body())));
        }
        return request.build();
    }

    private static JsonNode tree(String body) {
        try {
            return body.isBlank() ? Json.mapper().createObjectNode() : Json.tree(body);
        } catch (JsonProcessingException notJson) {
            return Json.mapper().createObjectNode();
        }
    }
}
