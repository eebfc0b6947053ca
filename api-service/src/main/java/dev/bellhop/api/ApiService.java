package dev.bellhop.api;

import dev.bellhop.api.applications.ApplicationResource;
import dev.bellhop.api.applications.ApplicationStore;
import dev.bellhop.api.audit.AuditResource;
import dev.bellhop.api.audit.AuditStore;
import dev.bellhop.api.auth.Authentication;
import dev.bellhop.api.auth.KeyResource;
import dev.bellhop.api.auth.Passwords;
import dev.bellhop.api.auth.SessionResource;
import dev.bellhop.api.auth.SessionStore;
import dev.bellhop.api.calls.CallResource;
import dev.bellhop.api.calls.CallStore;
import dev.bellhop.api.chat.ChatResource;
import dev.bellhop.api.chat.ChatStore;
import dev.bellhop.api.contract.ContractResource;
import dev.bellhop.api.dashboard.DashboardResource;
import dev.bellhop.api.dashboard.DashboardStore;
import dev.bellhop.api.departments.DepartmentResource;
import dev.bellhop.api.departments.DepartmentStore;
import dev.bellhop.api.entities.EntityResource;
import dev.bellhop.api.entities.EntityStore;
import dev.bellhop.api.health.HealthResource;
import dev.bellhop.api.health.Metrics;
import dev.bellhop.api.http.Cursors;
import dev.bellhop.api.http.Headers;
import dev.bellhop.api.http.RateLimit;
import dev.bellhop.api.http.RateLimitStore;
import dev.bellhop.api.http.WholeBodies;
import dev.bellhop.api.http.WithoutUpgrade;
import dev.bellhop.api.idempotency.Idempotency;
import dev.bellhop.api.idempotency.IdempotencyStore;
import dev.bellhop.api.members.MemberResource;
import dev.bellhop.api.members.MemberStore;
import dev.bellhop.api.notifications.NotificationResource;
import dev.bellhop.api.notifications.NotificationStore;
import dev.bellhop.api.onboarding.OnboardingResource;
import dev.bellhop.api.onboarding.OnboardingStore;
import dev.bellhop.api.organizations.OrganizationResource;
import dev.bellhop.api.organizations.OrganizationStore;
import dev.bellhop.api.outbox.Outbox;
import dev.bellhop.api.outbox.OutboxCleanup;
import dev.bellhop.api.outbox.OutboxRelay;
import dev.bellhop.api.properties.PropertyResource;
import dev.bellhop.api.properties.PropertyStore;
import dev.bellhop.api.shares.ShareResource;
import dev.bellhop.api.shares.ShareStore;
import dev.bellhop.db.Database;
import dev.bellhop.model.config.Env;
import dev.bellhop.model.config.LogFormat;
import dev.bellhop.model.security.Tokens;
import io.javalin.Javalin;
import io.javalin.config.JavalinConfig;
import io.javalin.http.Context;
import io.javalin.router.Endpoint;
import io.javalin.util.JavalinBindException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.handler.GracefulHandler;

/** The API service: everything is made and wired here, and taken down in reverse. */
public final class ApiService implements AutoCloseable {
    private static final int MAX_BODY_BYTES = 1 << 20;
    private static final int STOP_MILLISECONDS = 10_000;
    private static final int REQUEST_CONNECTIONS = 16;
    private static final int RELAY_CONNECTIONS = 7;
    private static final int LIMIT_CONNECTIONS = 2;
    private static final Duration FIGURES = Duration.ofSeconds(2);
    private static final Duration SHARE_SWEEP = Duration.ofSeconds(1);
    private static final Duration CLEANUP = Duration.ofMinutes(1);

    private final Deque<AutoCloseable> parts = new ArrayDeque<>();
    private Javalin server;

    private ApiService() {}

    /** Runs until the process is told to stop; a fault in the settings or surroundings is one sentence and status 1. */
    public static void main(String[] args) {
        LogFormat.apply(System.getenv());
        try {
            ApiService service = start(Config.from(System.getenv()));
            Runtime.getRuntime().addShutdownHook(new Thread(service::close, "stop"));
            System.out.println("Bellhop API service listens on port " + service.port() + ".");
        } catch (Env.Faults e) {
            exit(e.getMessage());
        } catch (StartFailure e) {
            exit(e.getMessage());
        }
    }

    private static void exit(String sentence) {
        System.err.println(sentence);
        System.exit(1);
    }

    /** Why the service cannot run where it was started, in a sentence for whoever started it. */
    public static final class StartFailure extends RuntimeException {
        private static final long serialVersionUID = 1;

        StartFailure(String sentence, Exception cause) {
            super(sentence, cause);
        }
    }

    /**
     * Brings the schema up to date and starts to serve.
     *
     * @throws StartFailure when the database cannot be used or the port is taken
     */
    public static ApiService start(Config config) {
        ApiService service = new ApiService();
        try {
            service.open(config);
            return service;
        } catch (RuntimeException e) {
            service.close();
            throw e;
        }
    }

    private void open(Config config) {
        Database requests = openDatabase(config);
        Database background = keep(Database.open(inSchema(config.databaseUrl()), "bellhop-relay", RELAY_CONNECTIONS));
        Database counters = keep(Database.open(inSchema(config.databaseUrl()), "bellhop-limits", LIMIT_CONNECTIONS));
        RateLimitStore limits = new RateLimitStore(counters.jdbi());
        Clock clock = Clock.systemUTC();
        Tokens tokens = Tokens.with(config.tokenKeys(), clock);
        Metrics metrics = new Metrics(this::route);
        metrics.watch(requests.pool());
        metrics.watch(background.pool());
        metrics.watch(counters.pool());
        OutboxRelay relay = new OutboxRelay(
                background.jdbi(),
                config.realtimeUrl(),
                config.eventSecrets(),
                config.relayPoll(),
                metrics.registry(),
                clock);
        Outbox outbox = new Outbox(relay::wakeUp);
        SessionStore sessions = new SessionStore(requests.jdbi(), outbox);
        ShareStore shares = new ShareStore(requests.jdbi(), outbox);
        HealthResource health = new HealthResource(background.jdbi(), metrics, config.metricsToken(), relay::isRunning);
        ContractResource contract = new ContractResource();
        Passwords passwords = new Passwords();
        Cursors cursors = new Cursors(config.tokenKeys().seed());
        Headers headers = new Headers(config.allowedOrigins(), config.clientAddresses());
        Routes routes = new Routes(
                headers,
                new Authentication(
                        tokens, sessions, new RateLimit("requests", config.requestsPerMinute(), limits), clock),
                new Idempotency(requests.jdbi()),
                new SessionResource(sessions, passwords, tokens, clock, limits),
                new KeyResource(config.tokenKeys()),
                new OrganizationResource(new OrganizationStore(requests.jdbi(), outbox), passwords),
                new PropertyResource(new PropertyStore(requests.jdbi(), outbox), cursors),
                new DepartmentResource(new DepartmentStore(requests.jdbi(), outbox), cursors),
                new MemberResource(new MemberStore(requests.jdbi(), outbox), passwords, cursors),
                new EntityResource(new EntityStore(requests.jdbi(), outbox), cursors),
                new ApplicationResource(
                        new ApplicationStore(requests.jdbi(), outbox),
                        cursors,
                        new RateLimit("applications", config.applicationsPerMinute(), limits)),
                new OnboardingResource(new OnboardingStore(requests.jdbi(), outbox), cursors),
                new ShareResource(shares, cursors, clock),
                new ChatResource(new ChatStore(requests.jdbi(), outbox), cursors),
                new CallResource(new CallStore(requests.jdbi(), outbox), cursors),
                new NotificationResource(new NotificationStore(requests.jdbi(), outbox), cursors),
                new DashboardResource(new DashboardStore(requests.jdbi())),
                new AuditResource(new AuditStore(requests.jdbi()), cursors),
                health,
                contract);
        keep(relay).start();
        Housekeeping housekeeping = keep(new Housekeeping());
        housekeeping.every(FIGURES, "count what waits in the outbox", relay::count);
        housekeeping.every(SHARE_SWEEP, "withdraw expired shares", shares::withdrawExpired);
        housekeeping.every(CLEANUP, "delete sent events", new OutboxCleanup(background.jdbi())::run);
        IdempotencyStore idempotencyKeys = new IdempotencyStore(background.jdbi());
        housekeeping.every(CLEANUP, "delete old idempotency keys", () -> idempotencyKeys.deleteExpired(1_000));
        housekeeping.every(CLEANUP, "delete old limits", limits::deleteEnded);
        housekeeping.every(CLEANUP, "delete expired sessions", () -> sessions.deleteExpired(1_000));
        NotificationStore oldNotifications = new NotificationStore(background.jdbi(), outbox);
        housekeeping.every(CLEANUP, "delete old notifications", () -> oldNotifications.deleteExpired(1_000));
        server = Javalin.create(javalin -> configure(javalin, config, routes, headers, metrics));
        contract.describe(routes());
        keep(this::stopServer);
        keep(health::stopping);
        listen(config);
    }

    private Optional<Endpoint> route(Context ctx) {
        return Optional.ofNullable(server.unsafe.internalRouter.findFirstHttpHandlerEntry(ctx.method(), ctx.path()))
                .map(parsed -> parsed.endpoint);
    }

    private Database openDatabase(Config config) {
        try {
            // First, since it gives up on a server that does not answer after 30 s; the migration would wait for hours.
            Database database = keep(Database.open(inSchema(config.databaseUrl()), "bellhop-api", REQUEST_CONNECTIONS));
            Database.migrate(config.databaseUrl(), "api", "db/migration/api");
            return database;
        } catch (RuntimeException e) {
            throw new StartFailure("The database of BELLHOP_DATABASE_URL cannot be used: " + rootMessage(e), e);
        }
    }

    /** The realtime service may keep its own schema in the same database. */
    private static String inSchema(String url) {
        return url + (url.contains("?") ? "&" : "?") + "currentSchema=api";
    }

    private static String rootMessage(Throwable failure) {
        Throwable root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        String message = root.getMessage() == null ? root.getClass().getSimpleName() : root.getMessage();
        return message.lines().findFirst().orElse("");
    }

    private static void configure(
            JavalinConfig javalin, Config config, Routes routes, Headers headers, Metrics metrics) {
        javalin.startup.showJavalinBanner = false;
        javalin.startup.startupWatcherEnabled = false;
        javalin.startup.showOldJavalinVersionWarning = false;
        javalin.concurrency.useVirtualThreads = true;
        javalin.http.prefer405over404 = true;
        javalin.http.strictContentTypes = true;
        javalin.http.maxRequestSize = MAX_BODY_BYTES;
        javalin.jetty.host = config.host();
        javalin.jetty.port = config.port();
        javalin.jetty.modifyHttpConfiguration(http -> {
            http.setUriCompliance(UriCompliance.DEFAULT);
            http.setHeaderCacheSize(0); // it takes 48 KiB of each connection that is kept open
        });
        javalin.jetty.modifyServer(jetty -> harden(jetty, headers));
        javalin.jetty.modifyServletContextHandler(context -> context.setErrorHandler(new Problems.ForJetty(headers)));
        javalin.requestLogger.http(metrics::request);
        routes.register(javalin.routes);
        Problems.register(javalin);
    }

    private static void harden(Server server, Headers headers) {
        server.setErrorHandler(new Problems.ForJetty(headers));
        // A thread is given to a request only when its body is there: slow senders cost memory, and that is bounded.
        server.insertHandler(new WholeBodies(MAX_BODY_BYTES));
        server.insertHandler(new WithoutUpgrade());
        server.insertHandler(new GracefulHandler());
        server.setStopTimeout(STOP_MILLISECONDS);
    }

    private void listen(Config config) {
        try {
            server.start();
        } catch (JavalinBindException e) {
            throw new StartFailure(
                    "Port " + config.port() + " is taken or not allowed; set BELLHOP_API_PORT to another one.", e);
        }
    }

    private void stopServer() {
        if (server.jettyServer().started()) {
            server.stop();
        }
    }

    private <T extends AutoCloseable> T keep(T part) {
        parts.push(part);
        return part;
    }

    /** The port that it listens on. */
    public int port() {
        return server.port();
    }

    /** Every address that is served, with who may call it. */
    List<Endpoint> routes() {
        return server.unsafe.internalRouter.allHttpHandlers().stream()
                .map(parsed -> parsed.endpoint)
                .filter(endpoint -> endpoint.method.isHttpMethod())
                .toList();
    }

    /** Lets requests that are under way finish, at most 10 s, then stops. Harmless a second time. */
    @Override
    public void close() {
        if (parts.isEmpty()) {
            return;
        }
        try {
            parts.pop().close();
        } catch (Exception e) {
            throw new IllegalStateException("a part of the service does not stop", e);
        } finally {
            close();
        }
    }
}
