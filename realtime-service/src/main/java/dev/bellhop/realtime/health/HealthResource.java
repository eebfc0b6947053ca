package dev.bellhop.realtime.health;

import dev.bellhop.model.problem.Problem;
import dev.bellhop.realtime.connections.Connections;
import dev.bellhop.realtime.log.EventLog;
import io.javalin.http.Context;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/** For those who keep it running: alive, ready, figures. */
public final class HealthResource {
    private final EventLog log;
    private final Connections connections;
    private final PrometheusMeterRegistry meters;
    private final Optional<String> metricsToken;

    public HealthResource(
            EventLog log, Connections connections, PrometheusMeterRegistry meters, Optional<String> metricsToken) {
        this.log = log;
        this.connections = connections;
        this.meters = meters;
        this.metricsToken = metricsToken;
    }

    public void live(Context ctx) {
        ctx.json(Map.of("status", "up"));
    }

    /** 503 while the log cannot be reached or the service is about to stop. */
    public void ready(Context ctx) {
        if (connections.isDraining()) {
            throw Problem.unavailable("The service is stopping.", Duration.ofSeconds(5));
        }
        try {
            log.check();
        } catch (RuntimeException unreachable) {
            throw Problem.unavailable("The event log cannot be reached.", Duration.ofSeconds(1));
        }
        ctx.json(Map.of("status", "ready"));
    }

    public void metrics(Context ctx) {
        if (metricsToken.isPresent() && !isBearer(ctx.header("Authorization"), metricsToken.get())) {
            throw Problem.unauthorized("token-missing", "The metrics token is needed.");
        }
        ctx.contentType("text/plain; version=0.0.4; charset=utf-8").result(meters.scrape());
    }

    private static boolean isBearer(String header, String token) {
        return header != null
                && MessageDigest.isEqual(
                        header.getBytes(StandardCharsets.UTF_8), ("Bearer " + token).getBytes(StandardCharsets.UTF_8));
    }
}
