package dev.bellhop.quickstart;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.model.wire.Json;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/** Calls of a service's REST API as a user of it makes them. Thread-safe. */
final class Http {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final HttpClient client =
            HttpClient.newBuilder().connectTimeout(PATIENCE).build();
    private final URI base;

    Http(URI base) {
        this.base = base;
    }

    /** @throws StartFailure when the answer is none of the 2xx */
    String login(String email, String password) throws StartFailure {
        return post("/api/v1/auth/login", Optional.empty(), Map.of("email", email, "password", password))
                .path("access_token")
                .asText();
    }

    /** @throws StartFailure when the answer is none of the 2xx */
    JsonNode post(String path, Optional<String> token, Object body) throws StartFailure {
        return send(request(path, token)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofByteArray(Json.bytes(body)))
                .build());
    }

    /** @throws StartFailure when the answer is none of the 2xx */
    JsonNode get(String path, String token) throws StartFailure {
        return send(request(path, Optional.of(token)).GET().build());
    }

    private HttpRequest.Builder request(String path, Optional<String> token) {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(base.resolve(path)).timeout(PATIENCE).header("Accept", "application/json");
        token.ifPresent(bearer -> request.header("Authorization", "Bearer " + bearer));
        return request;
    }

    private JsonNode send(HttpRequest request) throws StartFailure {
        try {
            HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
            JsonNode body = Json.tree(response.body());
            if (response.statusCode() / 100 != 2) {
                throw new StartFailure(request.method() + " " + request.uri() + " was answered with "
                        + response.statusCode() + ": "
                        + body.path("detail").asText(body.path("title").asText()));
            }
            return body;
        } catch (ConnectException e) {
            throw new StartFailure("Nothing answers at " + base + "; is ./bellhop up running?", e);
        } catch (JsonProcessingException e) {
            throw new StartFailure("What answers at " + request.uri() + " is not Bellhop.", e);
        } catch (IOException e) {
            throw new StartFailure(base + " does not answer: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StartFailure("Interrupted while waiting for " + base + ".", e);
        }
    }
}
