package dev.bellhop.api.health;

import dev.bellhop.api.http.Answer;
import dev.bellhop.db.SqlErrors;
import dev.bellhop.model.problem.Problem;
import io.javalin.http.Context;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;

/** HTTP for {@code /health} and {@code /metrics}: what a load balancer and a scraper ask. Holds nothing of any tenant. */
public final class HealthResource {
    private final Jdbi jdbi;
    private final Metrics metrics;
    private final Optional<String> metricsToken;
    private final BooleanSupplier relayRuns;
    private volatile boolean stopping;

    /**
     * @param jdbi of a pool that requests do not use, so that a busy service does not look dead
     * @param metricsToken asked for by {@code /metrics}; open without one
     * @param relayRuns a service whose relay has ended takes writes that nobody hears of, and has to be started again
     */
    public HealthResource(Jdbi jdbi, Metrics metrics, Optional<String> metricsToken, BooleanSupplier relayRuns) {
        this.jdbi = jdbi;
        this.metrics = metrics;
        this.metricsToken = metricsToken;
        this.relayRuns = relayRuns;
    }

    /** From now on not ready: the load balancer shall send nothing more. */
    public void stopping() {
        stopping = true;
    }

    public void live(Context ctx) {
        if (!stopping && !relayRuns.getAsBoolean()) {
            throw Problem.unavailable("The relay has ended.", Duration.ofSeconds(5));
        }
        Answer.json(ctx, Map.of("status", "live"));
    }

    public void ready(Context ctx) {
        if (stopping || !databaseAnswers()) {
            throw Problem.unavailable("The service is not ready.", Duration.ofSeconds(1));
        }
        Answer.json(ctx, Map.of("status", "ready"));
    }

    private boolean databaseAnswers() {
        try {
            return jdbi.withHandle(handle ->
                    handle.createQuery("select true").mapTo(Boolean.class).one());
        } catch (JdbiException e) {
            if (SqlErrors.isTransient(e)) {
                return false;
            }
            throw e;
        }
    }

    public void metrics(Context ctx) {
        if (metricsToken.isPresent() && !isBearer(ctx.header("Authorization"), metricsToken.get())) {
            throw Problem.unauthorized("token-missing", "Send the metrics token as Authorization: Bearer.");
        }
        ctx.contentType(Metrics.CONTENT_TYPE).result(metrics.scrape());
    }

    private static boolean isBearer(String header, String token) {
        byte[] given = (header == null ? "" : header).getBytes(StandardCharsets.UTF_8);
        return MessageDigest.isEqual(given, ("Bearer " + token).getBytes(StandardCharsets.UTF_8));
    }
}
