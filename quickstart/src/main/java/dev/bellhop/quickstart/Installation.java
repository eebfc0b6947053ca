package dev.bellhop.quickstart;

import dev.bellhop.api.ApiService;
import dev.bellhop.realtime.RealtimeService;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import org.postgresql.Driver;

/**
 * PostgreSQL, the realtime service and the API service in this process, started in this order and stopped in the other: the
 * API first, so that its last events still reach the clients, then the realtime service, then the database.
 */
final class Installation implements AutoCloseable {
    private static final String LOGIN_SECONDS = "10";

    /** Also the lock of the start and the stop: a stop waits for the step that is under way, and no further one begins. */
    private final Deque<AutoCloseable> parts = new ArrayDeque<>();

    /** Completes when the embedded database is gone; never with a database of one's own. */
    private volatile CompletableFuture<ProcessHandle> databaseExit = new CompletableFuture<>();

    private volatile boolean stopping;

    /** One step of the start. */
    private interface Step<T extends AutoCloseable> {
        T take() throws StartFailure;
    }

    /**
     * @param out where the addresses, users and first commands are printed once everything runs
     * @throws StartFailure when a part cannot start; those that did are still there for {@link #close}
     */
    void start(Settings settings, PrintStream out) throws StartFailure {
        long begin = System.nanoTime();
        DataDirectory data = add(() -> DataDirectory.open(settings.dataDirectory()));
        requireFree(settings.host(), settings.apiPort(), "BELLHOP_API_PORT");
        requireFree(settings.host(), settings.realtimePort(), "BELLHOP_REALTIME_PORT");
        String jwtSecret = data.secret(DataDirectory.JWT_SECRET, Settings::newJwtSecret);
        String eventSecrets = data.secret(DataDirectory.EVENT_SECRETS, Settings::newEventSecret);
        Map<String, String> variables = settings.completed(database(settings, data), jwtSecret, eventSecrets);
        RealtimeService realtime = add(() -> startRealtime(variables));
        variables.putIfAbsent(
                "BELLHOP_REALTIME_URL",
                Addresses.of(settings.host(), realtime.port()).toString());
        variables.putIfAbsent("BELLHOP_ALLOWED_ORIGINS", dashboardOrigins(settings.host(), realtime.port()));
        ApiService api = add(() -> startApi(variables));
        Addresses addresses = new Addresses(
                Addresses.of(settings.host(), api.port()), Addresses.of(settings.host(), realtime.port()));
        if (!variables.containsKey("BELLHOP_API_URL")) {
            realtime.apiIsAt(addresses.api());
        }
        DemoData demo = new DemoData(variables.get("BELLHOP_DATABASE_URL"), addresses.api());
        if (settings.demo()) {
            demo.seed();
        }
        new Welcome(addresses, data.resolve(""), demo.isPresent(), demo.nobodyIsThere())
                .print(out, Duration.ofNanos(System.nanoTime() - begin));
    }

    private <T extends AutoCloseable> T add(Step<T> step) throws StartFailure {
        synchronized (parts) {
            if (stopping) {
                throw new StartFailure("Stopped before everything was started.");
            }
            T part = step.take();
            parts.push(part);
            return part;
        }
    }

    /** Found out before anything is started: the database, which comes first, takes longest. */
    private static void requireFree(String host, int port, String setting) throws StartFailure {
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(host, port));
        } catch (IOException e) {
            throw new StartFailure(
                    "Port " + port + " of " + host + " cannot be used: " + e.getMessage()
                            + ". Stop what listens there, or set " + setting + " to another port; 0 takes a free one.",
                    e);
        }
    }

    private String database(Settings settings, DataDirectory data) throws StartFailure {
        if (settings.ownRealtimeDatabase().isPresent()) {
            requireDatabase(
                    "BELLHOP_REALTIME_DATABASE_URL",
                    settings.ownRealtimeDatabase().get());
        }
        if (settings.ownDatabase().isPresent()) {
            requireDatabase("BELLHOP_DATABASE_URL", settings.ownDatabase().get());
            return settings.ownDatabase().get();
        }
        EmbeddedDatabase embedded = add(() -> EmbeddedDatabase.start(data));
        databaseExit = embedded.onExit();
        return embedded.url();
    }

    private static void requireDatabase(String setting, String url) throws StartFailure {
        Properties limits = new Properties();
        limits.setProperty("loginTimeout", LOGIN_SECONDS);
        try (Connection connection = new Driver().connect(url, limits)) {
            if (connection == null) {
                throw new StartFailure(setting + " is not the address of a PostgreSQL.");
            }
        } catch (SQLException e) {
            throw new StartFailure(
                    "The database of " + setting + " cannot be used: "
                            + e.getMessage().replace(url, "the address"),
                    e);
        }
    }

    private static RealtimeService startRealtime(Map<String, String> variables) throws StartFailure {
        try {
            return RealtimeService.start(dev.bellhop.realtime.Config.from(variables));
        } catch (RuntimeException e) {
            throw new StartFailure("The realtime service does not start: " + innermost(e), e);
        }
    }

    /** The dashboard's own: it comes from the realtime service and calls the API. */
    private static String dashboardOrigins(String host, int port) {
        return Addresses.of(host, port) + " " + Addresses.of("localhost", port);
    }

    private static ApiService startApi(Map<String, String> variables) throws StartFailure {
        try {
            return ApiService.start(dev.bellhop.api.Config.from(variables));
        } catch (RuntimeException e) {
            throw new StartFailure("The API service does not start: " + innermost(e), e);
        }
    }

    private static String innermost(Throwable failure) {
        Throwable cause = failure;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause.getMessage() == null ? cause.toString() : cause.getMessage();
    }

    /** Returns when the embedded database has ended, with or without being told to. */
    void awaitDatabaseExit() {
        databaseExit.join();
    }

    boolean isStopping() {
        return stopping;
    }

    /** Stops what was started, in the other order. Harmless a second time. */
    @Override
    public void close() {
        stopping = true;
        synchronized (parts) {
            while (!parts.isEmpty()) {
                try {
                    parts.pop().close();
                } catch (Exception e) {
                    System.err.println("bellhop: a part did not stop cleanly: " + e.getMessage());
                }
            }
        }
    }
}
