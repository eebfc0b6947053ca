package dev.bellhop.bench;

import dev.bellhop.model.wire.Json;
import dev.bellhop.quickstart.DataDirectory;
import dev.bellhop.quickstart.EmbeddedDatabase;
import dev.bellhop.quickstart.StartFailure;
import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;

/** The servers that can be measured, and the database of the one that needs it. */
final class Servers implements AutoCloseable {
    private static final String LOOPBACK = "127.0.0.1";
    private static final String CENTRIFUGO = "BELLHOP_BENCH_CENTRIFUGO";
    private static final String ANYCABLE = "BELLHOP_BENCH_ANYCABLE";

    private final Path home;
    private final Path work;
    private final String processor;
    private final Processes processes;
    private final Clients clients = new Clients();
    private final String eventSecret = "whsec_"
            + Base64.getEncoder().encodeToString((UUID.randomUUID() + "-bench").getBytes(StandardCharsets.US_ASCII));

    private DataDirectory data;
    private EmbeddedDatabase database;

    /**
     * @param home the project's directory
     * @param work for logs, settings and the database; outlives the run
     * @param processor that the servers run on
     */
    Servers(Path home, Path work, String processor, Processes processes) {
        this.home = home;
        this.work = work;
        this.processor = processor;
        this.processes = processes;
    }

    /** In the order in which they are measured. */
    List<Server> all() {
        return List.of(
                new Bellhop(),
                new BellhopOnRedis(),
                new Centrifugo(true),
                new Centrifugo(false),
                new AnyCable(true),
                new AnyCable(false),
                new Floor());
    }

    Clients clients() {
        return clients;
    }

    String eventSecret() {
        return eventSecret;
    }

    /** The database's processes, once there is one. */
    synchronized Optional<ProcessHandle> databaseProcess() {
        return Optional.ofNullable(database).map(EmbeddedDatabase::process);
    }

    private synchronized String databaseUrl() {
        return database.url();
    }

    /** Starts the database with the first use; each time its contents are gone. */
    private synchronized String emptyDatabase() throws BenchFailure {
        try {
            if (database == null) {
                data = DataDirectory.open(work.resolve("data"));
                database = EmbeddedDatabase.start(data, "track_commit_timestamp=on");
            }
            try (Connection connection = DriverManager.getConnection(database.url());
                    Statement statement = connection.createStatement()) {
                statement.execute("drop owned by current_user cascade");
            }
            return database.url();
        } catch (StartFailure e) {
            throw new BenchFailure(e.getMessage(), e);
        } catch (SQLException e) {
            throw new BenchFailure("The database cannot be emptied: " + e.getMessage(), e);
        }
    }

    /**
     * Starts both services, fresh, on whatever processors there are.
     *
     * @throws BenchFailure when their jars are not built or one of them does not start
     */
    ApiSystem startApi() throws BenchFailure, IOException {
        Path jar = home.resolve("api-service/target/api-service.jar");
        if (!Files.exists(jar)) {
            throw new BenchFailure(jar + " is not built");
        }
        Bellhop bellhop = new Bellhop();
        String url = emptyDatabase();
        Server.Running realtime = bellhop.start(url, List.of());
        try {
            int port = Sockets.freePort();
            Server.Running api = Server.Running.start(
                    processes,
                    List.of(
                            java(),
                            "@" + home.resolve("jvm.options"),
                            "@" + home.resolve("api-service/jvm.options"),
                            "-jar",
                            jar.toString()),
                    Map.of(
                            "BELLHOP_HOST",
                            LOOPBACK,
                            "BELLHOP_API_PORT",
                            Integer.toString(port),
                            "BELLHOP_DATABASE_URL",
                            url,
                            "BELLHOP_JWT_SECRET",
                            clients.secret(),
                            "BELLHOP_EVENT_SECRETS",
                            eventSecret,
                            "BELLHOP_REALTIME_URL",
                            "http://" + LOOPBACK + ":" + realtime.address().getPort()),
                    port,
                    log("api"),
                    new BellhopWire(clients));
            return new ApiSystem(api, realtime, url, clients);
        } catch (BenchFailure | IOException e) {
            realtime.close();
            throw e;
        }
    }

    private Path log(String name) {
        return work.resolve(name + ".log");
    }

    private static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    /** The realtime service from its own jar, with the flags that it is shipped with. */
    private abstract class Realtime implements Server {
        @Override
        public Optional<String> absence() {
            return Files.exists(realtimeJar()) ? Optional.empty() : Optional.of(realtimeJar() + " is not built");
        }

        @Override
        public boolean recovers() {
            return true;
        }

        @Override
        public boolean takesBatches() {
            return true;
        }

        @Override
        public boolean isJvm() {
            return true;
        }
    }

    /** With its log in PostgreSQL. */
    private final class Bellhop extends Realtime {
        @Override
        public String name() {
            return "bellhop";
        }

        @Override
        public OptionalLong transactions() throws BenchFailure {
            try (Connection connection = DriverManager.getConnection(databaseUrl());
                    Statement statement = connection.createStatement();
                    ResultSet row = statement.executeQuery(
                            "select xact_commit + xact_rollback from pg_stat_database where datname = current_database()")) {
                row.next();
                return OptionalLong.of(row.getLong(1));
            } catch (SQLException e) {
                throw new BenchFailure("The database does not say what it did: " + e.getMessage(), e);
            }
        }

        @Override
        public Running start() throws BenchFailure, IOException {
            return start(emptyDatabase(), Linux.pinned(processor, List.of()));
        }

        /** @param prefix of the command, which says where it runs */
        Running start(String databaseUrl, List<String> prefix) throws BenchFailure, IOException {
            return startRealtime(name(), prefix, "BELLHOP_DATABASE_URL", databaseUrl);
        }
    }

    /** @param store the setting that names where the log is, and its value */
    private Server.Running startRealtime(String name, List<String> prefix, String store, String url)
            throws BenchFailure, IOException {
        int port = Sockets.freePort();
        List<String> command = new ArrayList<>(prefix);
        command.addAll(List.of(
                java(), "@" + home.resolve("jvm.options"), "-jar", realtimeJar().toString()));
        Map<String, String> settings = Map.of(
                "BELLHOP_HOST",
                LOOPBACK,
                "BELLHOP_REALTIME_PORT",
                Integer.toString(port),
                store,
                url,
                "BELLHOP_JWT_SECRET",
                clients.secret(),
                "BELLHOP_EVENT_SECRETS",
                eventSecret);
        return Server.Running.start(processes, command, settings, port, log(name), new BellhopWire(clients));
    }

    private Path realtimeJar() {
        return home.resolve("realtime-service/target/realtime-service.jar");
    }

    /** The same with its log in a Redis of its own, which syncs every write to disk. Redis shares the load's processor. */
    private final class BellhopOnRedis extends Realtime {
        @Override
        public String name() {
            return "bellhop-redis";
        }

        @Override
        public Optional<String> absence() {
            return super.absence()
                    .or(() -> onPath("redis-server").isPresent()
                            ? Optional.empty()
                            : Optional.of("no executable redis-server on the PATH"));
        }

        @Override
        public Running start() throws BenchFailure, IOException {
            int port = Sockets.freePort();
            Path directory = Files.createTempDirectory(work, "redis");
            List<String> command = List.of(
                    onPath("redis-server").orElseThrow().toString(),
                    "--bind",
                    LOOPBACK,
                    "--port",
                    Integer.toString(port),
                    "--dir",
                    directory.toString(),
                    "--appendonly",
                    "yes",
                    "--appendfsync",
                    "always",
                    "--save",
                    "");
            Running redis =
                    Running.start(processes, command, Map.of(), port, log(name() + "-store"), new BellhopWire(clients));
            try {
                return startRealtime(
                                name(),
                                Linux.pinned(processor, List.of()),
                                "BELLHOP_REDIS_URL",
                                "redis://" + LOOPBACK + ":" + port)
                        .with(redis);
            } catch (BenchFailure | IOException e) {
                redis.close();
                throw e;
            }
        }
    }

    private static Optional<Path> onPath(String program) {
        String path = System.getenv().getOrDefault("PATH", "");
        return Arrays.stream(path.split(File.pathSeparator, -1))
                .map(place -> Path.of(place, program))
                .filter(file -> Files.isExecutable(file) && !Files.isDirectory(file))
                .findFirst();
    }

    /** A program of somebody else, with or without its history; every peer is left out where its program is not. */
    private abstract static class Peer implements Server {
        private final String name;
        private final String program;
        private final String variable;
        final boolean history;

        /** @param variable of the environment that may name the program */
        Peer(String name, String program, String variable, boolean history) {
            this.name = name;
            this.program = program;
            this.variable = variable;
            this.history = history;
        }

        @Override
        public String name() {
            return history ? name + "-history" : name;
        }

        @Override
        public Optional<String> absence() {
            return executable().isPresent()
                    ? Optional.empty()
                    : Optional.of("no executable " + program + " on the PATH or named by " + variable);
        }

        final Optional<Path> executable() {
            String named = System.getenv().getOrDefault(variable, "");
            return named.isEmpty()
                    ? onPath(program)
                    : Optional.of(Path.of(named)).filter(file -> Files.isExecutable(file) && !Files.isDirectory(file));
        }

        @Override
        public boolean recovers() {
            return history;
        }

        @Override
        public boolean takesBatches() {
            return false;
        }

        @Override
        public boolean isJvm() {
            return false;
        }
    }

    /** AnyCable's server without an application behind it: public streams, and with its memory broker if it keeps anything. */
    private final class AnyCable extends Peer {
        AnyCable(boolean history) {
            super("anycable", "anycable-go", ANYCABLE, history);
        }

        @Override
        public Running start() throws BenchFailure, IOException {
            int port = Sockets.freePort();
            String apiKey = UUID.randomUUID().toString();
            List<String> command = new ArrayList<>(List.of(
                    executable().orElseThrow().toString(),
                    "--host=" + LOOPBACK,
                    "--port=" + port,
                    "--norpc",
                    "--jwt_secret=" + clients.secret(),
                    "--enforce_jwt",
                    "--public_streams",
                    "--broadcast_adapter=http",
                    "--http_broadcast_port=" + port,
                    "--broadcast_key=" + apiKey,
                    // As for Centrifugo: no connection lives long enough to need one.
                    "--ping_interval=300",
                    "--log_level=error"));
            if (history) {
                command.addAll(List.of("--broker=memory", "--history_limit=1000", "--history_ttl=300"));
            }
            return Running.start(
                    processes,
                    Linux.pinned(processor, command),
                    Map.of("ANYCABLE_DISABLE_TELEMETRY", "true"),
                    port,
                    log(name()),
                    new AnyCableWire(clients, apiKey, history));
        }
    }

    /** Centrifugo with its memory engine. */
    private final class Centrifugo extends Peer {
        Centrifugo(boolean history) {
            super("centrifugo", "centrifugo", CENTRIFUGO, history);
        }

        @Override
        public Running start() throws BenchFailure, IOException {
            int port = Sockets.freePort();
            String apiKey = UUID.randomUUID().toString();
            Path settings = work.resolve(name() + ".json");
            Files.writeString(settings, Json.mapper().writeValueAsString(settings(port, apiKey)));
            String program = executable().orElseThrow().toString();
            return Running.start(
                    processes,
                    Linux.pinned(processor, List.of(program, "-c", settings.toString())),
                    Map.of(),
                    port,
                    log(name()),
                    new CentrifugoWire(clients, apiKey, history));
        }

        private Map<String, Object> settings(int port, String apiKey) {
            Map<String, Object> channel = history
                    ? Map.of(
                            "allow_subscribe_for_client",
                            true,
                            "history_size",
                            1000,
                            "history_ttl",
                            "300s",
                            "force_recovery",
                            true)
                    : Map.of("allow_subscribe_for_client", true);
            return Map.of(
                    "http_server",
                    Map.of("address", LOOPBACK, "port", Integer.toString(port)),
                    "client",
                    Map.of(
                            "token",
                            Map.of("hmac_secret_key", clients.secret()),
                            // Its pings are JSON and want an answer; no connection lives long enough to get one.
                            "ping_interval",
                            "300s"),
                    "channel",
                    Map.of("without_namespace", channel),
                    "http_api",
                    Map.of("key", apiKey),
                    "usage_stats",
                    Map.of("disabled", true),
                    "log",
                    Map.of("level", "error"));
        }
    }

    /** {@link FloorServer} in a JVM of its own. */
    private final class Floor implements Server {
        @Override
        public String name() {
            return "floor";
        }

        @Override
        public Optional<String> absence() {
            return Optional.empty();
        }

        @Override
        public boolean recovers() {
            return false;
        }

        @Override
        public boolean takesBatches() {
            return false;
        }

        @Override
        public boolean isJvm() {
            return true;
        }

        @Override
        public Running start() throws BenchFailure, IOException {
            int port = Sockets.freePort();
            List<String> command = new ArrayList<>(List.of(java(), "-XX:+UseSerialGC", "-cp"));
            command.add(ownClasses());
            command.add(FloorServer.class.getName());
            command.add(Integer.toString(port));
            return Running.start(
                    processes, Linux.pinned(processor, command), Map.of(), port, log(name()), new FloorWire());
        }

        private String ownClasses() {
            try {
                return Path.of(FloorServer.class
                                .getProtectionDomain()
                                .getCodeSource()
                                .getLocation()
                                .toURI())
                        .toString();
            } catch (URISyntaxException e) {
                throw new IllegalStateException("a class was loaded from no file", e);
            }
        }
    }

    /** Stops the database. The servers belong to {@link Processes}. */
    @Override
    public synchronized void close() throws BenchFailure {
        try {
            if (database != null) {
                database.close();
                database = null;
            }
            if (data != null) {
                data.close();
                data = null;
            }
        } catch (IOException | StartFailure e) {
            throw new BenchFailure("The database does not stop: " + e.getMessage(), e);
        }
    }
}
