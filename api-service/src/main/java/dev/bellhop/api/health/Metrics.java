package dev.bellhop.api.health;

import com.zaxxer.hikari.HikariDataSource;
import dev.bellhop.api.auth.Authentication;
import dev.bellhop.api.http.Headers;
import dev.bellhop.api.http.Trace;
import dev.bellhop.model.security.Principal;
import io.javalin.http.Context;
import io.javalin.router.Endpoint;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;
import org.slf4j.spi.LoggingEventBuilder;

/** The figures of the service in Prometheus' text format. Tags come from fixed sets, never from a tenant. Thread-safe. */
public final class Metrics {
    static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

    private static final Logger log = LoggerFactory.getLogger("dev.bellhop.api.requests");

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final Function<Context, Optional<Endpoint>> routes;

    /** @param routes the route of a request, which a refused one never reaches */
    public Metrics(Function<Context, Optional<Endpoint>> routes) {
        this.routes = routes;
        new JvmMemoryMetrics().bindTo(registry);
        new JvmThreadMetrics().bindTo(registry);
    }

    /** For those who count things of their own. */
    public MeterRegistry registry() {
        return registry;
    }

    public void watch(HikariDataSource pool) {
        Gauge.builder(
                        "bellhop.database.connections",
                        pool,
                        p -> p.getHikariPoolMXBean().getActiveConnections())
                .tag("pool", pool.getPoolName())
                .register(registry);
    }

    /** Counts and logs one request under the template of its route; the log's line is of level INFO, of probes DEBUG. */
    public void request(Context ctx, Float milliseconds) {
        Optional<Endpoint> reached = Optional.ofNullable(ctx.endpoints().lastHttpEndpoint());
        Optional<Endpoint> endpoint = reached.isPresent() ? reached : routes.apply(ctx);
        String route = endpoint.map(found -> found.path).orElse("none");
        String method = endpoint.map(found -> found.method.name()).orElse("other");
        Timer.builder("bellhop.http.requests")
                .tag("method", method)
                .tag("route", route)
                .tag("status", Integer.toString(ctx.statusCode()))
                .register(registry)
                .record(Duration.ofNanos((long) (milliseconds * 1_000_000)));
        log(ctx, method, route, milliseconds);
    }

    /** Nothing that the caller can word freely: no address, no header, no body. */
    private static void log(Context ctx, String method, String route, float milliseconds) {
        LoggingEventBuilder line = log.atLevel(isProbe(route) ? Level.DEBUG : Level.INFO)
                .addKeyValue("method", method)
                .addKeyValue("route", route)
                .addKeyValue("status", ctx.statusCode())
                .addKeyValue("ms", milliseconds)
                .addKeyValue("request_id", Headers.requestId(ctx));
        Optional<String> traceId = Trace.idIn(ctx.header("traceparent"));
        if (traceId.isPresent()) {
            line = line.addKeyValue("trace_id", traceId.get());
        }
        Optional<Principal> caller = Authentication.callerIfAny(ctx);
        if (caller.isPresent()) {
            line = line.addKeyValue(
                            "org_id", caller.get().orgId().map(UUID::toString).orElse("none"))
                    .addKeyValue("user_id", caller.get().userId());
        }
        line.log("request");
    }

    /** Asked for every few seconds by machines: nobody wants to read of it. */
    private static boolean isProbe(String route) {
        return route.startsWith("/health/") || route.equals("/metrics");
    }

    String scrape() {
        return registry.scrape();
    }
}
