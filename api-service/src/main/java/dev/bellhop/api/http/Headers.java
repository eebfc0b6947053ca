package dev.bellhop.api.http;

import dev.bellhop.api.store.Ids;
import dev.bellhop.model.problem.Problem;
import io.javalin.http.Context;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.regex.Pattern;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;

/** What every request and answer carries: identity of the request, trace, security headers, CORS. */
public final class Headers {
    /** Sent with every answer (OWASP REST Security sheet; ASVS 3.4). */
    public static final Map<String, String> SECURITY = Map.of(
            "X-Content-Type-Options", "nosniff",
            "Cache-Control", "no-store",
            "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'",
            "Strict-Transport-Security", "max-age=31536000; includeSubDomains",
            "Referrer-Policy", "no-referrer",
            "Cross-Origin-Resource-Policy", "same-site",
            "Permissions-Policy", "geolocation=(), camera=(), microphone=()");

    private static final String REQUEST_ID = "X-Request-Id";
    private static final Pattern REQUEST_ID_FORM = Pattern.compile("[A-Za-z0-9_-]{8,64}");
    private static final Set<String> READABLE =
            Set.of("application/json", "application/problem+json", "application/*", "*/*");

    private final Set<String> allowedOrigins;

    private final ClientAddresses addresses;

    public Headers(List<String> allowedOrigins, ClientAddresses addresses) {
        this.allowedOrigins = Set.copyOf(allowedOrigins);
        this.addresses = addresses;
    }

    /** Before everything else; answers CORS preflights of origins on the list. */
    public void begin(Context ctx) {
        Trace.begin(ctx.header("traceparent"));
        String requestId = idOf(ctx.header(REQUEST_ID));
        Actor.begin(requestId);
        addresses.note(ctx);
        ctx.header(REQUEST_ID, requestId);
        SECURITY.forEach(ctx::header);
        boolean allowed = allowOrigin(ctx.header("Origin"), ctx::header);
        if (allowed && ctx.method().name().equals("OPTIONS") && ctx.header("Access-Control-Request-Method") != null) {
            ctx.header("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE");
            ctx.header(
                    "Access-Control-Allow-Headers",
                    "Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key, X-Request-Id, traceparent");
            ctx.header("Access-Control-Max-Age", "600");
            ctx.status(204).skipRemainingHandlers();
        }
    }

    /**
     * What {@link #begin} does, for an answer that Jetty gives without asking a route.
     *
     * @return the id of the request
     */
    public String beginWithoutRoute(Request request, Response response) {
        HttpFields.Mutable headers = response.getHeaders();
        String known = headers.get(REQUEST_ID); // it failed after its beginning
        String requestId = known == null ? idOf(request.getHeaders().get(REQUEST_ID)) : known;
        headers.put(REQUEST_ID, requestId);
        SECURITY.forEach(headers::put);
        allowOrigin(request.getHeaders().get("Origin"), headers::put);
        return requestId;
    }

    private static String idOf(String given) {
        boolean good = given != null && REQUEST_ID_FORM.matcher(given).matches();
        return good ? given : Ids.next().toString();
    }

    private boolean allowOrigin(String origin, BiConsumer<String, String> header) {
        if (!allowedOrigins.isEmpty()) {
            header.accept("Vary", "Origin");
        }
        if (origin == null || !allowedOrigins.contains(origin)) {
            return false;
        }
        header.accept("Access-Control-Allow-Origin", origin);
        header.accept(
                "Access-Control-Expose-Headers",
                "ETag, Link, Location, Retry-After, RateLimit, RateLimit-Policy, X-Request-Id, Idempotency-Replayed");
        return true;
    }

    /**
     * Before the API: it takes tokens from the header only, where no log or history keeps them, and speaks JSON.
     *
     * @throws Problem 400 for a token in the query, 406 when the caller reads no JSON
     */
    public void requireApiManners(Context ctx) {
        if (ctx.queryParam("token") != null || ctx.queryParam("access_token") != null) {
            throw Problem.badRequest("token-in-query", "Send the token in the Authorization header.");
        }
        String accept = ctx.header("Accept");
        if (accept != null && !accept.isBlank() && !readsJson(accept)) {
            throw Problem.of(406, "not-acceptable", "Not acceptable", "The answers are application/json.");
        }
    }

    private static boolean readsJson(String accept) {
        for (String range : accept.toLowerCase(Locale.ROOT).split(",", -1)) {
            String[] parts = range.split(";", -1);
            boolean refused = range.replace(" ", "").matches(".*;q=0(\\.0*)?(;.*)?");
            if (READABLE.contains(parts[0].trim()) && !refused) {
                return true;
            }
        }
        return false;
    }

    /** After everything else. */
    public void end(Context ctx) {
        Trace.end();
        Actor.end();
    }

    public static String requestId(Context ctx) {
        String id = ctx.res().getHeader(REQUEST_ID);
        return id == null ? "" : id;
    }
}
