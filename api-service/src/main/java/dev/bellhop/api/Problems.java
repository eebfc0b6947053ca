package dev.bellhop.api;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.bellhop.api.http.Headers;
import dev.bellhop.db.SqlErrors;
import dev.bellhop.model.problem.Problem;
import dev.bellhop.model.wire.Json;
import io.javalin.config.JavalinConfig;
import io.javalin.http.Context;
import io.javalin.http.HttpResponseException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.EofException;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The one place where a failure becomes an answer: {@code application/problem+json} (RFC 9457), and never more than that. */
final class Problems {
    private static final Logger log = LoggerFactory.getLogger(Problems.class);

    private Problems() {}

    static void register(JavalinConfig config) {
        config.routes.exception(Exception.class, (failure, ctx) -> answer(ctx, problemOf(failure, ctx)));
        config.routes.exception(HttpResponseException.class, (failure, ctx) -> answer(ctx, problemOf(failure)));
        config.router.javaLangErrorHandler((response, error) -> {
            log.error("request failed", error);
            response.setStatus(500);
        });
    }

    private static void answer(Context ctx, Problem problem) {
        problem.headers().forEach(ctx::header);
        ctx.status(problem.status())
                .contentType(Problem.CONTENT_TYPE)
                .result(Json.bytes(problem.body(ctx.path(), Optional.of(Headers.requestId(ctx)))));
    }

    private static Problem problemOf(Exception failure, Context ctx) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof Problem problem) {
                return problem;
            }
            if (cause instanceof JsonProcessingException) {
                return Problem.badRequest("malformed-json", "The body is not strict JSON.");
            }
            if (cause instanceof EofException) {
                // The caller went away in the middle of the body: nobody reads this, and it is no fault of ours.
                return Problem.badRequest("incomplete-body", "The body ended early.");
            }
            if (cause instanceof TimeoutException) {
                return ofStatus(408);
            }
        }
        if (SqlErrors.isTransient(failure)) {
            log.atWarn()
                    .addKeyValue("request_id", Headers.requestId(ctx))
                    .addKeyValue("reason", failure.getClass().getSimpleName())
                    .log("database.unavailable");
            return Problem.unavailable("The database is not available at the moment.", Duration.ofSeconds(2));
        }
        if (SqlErrors.isForeignKeyViolation(failure)) {
            // It was there when it was looked up: somebody deleted it in the meantime.
            return Problem.conflict("reference-gone", "A record that this one names has just been deleted.");
        }
        log.atError()
                .addKeyValue("request_id", Headers.requestId(ctx))
                .setCause(failure)
                .log("request.failed");
        return Problem.internal();
    }

    private static Problem problemOf(HttpResponseException failure) {
        return switch (failure.getStatus()) {
            case 404 -> Problem.of(404, "not-found", "Not found", "There is nothing here.");
            case 405 -> methodNotAllowed(failure);
            case 413 -> Problem.tooLarge("The body is larger than 1 MiB.");
            default -> ofStatus(failure.getStatus());
        };
    }

    private static Problem methodNotAllowed(HttpResponseException failure) {
        String allowed = String.join(", ", failure.getDetails().values());
        return Problem.of(405, "method-not-allowed", "Method not allowed", "Try one of " + allowed + ".")
                .header("Allow", allowed);
    }

    private static Problem ofStatus(int status) {
        return switch (status) {
            case 400 -> Problem.badRequest("bad-request", "The request is not well-formed.");
            case 404 -> Problem.of(404, "not-found", "Not found", "There is nothing here.");
            case 408 -> Problem.of(408, "request-timeout", "Request timeout", "The request did not arrive in time.");
            case 413 -> Problem.tooLarge("The body is larger than 1 MiB.");
            case 414 -> Problem.of(414, "uri-too-long", "URI too long", "The address is too long.");
            case 415 -> Problem.unsupportedMediaType("The body cannot be read in this form.");
            case 431 -> Problem.of(431, "headers-too-large", "Headers too large", "The headers are too large.");
            case 503 -> Problem.unavailable("The service is stopping.", Duration.ofSeconds(2));
            default ->
                status < 500
                        ? Problem.of(status, "refused", "Refused", "The request was refused.")
                        : Problem.internal();
        };
    }

    /** For what fails before a request reaches a route: bad request lines, headers and bodies that are too large. */
    static final class ForJetty extends ErrorHandler {
        private final Headers headers;

        ForJetty(Headers headers) {
            this.headers = headers;
        }

        @Override
        public boolean handle(Request request, Response response, Callback callback) {
            Problem problem = ofStatus(response.getStatus() < 400 ? 500 : response.getStatus());
            response.setStatus(problem.status());
            String requestId = headers.beginWithoutRoute(request, response);
            log.atInfo()
                    .addKeyValue("request_id", requestId)
                    .addKeyValue("status", problem.status())
                    .log("request.refused");
            problem.headers().forEach(response.getHeaders()::put);
            response.getHeaders().put(HttpHeader.CONTENT_TYPE, Problem.CONTENT_TYPE.toLowerCase(Locale.ROOT));
            byte[] body = Json.bytes(problem.body(Request.getPathInContext(request), Optional.of(requestId)));
            response.write(true, ByteBuffer.wrap(body), callback);
            return true;
        }
    }
}
