package dev.bellhop.model.problem;

import com.fasterxml.jackson.annotation.JsonAnyGetter;
import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A refusal that the caller is told about, as RFC 9457 {@code application/problem+json}. Thrown where the rule breaks,
 * answered in one place. Carries no stack trace: it is an answer, not a fault of ours.
 */
public final class Problem extends RuntimeException {
    public static final String CONTENT_TYPE = "application/problem+json";
    private static final long serialVersionUID = 1;

    /**
     * One field that was refused.
     *
     * @param field the bare dotted name, for example {@code contact.email}
     * @param code one machine-readable word, for example {@code too_long}
     */
    public record FieldError(String field, String code, String message) {}

    /** The body of the answer. */
    public record Body(
            String type,
            String title,
            int status,
            String detail,
            @JsonInclude(JsonInclude.Include.NON_NULL) String instance,
            @JsonInclude(JsonInclude.Include.NON_EMPTY) List<FieldError> errors,
            @JsonInclude(JsonInclude.Include.NON_NULL) String requestId,
            @JsonAnyGetter Map<String, Object> members) {}

    private final int status;
    private final String slug;
    private final String title;
    private final transient List<FieldError> errors;
    private final transient Map<String, Object> members = new LinkedHashMap<>();
    private final transient Map<String, String> headers = new LinkedHashMap<>();

    private Problem(int status, String slug, String title, String detail, List<FieldError> errors) {
        super(detail, null, false, false);
        this.status = status;
        this.slug = slug;
        this.title = title;
        this.errors = List.copyOf(errors);
    }

    /** @param slug last part of the problem type, which is the relative URI {@code /problems/<slug>} */
    public static Problem of(int status, String slug, String title, String detail) {
        return new Problem(status, slug, title, detail, List.of());
    }

    public static Problem badRequest(String slug, String detail) {
        return of(400, slug, "Bad request", detail);
    }

    /** 401 with the challenge that RFC 6750 section 3 asks for. */
    public static Problem unauthorized(String slug, String detail) {
        String error = slug.equals("token-missing") ? "Bearer" : "Bearer error=\"invalid_token\"";
        return of(401, slug, "Unauthorized", detail).header("WWW-Authenticate", error);
    }

    public static Problem forbidden(String detail) {
        return of(403, "forbidden", "Forbidden", detail);
    }

    /** Also the answer for what belongs to somebody else. */
    public static Problem notFound() {
        return of(404, "not-found", "Not found", "There is no such record.");
    }

    public static Problem conflict(String slug, String detail) {
        return of(409, slug, "Conflict", detail);
    }

    public static Problem preconditionFailed(String detail) {
        return of(412, "precondition-failed", "Precondition failed", detail);
    }

    public static Problem unsupportedMediaType(String detail) {
        return of(415, "unsupported-media-type", "Unsupported media type", detail);
    }

    public static Problem tooLarge(String detail) {
        return of(413, "too-large", "Content too large", detail);
    }

    /** 422: the request is well-formed and cannot be meant. */
    public static Problem invalid(List<FieldError> errors) {
        return new Problem(422, "validation", "Unprocessable content", "Some fields are not acceptable.", errors);
    }

    /** As {@link #invalid(List)} for what has a problem type of its own. */
    public static Problem invalid(String slug, String detail, FieldError error) {
        return new Problem(422, slug, "Unprocessable content", detail, List.of(error));
    }

    public static Problem invalid(String field, String code, String message) {
        return invalid(List.of(new FieldError(field, code, message)));
    }

    public static Problem tooManyRequests(String detail, Duration retryAfter) {
        return of(429, "rate-limited", "Too many requests", detail).retryAfter(retryAfter);
    }

    public static Problem unavailable(String detail, Duration retryAfter) {
        return of(503, "unavailable", "Service unavailable", detail).retryAfter(retryAfter);
    }

    /** 500 that says nothing: the cause is in the log under the request id. */
    public static Problem internal() {
        return of(500, "internal", "Internal error", "Something went wrong on our side.");
    }

    /** Adds a header to the answer. */
    public Problem header(String name, String value) {
        headers.put(name, value);
        return this;
    }

    /** Adds a member of its own to the body (RFC 9457 section 3.2). */
    public Problem with(String name, Object value) {
        members.put(name, value);
        return this;
    }

    private Problem retryAfter(Duration wait) {
        return header("Retry-After", Long.toString(Math.max(1, wait.toSeconds())));
    }

    public int status() {
        return status;
    }

    public String slug() {
        return slug;
    }

    public Map<String, String> headers() {
        return Map.copyOf(headers);
    }

    /**
     * @param instance path of the request, without its query
     * @param requestId empty where the service gives none
     */
    public Body body(String instance, Optional<String> requestId) {
        return new Body(
                "/problems/" + slug,
                title,
                status,
                getMessage(),
                instance,
                errors,
                requestId.orElse(null),
                new LinkedHashMap<>(members));
    }
}
