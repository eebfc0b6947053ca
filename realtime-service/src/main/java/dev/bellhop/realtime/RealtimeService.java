package dev.bellhop.realtime;

import dev.bellhop.model.config.Env;
import dev.bellhop.model.config.LogFormat;
import dev.bellhop.model.security.Signature;
import dev.bellhop.model.security.Tokens;
import dev.bellhop.model.wire.EventBatch;
import dev.bellhop.model.wire.Json;
import dev.bellhop.realtime.admin.ConnectionsResource;
import dev.bellhop.realtime.admin.ExplainResource;
import dev.bellhop.realtime.admin.HistoryResource;
import dev.bellhop.realtime.admin.StatsResource;
import dev.bellhop.realtime.connections.Connections;
import dev.bellhop.realtime.connections.RealtimeHandler;
import dev.bellhop.realtime.contract.ContractResource;
import dev.bellhop.realtime.dashboard.DashboardFiles;
import dev.bellhop.realtime.dashboard.DashboardHandler;
import dev.bellhop.realtime.delivery.Cluster;
import dev.bellhop.realtime.delivery.DeliveryMeter;
import dev.bellhop.realtime.delivery.NodeThreads;
import dev.bellhop.realtime.delivery.OrgStreams;
import dev.bellhop.realtime.delivery.Timer;
import dev.bellhop.realtime.health.HealthResource;
import dev.bellhop.realtime.http.Authentication;
import dev.bellhop.realtime.http.HeaderDeadline;
import dev.bellhop.realtime.http.JsonErrorHandler;
import dev.bellhop.realtime.http.TokenChecks;
import dev.bellhop.realtime.http.WholeBodies;
import dev.bellhop.realtime.http.WithoutUpgrade;
import dev.bellhop.realtime.ingest.BroadcastResource;
import dev.bellhop.realtime.ingest.EventRules;
import dev.bellhop.realtime.ingest.IngestResource;
import dev.bellhop.realtime.log.Append;
import dev.bellhop.realtime.log.EventLog;
import dev.bellhop.realtime.log.LogStore;
import dev.bellhop.realtime.log.LogWriter;
import dev.bellhop.realtime.log.LoggedEvent;
import dev.bellhop.realtime.log.Retention;
import dev.bellhop.realtime.log.SpanLog;
import dev.bellhop.realtime.rooms.Standing;
import io.javalin.Javalin;
import io.javalin.config.JavalinConfig;
import io.javalin.json.JavalinJackson;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The realtime service: takes signed events, logs them, and pushes them to whoever may see them. */
public final class RealtimeService implements AutoCloseable {
    /**
     * Threads that take in connections and publish, for each processor; calls that read the log have others. With many,
     * everybody's return makes them all, and one processor spends its time on changing between them.
     */
    private static final int THREADS_A_CORE = 6;

    private static final int MIN_THREADS = 12;
    private static final int STORE_THREADS = 4;
    /** A body may be a little larger than a batch, so that the answer can say by how much. */
    private static final int MAX_BODY_BYTES = EventBatch.MAX_BYTES + 1024;

    /** How long it is known who was connected when. */
    private static final Duration SPANS_KEPT = Duration.ofHours(24);

    private static final Duration SPAN_INTERVAL = Duration.ofMillis(500);

    /** How long calls under way may take when the service stops. */
    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(5);

    /** Over how long those who are sent away come back. */
    private static final Duration RECONNECT_SPREAD = Duration.ofSeconds(3);

    /** How long the stop waits for clients to take their leave. */
    private static final Duration DRAIN_PATIENCE = Duration.ofSeconds(10);

    /** How often it is looked whether a request is overdue. */
    private static final int LOOKS_A_DEADLINE = 10;

    private static final Logger log = LoggerFactory.getLogger(RealtimeService.class);

    private final LogStore store;
    private final NodeThreads threads;
    private final OrgStreams streams;
    private final Connections connections;
    private final SpanLog spans;
    private final Cluster cluster;
    private final Timer.Task retentionTask;
    private final Timer.Task spanTask;
    private final Timer.Task headerTask;
    private final DashboardHandler dashboard;
    private final Javalin http;

    private RealtimeService(Config config, Clock clock, LogStore store, NodeThreads threads) {
        this.store = store;
        this.threads = threads;
        PrometheusMeterRegistry meters = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        TokenChecks tokens = new TokenChecks(Tokens.with(config.tokenKeys(), clock), clock);
        EventLog eventLog = store.log();
        DeliveryMeter meter = new DeliveryMeter(meters);
        spans = new SpanLog(store.spans(), meter::deliveries, meters);
        cluster = new Cluster(store.hints(), spans, threads);
        LogWriter writer = new LogWriter(eventLog, threads.writer(), this::appended);
        streams = new OrgStreams(
                eventLog,
                writer::isAppending,
                threads,
                clock,
                config.cacheBytes(),
                config.cacheTotalBytes(),
                config.followInterval(),
                config.presenceGrace(),
                meter,
                spans);
        connections = new Connections(config, tokens, streams, threads.timer(), clock, meters);

        Authentication authentication = new Authentication(tokens, streams::standing, meters);
        StatsResource stats = new StatsResource(authentication, connections, streams, cluster, meter, clock);
        connections.answerStatsWith(stats::tell);
        EventRules rules = new EventRules(config.stripHtml());
        Routes routes = new Routes(
                new IngestResource(new Signature(config.eventSecrets()), rules, writer, clock, meters),
                new BroadcastResource(authentication, rules, writer, streams, clock),
                stats,
                new ConnectionsResource(authentication, connections, cluster),
                new HistoryResource(authentication, eventLog),
                new ExplainResource(authentication, eventLog, spans),
                new HealthResource(eventLog, connections, meters, config.metricsToken()),
                new ContractResource());
        retentionTask = threads.timer()
                .every(config.retentionInterval(), () -> threads.writer().execute(() -> removeOld(store.retention())));
        spanTask = threads.timer().every(SPAN_INTERVAL, () -> threads.writer().execute(spans::flush));
        HeaderDeadline headers = new HeaderDeadline(config.headerTimeout());
        headerTask = threads.timer().every(config.headerTimeout().dividedBy(LOOKS_A_DEADLINE), headers::look);
        dashboard = new DashboardHandler(DashboardFiles.of(config.dashboardDirectory()), config.apiUrl());
        http = Javalin.create(javalin -> configure(javalin, config, routes, tokens, eventLog, headers));
    }

    /** What was appended here goes out here, and the other nodes hear of it. */
    private void appended(UUID orgId, Append.Outcome.Appended appended) {
        streams.appended(orgId, appended);
        if (!appended.added().isEmpty()) {
            List<LoggedEvent> added = appended.added();
            cluster.appended(orgId, added.get(added.size() - 1).position());
        }
    }

    private void removeOld(Retention retention) {
        try {
            retention.run();
            while (spans.deleteOlderThan(SPANS_KEPT) > 0) {
                log.debug("removed old spans");
            }
        } catch (RuntimeException failure) {
            log.warn("retention did not finish and runs again later cause={}", failure.toString());
        }
    }

    private void configure(
            JavalinConfig javalin,
            Config config,
            Routes routes,
            TokenChecks tokens,
            EventLog eventLog,
            HeaderDeadline headers) {
        javalin.startup.showJavalinBanner = false;
        javalin.startup.showOldJavalinVersionWarning = false;
        javalin.startup.startupWatcherEnabled = false;
        javalin.http.prefer405over404 = true;
        javalin.http.strictContentTypes = true;
        javalin.http.maxRequestSize = MAX_BODY_BYTES;
        javalin.jsonMapper(new JavalinJackson(Json.mapper(), false));
        javalin.jetty.addConnector((server, http) -> {
            ServerConnector connector = RealtimeHandler.connector(server, http, config);
            connector.addEventListener(headers);
            return connector;
        });
        int cores = Runtime.getRuntime().availableProcessors();
        javalin.jetty.threadPool = new QueuedThreadPool(Math.max(MIN_THREADS, THREADS_A_CORE * cores), 4);
        javalin.jetty.modifyHttpConfiguration(httpConfig -> {
            httpConfig.setSendServerVersion(false);
            httpConfig.setUriCompliance(UriCompliance.DEFAULT);
        });
        javalin.jetty.modifyServer(server -> {
            server.setErrorHandler(new JsonErrorHandler());
            server.setStopTimeout(STOP_TIMEOUT.toMillis());
            Handler.Sequence javalinHandlers = new Handler.Sequence(); // Javalin adds itself to the innermost sequence
            Handler http = new WithoutUpgrade(new WholeBodies(MAX_BODY_BYTES, config.bodyTimeout(), javalinHandlers));
            dashboard.setHandler(http);
            server.setHandler(new RealtimeHandler(connections, tokens, eventLog, streams::standing, config, dashboard));
        });
        routes.register(javalin.routes);
    }

    /**
     * Starts the service and returns when it serves.
     *
     * @throws RuntimeException when the log cannot be reached or the port is taken
     */
    public static RealtimeService start(Config config) {
        RealtimeService service = create(config);
        try {
            service.spans.flush(); // so that it knows the other nodes before it serves, and they know it
            service.cluster.start(service.streams::logReaches, service.connections::kick);
            service.connections.start();
            service.http.start();
        } catch (RuntimeException failure) {
            service.close();
            throw failure;
        }
        log.info("listening on port {}", service.port());
        return service;
    }

    /** What was opened is closed again when the rest cannot be made. */
    private static RealtimeService create(Config config) {
        LogStore store = open(config);
        NodeThreads threads = NodeThreads.start(STORE_THREADS);
        try {
            return new RealtimeService(config, Clock.systemUTC(), store, threads);
        } catch (RuntimeException failure) {
            threads.close();
            store.close();
            throw failure;
        }
    }

    private static LogStore open(Config config) {
        Retention.Kept kept = new Retention.Kept(config.retentionAge(), config.retentionEvents(), Standing.WINDOW);
        return config.redisUrl()
                .map(url -> LogStore.redis(url, kept))
                .orElseGet(() -> LogStore.postgres(config.databaseUrl().orElseThrow(), 2 * STORE_THREADS + 2, kept));
    }

    public int port() {
        return http.port();
    }

    /** Tells the dashboard where the REST API is, when that was not known at the start. */
    public void apiIsAt(URI address) {
        dashboard.apiIsAt(address);
    }

    /** Method and path of every call that Javalin serves; what the contract is held against. */
    List<String> routes() {
        return http.unsafe.internalRouter.allHttpHandlers().stream()
                .map(handler -> handler.endpoint.method + " " + handler.endpoint.path)
                .toList();
    }

    /** Sends the clients away so that they come back later, then stops. */
    @Override
    public void close() {
        retentionTask.cancel();
        spanTask.cancel();
        headerTask.cancel();
        connections.drain(RECONNECT_SPREAD, DRAIN_PATIENCE);
        http.stop();
        spans.close();
        cluster.leave();
        connections.stop();
        streams.close();
        threads.close();
        store.close();
    }

    public static void main(String[] args) throws InterruptedException {
        LogFormat.apply(System.getenv());
        RealtimeService service;
        try {
            service = start(Config.from(System.getenv()));
        } catch (Env.Faults faults) {
            System.err.println(faults.getMessage());
            System.exit(1);
            return;
        } catch (RuntimeException failure) {
            System.err.println("The realtime service does not start: " + sentence(failure));
            System.exit(1);
            return;
        }
        Thread shutdown = new Thread(
                () -> {
                    service.close();
                    Runtime.getRuntime().halt(0); // a stop that was asked for is no failure, as 143 would say
                },
                "shutdown");
        Runtime.getRuntime().addShutdownHook(shutdown);
        new CountDownLatch(1).await(); // the hook ends it
    }

    /** The innermost message: what the operator can act on. */
    private static String sentence(Throwable failure) {
        Throwable cause = failure;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause.getMessage() == null ? cause.toString() : cause.getMessage();
    }
}
