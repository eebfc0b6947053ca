package dev.bellhop.torture;

import dev.bellhop.model.security.Secret;
import dev.bellhop.model.security.Tokens;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.BooleanSupplier;

/** Everything that is under test, each in a process of its own on loopback, with a proxy on every line that may break. */
final class Cluster implements AutoCloseable {
    enum Engine {
        POSTGRES,
        REDIS
    }

    private static final int NODES = 2;
    private static final String LOOPBACK = "127.0.0.1";
    private static final String HEAP = "-Xmx160m";

    /** What the forgetful one leaves of each log: seconds of the busiest one. */
    static final int KEPT_EVENTS = 200;

    private static final Map<String, String> FORGETFUL = Map.of(
            "BELLHOP_RETENTION_HOURS",
            "0",
            "BELLHOP_RETENTION_EVENTS",
            Integer.toString(KEPT_EVENTS),
            "BELLHOP_RETENTION_INTERVAL_MS",
            "100");

    private final Path home;
    private final Path work;
    private final Engine engine;
    /** Planted into every service that knows it. */
    private final Optional<String> defect;

    private final Processes processes;
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(2))
            .build();
    private final String tokenSecret;
    private final FaultProxy proxy;
    private final List<Service> apis = new ArrayList<>();
    private final List<Service> realtimes = new ArrayList<>();
    /** A realtime service of the same logs that takes all but the newest events out of them. No client comes to it. */
    private Service forgetful;
    /** From clients to the realtime service of the same index. */
    private final List<FaultProxy.Route> clientRoutes = new ArrayList<>();
    /** From the API service of the same index to a realtime service. */
    private final List<FaultProxy.Route> relayRoutes = new ArrayList<>();
    /** By the name of the service; an order of its agent for its next start. */
    private final Map<String, String> armed = new HashMap<>();
    /** Guarded by this: those that the services start with, from now on. */
    private String signingSecrets;

    private String acceptedSecrets;
    private volatile boolean archiving;
    private Postgres postgres;
    private Service redis;
    private int redisPort;

    /** @param work for data and logs of this run; empty */
    Cluster(Path home, Path work, Engine engine, Optional<String> defect, long seed, Processes processes) {
        this.home = home;
        this.work = work;
        this.engine = engine;
        this.defect = defect;
        this.processes = processes;
        Chance chance = new Chance(seed, "secrets");
        this.tokenSecret = chance.hex() + chance.hex();
        this.signingSecrets = eventSecret(chance);
        this.acceptedSecrets = signingSecrets;
        this.proxy = new FaultProxy(seed);
    }

    static String eventSecret(Chance chance) {
        byte[] bytes = (chance.hex() + chance.hex()).getBytes(StandardCharsets.US_ASCII);
        return "whsec_" + Base64.getEncoder().encodeToString(bytes);
    }

    /** Starts the stores and, at once, all services; returns when each can do its work. */
    void start() throws TortureFailure, IOException, InterruptedException {
        postgres = Postgres.start(work.resolve("data"), processes);
        if (engine == Engine.REDIS) {
            startRedis();
        }
        for (int i = 0; i < NODES; i++) {
            Service realtime = service("realtime", i, Map.of());
            realtimes.add(realtime);
            clientRoutes.add(proxy.route(realtime.address()));
            relayRoutes.add(proxy.route(realtime.address()));
        }
        for (int i = 0; i < NODES; i++) {
            apis.add(service("api", i, Map.of()));
        }
        forgetful = service("realtime", NODES, FORGETFUL);
        shareClasses();
        for (Service service : services()) {
            service.start();
        }
        for (Service service : services()) {
            service.awaitReady();
        }
    }

    /**
     * One start and end in good order of each kind writes down the parsed classes of its jar, once for each build: a start
     * takes half the processor time from then on, and a run has many.
     */
    private void shareClasses() throws TortureFailure, IOException, InterruptedException {
        List<Service> first = List.of(realtimes.get(0), apis.get(0));
        for (Service service : first) {
            Path archive = archive(kind(service.name()));
            Path jar = jar(kind(service.name()));
            if (Files.exists(archive)
                    && Files.getLastModifiedTime(archive).compareTo(Files.getLastModifiedTime(jar)) > 0) {
                continue;
            }
            Files.deleteIfExists(archive);
            archiving = true;
            service.start();
            service.awaitReady();
            archiving = false;
            service.stopInGoodOrder();
        }
    }

    private static String kind(String name) {
        return name.substring(0, name.indexOf('-'));
    }

    private Path archive(String kind) {
        return work.resolveSibling(kind + ".jsa");
    }

    private Path jar(String kind) {
        return home.resolve(kind + "-service/target/" + kind + "-service.jar");
    }

    private void startRedis() throws TortureFailure, IOException, InterruptedException {
        redisPort = freePort();
        Path directory = Files.createDirectories(work.resolve("redis"));
        Service.Recipe recipe = recipe(
                () -> List.of(
                        "redis-server",
                        "--bind",
                        LOOPBACK,
                        "--port",
                        Integer.toString(redisPort),
                        "--dir",
                        directory.toString(),
                        "--appendonly",
                        "yes",
                        "--appendfsync",
                        "always",
                        "--save",
                        ""),
                Map::of);
        BooleanSupplier ready = () -> RedisProbe.answers(redisPort);
        redis = new Service("redis", redisPort, recipe, work.resolve("redis.log"), processes, ready);
        redis.start();
        redis.awaitReady();
    }

    /** @param more settings, that win */
    private Service service(String kind, int index, Map<String, String> more) throws TortureFailure, IOException {
        Path jar = jar(kind);
        if (!Files.exists(jar)) {
            throw new TortureFailure(jar + " is not built.");
        }
        String name = kind + "-" + (index + 1);
        int port = freePort();
        Service.Recipe recipe = recipe(() -> command(name, jar), () -> settings(kind, index, port, more));
        URI health = URI.create("http://" + LOOPBACK + ":" + port + "/health/ready");
        Path log = work.resolve(name + ".log");
        return new Service(name, port, recipe, log, processes, Service.answers(http, health));
    }

    private interface Words {
        List<String> get();
    }

    private interface Variables {
        Map<String, String> get();
    }

    private static Service.Recipe recipe(Words command, Variables settings) {
        return new Service.Recipe() {
            @Override
            public List<String> command() {
                return command.get();
            }

            @Override
            public Map<String, String> settings() {
                return settings.get();
            }
        };
    }

    private List<String> command(String name, Path jar) {
        List<String> words = new ArrayList<>();
        words.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        words.add("@" + home.resolve("jvm.options"));
        words.add(HEAP);
        // Or a full collection may leave a twentieth of what is dead, and a histogram counts it.
        words.add("-XX:MarkSweepDeadRatio=0");
        Optional<String> agent = agent(name);
        if (agent.isPresent()) {
            words.add(agent.get()); // and no archive: the JVM may crash where an agent looks at a class of one
        } else {
            words.add((archiving ? "-XX:ArchiveClassesAtExit=" : "-XX:SharedArchiveFile=") + archive(kind(name)));
            words.add("-Xlog:cds=off");
            words.add("-Xlog:cds+dynamic=off");
            words.add("-Xshare:auto");
        }
        words.add("-jar");
        words.add(jar.toString());
        return words;
    }

    /** Puts what it was armed with and planted defects into the service, if there are any. */
    private synchronized Optional<String> agent(String name) {
        List<String> orders = new ArrayList<>();
        defect.ifPresent(named -> orders.add("defect=" + named));
        Optional.ofNullable(armed.remove(name)).ifPresent(orders::add);
        return orders.isEmpty() || archiving
                ? Optional.empty()
                : Optional.of("-javaagent:" + home.resolve("bench/torture-agent/target/torture-agent.jar") + "="
                        + String.join(";", orders));
    }

    private synchronized Map<String, String> settings(String kind, int index, int port, Map<String, String> more) {
        Map<String, String> settings = new HashMap<>();
        settings.put("BELLHOP_HOST", LOOPBACK);
        settings.put("BELLHOP_DATABASE_URL", postgres.url());
        settings.put("BELLHOP_JWT_SECRET", tokenSecret);
        if (kind.equals("api")) {
            settings.put("BELLHOP_API_PORT", Integer.toString(port));
            settings.put("BELLHOP_EVENT_SECRETS", signingSecrets);
            settings.put("BELLHOP_APPLICATIONS_PER_MINUTE", "0");
            settings.put(
                    "BELLHOP_REALTIME_URL",
                    "http://" + LOOPBACK + ":"
                            + relayRoutes.get(index).address().getPort());
        } else {
            settings.put("BELLHOP_REALTIME_PORT", Integer.toString(port));
            settings.put("BELLHOP_EVENT_SECRETS", acceptedSecrets);
            // As in production, only sooner: a run is short.
            settings.put("BELLHOP_PING_INTERVAL_MS", "5000");
            settings.put("BELLHOP_HEARTBEAT_TIMEOUT_MS", "4000");
            settings.put("BELLHOP_TOKEN_SWEEP_MS", "10000");
            settings.put("BELLHOP_STALE_SWEEP_MS", "30000");
            settings.put("BELLHOP_QUEUE_BYTES", Integer.toString(256 << 10));
            // Full within minutes, so that it is not taken for a heap that grows; and more is read from the store.
            settings.put("BELLHOP_CACHE_BYTES", Integer.toString(256 << 10));
            if (engine == Engine.REDIS) {
                settings.put("BELLHOP_REDIS_URL", "redis://" + LOOPBACK + ":" + redisPort);
            }
        }
        settings.putAll(more);
        return settings;
    }

    /** Gives an order to the agent of the next start of a service: to end itself somewhere, as {@code kill -9} would. */
    synchronized void arm(Service service, String order) {
        armed.put(service.name(), order);
    }

    /** What services that start from now on sign with and accept. */
    synchronized void secrets(String signing, String accepted) {
        signingSecrets = signing;
        acceptedSecrets = accepted;
    }

    synchronized String signingSecrets() {
        return signingSecrets;
    }

    /**
     * Below those that Linux gives to connections (ip_local_port_range): a service that was down must not find somebody else's
     * connection on its port.
     */
    private static int freePort() throws IOException {
        while (true) {
            int port = ThreadLocalRandom.current().nextInt(20_000, 32_000);
            try (ServerSocket free = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                return free.getLocalPort();
            } catch (BindException taken) {
                // Another one will do.
            }
        }
    }

    List<Service> services() {
        List<Service> all = new ArrayList<>(apis);
        all.addAll(realtimes);
        return all;
    }

    List<Service> apis() {
        return apis;
    }

    List<Service> realtimes() {
        return realtimes;
    }

    /** Not started with the others. */
    Service forgetful() {
        return forgetful;
    }

    Optional<Service> redis() {
        return Optional.ofNullable(redis);
    }

    int redisPort() {
        return redisPort;
    }

    Postgres postgres() {
        return postgres;
    }

    Engine engine() {
        return engine;
    }

    List<FaultProxy.Route> clientRoutes() {
        return clientRoutes;
    }

    List<FaultProxy.Route> relayRoutes() {
        return relayRoutes;
    }

    /** Makes and checks the tokens of everybody. */
    Tokens tokens() {
        return Tokens.hs256(Secret.ofText(tokenSecret), Clock.systemUTC());
    }

    @Override
    public void close() throws IOException {
        services().forEach(Service::stop);
        if (forgetful != null) {
            forgetful.stop();
        }
        proxy.close();
        if (redis != null) {
            redis.stop();
        }
        if (postgres != null) {
            postgres.close();
        }
    }
}
