package dev.bellhop.realtime.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.bellhop.model.problem.Problem;
import dev.bellhop.model.wire.Json;
import dev.bellhop.realtime.log.LogStore;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.javalin.http.HttpResponseException;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Turns every failure of an HTTP call into one shape: RFC 9457 problem+json without anything that is ours alone. */
public final class Problems {
    private static final Logger log = LoggerFactory.getLogger(Problems.class);

    private Problems() {}

    public static void register(RoutesConfig routes) {
        routes.exception(Problem.class, (problem, ctx) -> answer(ctx, problem));
        routes.exception(HttpResponseException.class, (failure, ctx) -> answer(ctx, of(failure)));
        routes.exception(
                JsonProcessingException.class,
                (failure, ctx) ->
                        answer(ctx, Problem.badRequest("malformed-json", "The body is not one JSON object.")));
        routes.exception(Exception.class, (failure, ctx) -> answer(ctx, unexpected(failure, ctx)));
    }

    private static Problem of(HttpResponseException failure) {
        int status = failure.getStatus();
        return switch (status) {
            case 404 -> Problem.of(404, "not-found", "Not found", "There is nothing at this address.");
            case 405 ->
                Problem.of(405, "method-not-allowed", "Method not allowed", "This address takes other methods.")
                        .header("Allow", allowed(failure));
            case 413 -> Problem.tooLarge("The body is larger than is taken here.");
            default ->
                Problem.of(
                        status,
                        "http-" + status,
                        status < 500 ? "Bad request" : "Internal error",
                        "The request could not be served.");
        };
    }

    private static String allowed(HttpResponseException failure) {
        return String.valueOf(failure.getDetails().getOrDefault("availableMethods", ""))
                .toUpperCase(Locale.ROOT)
                .replaceAll("[^A-Z,]", "")
                .replace(",", ", ");
    }

    private static Problem unexpected(Exception failure, Context ctx) {
        if (LogStore.isAway(failure)) {
            log.warn("the store cannot be reached path={} cause={}", ctx.path(), failure.toString());
            return Problem.unavailable("The event log cannot be reached.", Duration.ofSeconds(1));
        }
        String reference = UUID.randomUUID().toString();
        log.error("unexpected failure request_id={} method={} path={}", reference, ctx.method(), ctx.path(), failure);
        return Problem.internal().with("request_id", reference);
    }

    private static void answer(Context ctx, Problem problem) {
        problem.headers().forEach(ctx::header);
        ctx.status(problem.status())
                .contentType(Problem.CONTENT_TYPE)
                .result(Json.bytes(problem.body(ctx.path(), Optional.empty())));
    }
}
