package dev.bellhop.api.idempotency;

import dev.bellhop.api.auth.Authentication;
import dev.bellhop.api.http.ClientAddresses;
import dev.bellhop.api.idempotency.IdempotencyStore.Stored;
import dev.bellhop.model.problem.Problem;
import dev.bellhop.model.problem.Problem.FieldError;
import dev.bellhop.model.security.Principal;
import io.javalin.http.Context;
import io.javalin.http.Handler;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/**
 * Lets a POST be repeated without doing its work twice (draft-ietf-httpapi-idempotency-key-header). The work and the stored
 * answer are one transaction: the stores that the handler calls join it, because Jdbi gives one thread one handle. A refusal
 * rolls all of it back and is not stored, so that the same key can be tried again. Thread-safe.
 */
public final class Idempotency {
    private static final String HEADER = "Idempotency-Key";
    private static final Pattern FORM = Pattern.compile("[\\x21-\\x7e]{1,255}");

    private final Jdbi jdbi;

    /** @param jdbi the one of the stores whose work is to happen once */
    public Idempotency(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    /**
     * The handler for a request with a key: done once in 24 hours. Without a key the handler as it is.
     *
     * <p>It fails with 400 for a key that is not 1 to 255 visible ASCII characters, 409 while another request with the key
     * is under way, and 422 when the key came with another request before.
     */
    public Handler once(Handler handler) {
        return ctx -> {
            String key = ctx.header(HEADER);
            if (key == null) {
                handler.handle(ctx);
                return;
            }
            if (!FORM.matcher(key).matches()) {
                throw Problem.badRequest(
                        "invalid-idempotency-key", "The Idempotency-Key is 1 to 255 visible ASCII characters.");
            }
            jdbi.useTransaction(tx -> run(tx, ctx, key, handler));
        };
    }

    private static void run(Handle tx, Context ctx, String key, Handler handler) throws Exception {
        String caller = caller(ctx);
        String request = hash(ctx);
        if (!IdempotencyStore.tryLock(tx, caller, key)) {
            throw Problem.conflict(
                    "idempotency-key-in-use", "Another request with this Idempotency-Key is still under way.");
        }
        Optional<Stored> stored = IdempotencyStore.find(tx, caller, key);
        if (stored.isPresent()) {
            replay(ctx, stored.get(), request);
            return;
        }
        handler.handle(ctx);
        String body = body(ctx);
        IdempotencyStore.insert(
                tx,
                caller,
                key,
                new Stored(
                        request,
                        ctx.statusCode(),
                        Optional.ofNullable(ctx.res().getHeader("Location")),
                        Optional.ofNullable(ctx.res().getHeader("ETag")),
                        body));
        ctx.result(body.getBytes(StandardCharsets.UTF_8));
    }

    private static String caller(Context ctx) {
        Optional<Principal> caller = Authentication.callerIfAny(ctx);
        if (caller.isEmpty()) {
            return "address " + ClientAddresses.of(ctx);
        }
        return caller.get().orgId().map(orgId -> "member " + orgId + " ").orElse("machine ")
                + caller.get().userId();
    }

    private static String hash(Context ctx) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update((ctx.method().name() + " " + ctx.path() + "\n").getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest.digest(ctx.bodyAsBytes()));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    private static void replay(Context ctx, Stored stored, String request) {
        if (!stored.requestHash().equals(request)) {
            throw Problem.invalid(
                    "idempotency-key-reused",
                    "This Idempotency-Key came with another request before.",
                    new FieldError(HEADER, "reused", "came with another request before"));
        }
        stored.location().ifPresent(location -> ctx.header("Location", location));
        stored.etag().ifPresent(etag -> ctx.header("ETag", etag));
        ctx.header("Idempotency-Replayed", "true")
                .status(stored.status())
                .contentType("application/json; charset=utf-8")
                .result(stored.body().getBytes(StandardCharsets.UTF_8));
    }

    private static String body(Context ctx) throws IOException {
        try (InputStream result = ctx.resultInputStream()) {
            return result == null ? "" : new String(result.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
