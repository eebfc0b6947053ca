package dev.bellhop.api.health;

import com.zaxxer.hikari.HikariDataSource;
import dev.bellhop.api.http.Trace;
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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The figures of the service in Prometheus' text format. Tags come from fixed sets, never from a tenant. Thread-safe. */
public final class Metrics {
    static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

    private static final Logger log = LoggerFactory.getLogger("dev.bellhop.api.requests");

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

    public Metrics() {
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

    /** Counts and logs one request under the template of its route. */
    public void request(Context ctx, Float milliseconds) {
        Endpoint endpoint = ctx.endpoints().lastHttpEndpoint();
        String route = endpoint == null ? "none" : endpoint.path;
        String method = endpoint == null ? "other" : endpoint.method.name();
        Timer.builder("bellhop.http.requests")
                .tag("method", method)
                .tag("route", route)
                .tag("status", Integer.toString(ctx.statusCode()))
                .register(registry)
                .record(Duration.ofNanos((long) (milliseconds * 1_000_000)));
        log.atDebug()
                .addKeyValue("method", method)
                .addKeyValue("route", route)
                .addKeyValue("status", ctx.statusCode())
                .addKeyValue("ms", milliseconds)
                .addKeyValue("request_id", ctx.res().getHeader("X-Request-Id"))
                .addKeyValue("trace_id", Trace.idIn(ctx.header("traceparent")).orElse(""))
                .log("request");
    }

    String scrape() {
        return registry.scrape();
    }
}
