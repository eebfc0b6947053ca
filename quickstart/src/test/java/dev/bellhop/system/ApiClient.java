package dev.bellhop.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.model.wire.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;

/** Calls of a service over HTTP, with the token of one user or none. Thread-safe. */
public final class ApiClient {
    private static final Duration PATIENCE = Duration.ofSeconds(15);

    // HTTP/1.1 by name: otherwise the first request of a connection asks to go on with HTTP/2.
    private static final HttpClient HTTP = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(PATIENCE)
            .build();

    /** What came back. */
    public record Answer(int status, String body, HttpResponse<String> response) {
        /** @throws AssertionError when the body is not JSON */
        public JsonNode json() {
            try {
                return Json.tree(body);
            } catch (IOException e) {
                throw new AssertionError("not JSON: " + body, e);
            }
        }

        /** The body, after a check of the status. */
        public JsonNode expect(int expected) {
            assertThat(status).as(body).isEqualTo(expected);
            return json();
        }
    }

    private final URI base;
    private final String token;

    /** @param token null to send none */
    public ApiClient(URI base, String token) {
        this.base = base;
        this.token = token;
    }

    static ApiClient login(URI base, String email, String password) {
        JsonNode session = new ApiClient(base, null)
                .post("/api/v1/auth/login", Map.of("email", email, "password", password))
                .expect(200);
        return new ApiClient(base, session.path("access_token").asText());
    }

    /** The access token that it sends. */
    public String token() {
        return token;
    }

    /** The same user at another service, for example {@code /ws/broadcast} of the realtime service. */
    public ApiClient at(URI otherBase) {
        return new ApiClient(otherBase, token);
    }

    public Answer get(String path) {
        return send(request(path).GET());
    }

    /**
     * @param body anything that {@link Json} writes: a map, a record, a tree
     * @param headers names and values in turn
     */
    public Answer post(String path, Object body, String... headers) {
        return send(json(request(path, headers)).POST(BodyPublishers.ofByteArray(Json.bytes(body))));
    }

    /** As {@link #post}. */
    public Answer patch(String path, Object body, String... headers) {
        return send(json(request(path, headers)).method("PATCH", BodyPublishers.ofByteArray(Json.bytes(body))));
    }

    public Answer delete(String path, String... headers) {
        return send(request(path, headers).DELETE());
    }

    /** For calls of any other kind. */
    public HttpRequest.Builder request(String path, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(base.resolve(path)).timeout(PATIENCE);
        if (headers.length > 0) {
            request.headers(headers);
        }
        return token == null ? request : request.header("Authorization", "Bearer " + token);
    }

    public Answer send(HttpRequest.Builder request) {
        try {
            HttpResponse<String> response = HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString());
            return new Answer(response.statusCode(), response.body(), response);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static HttpRequest.Builder json(HttpRequest.Builder request) {
        return request.header("Content-Type", "application/json");
    }
}
