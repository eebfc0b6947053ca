package dev.bellhop.torture;

import dev.bellhop.torture.history.HistoryWriter;
import java.net.InetSocketAddress;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Every fault that can be inflicted. The names begin with those of docs/reliability.md. */
final class Troubles {
    /** Inflicts, holds and heals. */
    interface Act {
        void run() throws TortureFailure, InterruptedException;
    }

    /**
     * @param parts what it is inflicted on, so that nothing else is at the same time
     * @param isKill a process ends without a warning
     * @param hitsControl the way of revocations may be longer by it
     */
    record Trouble(String name, String target, Set<String> parts, boolean isKill, boolean hitsControl, Act act) {}

    private interface Choice {
        Trouble next();
    }

    /** Services that may end by themselves at the places where that is worst. */
    private static final List<String> API_FAILPOINTS = List.of(
            "api.beforeOutbox",
            "api.beforeCommit",
            "api.afterCommit",
            "relay.inSequence",
            "relay.beforePost",
            "relay.afterPost",
            "relay.inMark");

    private static final List<String> REALTIME_FAILPOINTS =
            List.of("rt.beforeAppend", "rt.inAppend", "rt.beforeAck", "rt.beforeFanout", "rt.midFanout");

    private static final int FAILPOINTS_PER_MILLE = 300;
    private static final int ALL_AT_ONCE_PER_MILLE = 100;

    /** What a service has to come up in again after an end in good order. */
    private static final Duration TERMINATION = Duration.ofSeconds(30);

    private static final Duration FAILPOINT_PATIENCE = Duration.ofSeconds(15);

    private static final List<Duration> CLOCK_OFFSETS =
            List.of(Duration.ofHours(1), Duration.ofHours(-1), Duration.ofMinutes(10));

    /** From its start: by then a service is ready, unless the machine is busy. */
    private static final Duration CLOCK_RIGHT = Duration.ofSeconds(8);

    private static final Duration CLOCK_OFF = Duration.ofSeconds(10);
    private static final Duration CLOCK_AFTERWARDS = Duration.ofSeconds(3);

    /** At most so many events fewer than a forgetful node keeps are missed when it comes to resumes. */
    private static final int UP_TO_FEWER = 20;

    /** And fewer than so many more: that somebody is late must not be left to chance. */
    private static final int FEWER_THAN_MORE = 60;

    private static final Duration LONGEST_ABSENCE = Duration.ofSeconds(20);
    /** Until everybody has come back. */
    private static final Duration RETURN = Duration.ofSeconds(4);

    private static final String DATABASE = "postgres";

    private final Cluster cluster;
    private final World world;
    private final HistoryWriter history;
    private final LogBook book;
    private final Chance chance;
    private final List<Choice> others = new ArrayList<>();
    /** Those of them that end every service of a kind. */
    private final List<Choice> sweeping = new ArrayList<>();
    /** The last service of each kind lives on, so that its heap can be followed. */
    private boolean sparing;

    private final AtomicInteger kills = new AtomicInteger();
    private final AtomicInteger failpointKills = new AtomicInteger();
    private final List<String> complaints = new ArrayList<>();

    Troubles(Cluster cluster, World world, HistoryWriter history, LogBook book, Chance chance) {
        this.cluster = cluster;
        this.world = world;
        this.history = history;
        this.book = book;
        this.chance = chance;
        others.addAll(List.of(
                this::terminateBackends,
                this::lockTable,
                this::lockStream,
                this::slowRelay,
                this::impostor,
                this::lostAnswers,
                this::blackholedRelay,
                this::cutClients,
                this::halfOpenClients,
                this::throttledClients,
                this::storm,
                this::coldStorm,
                this::pause,
                this::jumpingClock,
                this::terminateApi,
                this::deafFollowers));
        sweeping.addAll(List.of(this::realtimeDown, this::rotateSecrets));
    }

    /** What is chosen from now on leaves one service of each kind alone. */
    void spare(boolean spared) {
        sparing = spared;
    }

    private Service victim(List<Service> services) {
        return sparing ? services.get(0) : chance.of(services);
    }

    // ---- those that the profile demands ----

    /** Seven of ten at any time, three at a place of the code. */
    Trouble kill() {
        if (chance.perMille(ALL_AT_ONCE_PER_MILLE)) {
            Service api = victim(cluster.apis());
            Service realtime = victim(cluster.realtimes());
            return new Trouble(
                    "F15 kill both",
                    api.name() + " and " + realtime.name(),
                    Set.of(api.name(), realtime.name()),
                    true,
                    true,
                    () -> {
                        kill(api);
                        kill(realtime);
                        api.awaitReady();
                        realtime.awaitReady();
                    });
        }
        Service service = victim(chance.perMille(500) ? cluster.apis() : cluster.realtimes());
        boolean isApi = cluster.apis().contains(service);
        List<String> failpoints = isApi ? API_FAILPOINTS : REALTIME_FAILPOINTS;
        if (!failpoints.isEmpty() && chance.perMille(FAILPOINTS_PER_MILLE)) {
            return failpoint(service, chance.of(failpoints));
        }
        return new Trouble(
                isApi ? "F13 kill api" : "F14 kill realtime",
                service.name(),
                Set.of(service.name()),
                true,
                true,
                () -> {
                    kill(service);
                    service.awaitReady();
                });
    }

    private void kill(Service service) throws InterruptedException {
        kills.incrementAndGet();
        service.kill();
    }

    /** It is killed, starts with the failpoint, ends itself there, and starts again without it. */
    private Trouble failpoint(Service service, String point) {
        return new Trouble("failpoint " + point, service.name(), Set.of(service.name()), true, true, () -> {
            cluster.arm(service, point + "=halt@1/20");
            int deaths = service.deaths();
            kill(service);
            long end = System.nanoTime() + FAILPOINT_PATIENCE.toNanos();
            while (service.deaths() == deaths && System.nanoTime() < end) {
                TimeUnit.MILLISECONDS.sleep(50);
            }
            if (service.deaths() == deaths) {
                kill(service); // nobody came by; without the failpoint from now on
            } else {
                kills.incrementAndGet();
                failpointKills.incrementAndGet();
            }
            service.awaitReady();
        });
    }

    Trouble databaseCrash() {
        boolean killed = chance.perMille(500);
        Duration down = chance.between(Duration.ofSeconds(1), Duration.ofSeconds(6));
        return new Trouble(
                killed ? "F17 kill PostgreSQL" : "F16 stop PostgreSQL immediately",
                DATABASE,
                Set.of(DATABASE),
                true,
                true,
                () -> {
                    kills.incrementAndGet();
                    if (killed) {
                        cluster.postgres().kill();
                    } else {
                        cluster.postgres().stopImmediately();
                    }
                    hold(down);
                    cluster.postgres().start();
                    awaitServices();
                });
    }

    private void awaitServices() throws TortureFailure, InterruptedException {
        for (Service service : cluster.services()) {
            service.awaitReady();
        }
    }

    Trouble rollingRestart() {
        return new Trouble(
                "F38 rolling restart",
                "realtime",
                Set.of("realtime-1", "realtime-2"),
                false,
                true,
                () -> terminateEach(cluster.realtimes()));
    }

    private void terminate(Service service) throws TortureFailure, InterruptedException {
        Service.Ending ending = service.terminate(TERMINATION).join();
        if (ending.killed() || (ending.status() != 0 && ending.status() != 143)) {
            complain(service.name() + " did not end in good order: status " + ending.status() + " after "
                    + ending.took().toMillis() + " ms");
        }
        service.awaitReady();
    }

    private void complain(String what) {
        synchronized (complaints) {
            complaints.add(what);
        }
    }

    /** @return null with the engine that needs none */
    Trouble redisRestart() {
        return cluster.redis()
                .map(redis -> new Trouble("F42 kill Redis", "redis", Set.of("redis"), true, true, () -> {
                    kills.incrementAndGet();
                    redis.killForNow();
                    hold(chance.between(Duration.ofMillis(200), Duration.ofSeconds(4)));
                    redis.start();
                    redis.awaitReady();
                    awaitServices();
                }))
                .orElse(null);
    }

    /**
     * A node comes that keeps only the newest events, and the clients stay away until what it keeps begins about where they were: as
     * they come back, some still find all that they missed, some no longer, and some are overtaken while they look.
     */
    Trouble retention() {
        int missed = Cluster.KEPT_EVENTS - UP_TO_FEWER + chance.below(UP_TO_FEWER + FEWER_THAN_MORE);
        return new Trouble(
                "F47 retention during resumes", "logs", Set.of(DATABASE, "redis", "clients"), false, true, () -> {
                    Service node = cluster.forgetful();
                    UUID busiest = world.hot().id();
                    RetentionWatch watch = RetentionWatch.start(book, StoredLog.open(cluster, world), history);
                    try {
                        node.start();
                        node.awaitReady();
                        List<FaultProxy.Injection> refusals = cluster.clientRoutes().stream()
                                .map(route -> route.impose(new Fault.Refuse()))
                                .toList();
                        cluster.clientRoutes().forEach(route -> route.cut(1));
                        long head = watch.head(busiest) + missed;
                        long end = System.nanoTime() + LONGEST_ABSENCE.toNanos();
                        while (watch.head(busiest) < head && System.nanoTime() < end) {
                            watch.requireAlive();
                            TimeUnit.MILLISECONDS.sleep(20);
                        }
                        refusals.forEach(FaultProxy.Injection::heal);
                        hold(RETURN);
                        node.stopInGoodOrder();
                    } finally {
                        watch.stop();
                    }
                });
    }

    // ---- the others ----

    Trouble other() {
        List<Choice> choices = new ArrayList<>(others);
        if (!sparing) {
            choices.addAll(sweeping);
        }
        return chance.of(choices).next();
    }

    private Trouble terminateBackends() {
        return new Trouble("F18 terminate database sessions", DATABASE, Set.of(DATABASE), false, true, () -> {
            for (int i = 0; i < 5; i++) {
                sql("select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'bellhop%'"
                        + " and usename = current_user and random() < 0.3");
                hold(Duration.ofSeconds(1));
            }
        });
    }

    private Trouble deafFollowers() {
        return new Trouble("F43 end LISTEN connections", DATABASE, Set.of(DATABASE), false, true, () -> {
            sql(
                    "select pg_terminate_backend(pid) from pg_stat_activity where query ilike 'listen%' and usename = current_user");
            hold(Duration.ofSeconds(3));
        });
    }

    /** Every request that writes an entity waits, until the pool has no connection left. */
    private Trouble lockTable() {
        return new Trouble(
                "F21 exhaust the pool",
                DATABASE,
                Set.of(DATABASE),
                false,
                true,
                () -> holding("lock table api.entity in access exclusive mode", Duration.ofSeconds(6)));
    }

    private Trouble lockStream() {
        World.Org org = chance.of(world.orgs());
        String lock = cluster.engine() == Cluster.Engine.POSTGRES && chance.perMille(500)
                ? "select 1 from realtime.stream where org_id = '" + org.id() + "' for update"
                : "select 1 from api.outbox_stream where org_id = '" + org.id() + "' for update";
        return new Trouble(
                "F22 hold the stream of " + org,
                DATABASE,
                Set.of(DATABASE),
                false,
                true,
                () -> holding(lock, Duration.ofSeconds(8)));
    }

    private void holding(String lock, Duration time) throws InterruptedException, TortureFailure {
        try (Connection connection = cluster.postgres().connect();
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.execute("set local lock_timeout = '5s'");
            statement.execute(lock);
            hold(time);
            connection.rollback();
        } catch (SQLException e) {
            // The lock was not to be had, or was taken away with the session: the next one will do.
            hold(Duration.ofMillis(500));
        }
    }

    private void sql(String query) throws TortureFailure {
        try (Connection connection = cluster.postgres().connect();
                Statement statement = connection.createStatement()) {
            statement.execute(query);
        } catch (SQLException e) {
            // Sessions that may not be ended, those of the server itself, are refused as a whole.
            throw new TortureFailure("PostgreSQL refuses " + query + ": " + e.getMessage(), e);
        }
    }

    private Trouble realtimeDown() {
        return new Trouble(
                "F26 no realtime service", "realtime", Set.of("realtime-1", "realtime-2"), true, true, () -> {
                    for (Service service : cluster.realtimes()) {
                        kills.incrementAndGet();
                        service.killForNow();
                    }
                    hold(chance.between(Duration.ofSeconds(3), Duration.ofSeconds(8)));
                    for (Service service : cluster.realtimes()) {
                        service.start();
                    }
                    for (Service service : cluster.realtimes()) {
                        service.awaitReady();
                    }
                });
    }

    private Trouble slowRelay() {
        return onRelays(
                "F27 slow answers to the relay",
                new Fault.Delay(Fault.Way.TO_CLIENT, chance.between(Duration.ofMillis(300), Duration.ofSeconds(6))));
    }

    /** Both relays talk to somebody who answers all kinds of things; it costs them up to a second of waiting afterwards. */
    private Trouble impostor() {
        return new Trouble("F28 wrong answers to the relay", "both relays", Set.of("relay"), false, true, () -> {
            try (Impostor impostor = new Impostor()) {
                lead(impostor.address(), impostor.address());
                hold(chance.between(Duration.ofSeconds(3), Duration.ofSeconds(6)));
                lead(
                        cluster.realtimes().get(0).address(),
                        cluster.realtimes().get(1).address());
            }
        });
    }

    private void lead(InetSocketAddress first, InetSocketAddress second) {
        cluster.relayRoutes().get(0).target(first);
        cluster.relayRoutes().get(1).target(second);
        cluster.relayRoutes().forEach(route -> route.cut(1)); // they keep their connections
    }

    /** As an operator does it, each step a rolling restart: accept the new one too, sign with it, forget the old one. */
    private Trouble rotateSecrets() {
        String next = Cluster.eventSecret(chance);
        return new Trouble(
                "F48 rotate the event secret",
                "all services",
                Set.of("realtime-1", "realtime-2", "api-1", "api-2", "relay"),
                false,
                true,
                () -> {
                    String old = cluster.signingSecrets();
                    cluster.secrets(old, old + " " + next);
                    terminateEach(cluster.realtimes());
                    cluster.secrets(next, old + " " + next);
                    terminateEach(cluster.apis());
                    cluster.secrets(next, next);
                    terminateEach(cluster.realtimes());
                });
    }

    private void terminateEach(List<Service> services) throws TortureFailure, InterruptedException {
        for (Service service : services) {
            terminate(service);
        }
    }

    private Trouble lostAnswers() {
        return onRelays("F29 lost answers to the relay", new Fault.DropAnswer());
    }

    private Trouble blackholedRelay() {
        return onRelays("F30 half-open relay", new Fault.Blackhole(Fault.Way.BOTH));
    }

    private Trouble onRelays(String name, Fault fault) {
        int which = chance.below(cluster.relayRoutes().size() + 1);
        boolean all = which == cluster.relayRoutes().size();
        List<FaultProxy.Route> routes =
                all ? cluster.relayRoutes() : List.of(cluster.relayRoutes().get(which));
        String target = all ? "both relays" : "relay " + (which + 1);
        return new Trouble(name, target, Set.of("relay"), false, true, () -> impose(routes, fault, 1));
    }

    private void impose(List<FaultProxy.Route> routes, Fault fault, double share) throws InterruptedException {
        List<FaultProxy.Injection> injections =
                routes.stream().map(route -> route.impose(fault, share)).toList();
        hold(chance.between(Duration.ofSeconds(3), Duration.ofSeconds(8)));
        injections.forEach(FaultProxy.Injection::heal);
    }

    private Trouble cutClients() {
        return new Trouble("F31 cut clients", "clients", Set.of("clients"), false, true, () -> {
            cluster.clientRoutes().forEach(route -> route.cut(0.5));
            hold(Duration.ofSeconds(2));
        });
    }

    private Trouble halfOpenClients() {
        Fault.Way way = chance.of(List.of(Fault.Way.values()));
        return onClients("F32 half-open clients", new Fault.Blackhole(way), 0.3);
    }

    private Trouble throttledClients() {
        return onClients("F33 throttled clients", new Fault.Throttle(Fault.Way.TO_CLIENT, 1024), 0.1);
    }

    private Trouble onClients(String name, Fault fault, double share) {
        return new Trouble(
                name, "clients", Set.of("clients"), false, true, () -> impose(cluster.clientRoutes(), fault, share));
    }

    private Trouble storm() {
        return new Trouble("F34 reconnect storm", "clients", Set.of("clients"), false, true, () -> {
            cluster.clientRoutes().forEach(route -> route.cut(1));
            hold(Duration.ofSeconds(3));
        });
    }

    private Trouble coldStorm() {
        Service service = victim(cluster.realtimes());
        return new Trouble(
                "F35 reconnect storm on a cold node",
                "clients and " + service.name(),
                Set.of("clients", service.name()),
                true,
                true,
                () -> {
                    kill(service);
                    cluster.clientRoutes().forEach(route -> route.cut(1));
                    service.awaitReady();
                });
    }

    /** A pause like that of a collector or a machine that sleeps: its connections stay, its timers stand still. */
    private Trouble pause() {
        Service service = victim(chance.perMille(500) ? cluster.apis() : cluster.realtimes());
        return new Trouble("F37 stop " + service.name(), service.name(), Set.of(service.name()), false, true, () -> {
            service.pause();
            try {
                hold(chance.between(Duration.ofSeconds(4), Duration.ofSeconds(12)));
            } finally {
                service.resume();
            }
            service.awaitReady();
        });
    }

    /** It is killed, starts, and for a while its clock is off, as by a time service gone wrong; then it goes on with a right one. */
    private Trouble jumpingClock() {
        Service service = victim(chance.perMille(500) ? cluster.apis() : cluster.realtimes());
        Duration offset = chance.of(CLOCK_OFFSETS);
        String name =
                "F36 clock of " + service.name() + " " + (offset.isNegative() ? "" : "+") + offset.toMinutes() + " min";
        return new Trouble(name, service.name(), Set.of(service.name()), true, true, () -> {
            cluster.arm(
                    service,
                    "clock=" + (offset.isNegative() ? "behind:" : "ahead:")
                            + offset.abs().toMillis() + "@" + CLOCK_RIGHT.toSeconds() + "+" + CLOCK_OFF.toSeconds());
            kill(service);
            long begin = System.nanoTime();
            service.awaitReady();
            Duration whole = CLOCK_RIGHT.plus(CLOCK_OFF).plus(CLOCK_AFTERWARDS);
            hold(whole.minusNanos(System.nanoTime() - begin));
        });
    }

    private Trouble terminateApi() {
        Service service = victim(cluster.apis());
        return new Trouble(
                "F39 terminate api", service.name(), Set.of(service.name()), false, true, () -> terminate(service));
    }

    private static void hold(Duration time) throws InterruptedException {
        TimeUnit.NANOSECONDS.sleep(time.toNanos());
    }

    // ---- what came of it ----

    /** Processes that ended without a warning. */
    int kills() {
        return kills.get();
    }

    int failpointKills() {
        return failpointKills.get();
    }

    /** What did not behave. */
    List<String> complaints() {
        synchronized (complaints) {
            return List.copyOf(complaints);
        }
    }

    /** @throws TortureFailure when a part does not come back */
    void requireHealed() throws InterruptedException, TortureFailure {
        cluster.clientRoutes().forEach(FaultProxy.Route::heal);
        cluster.relayRoutes().forEach(FaultProxy.Route::heal);
        awaitServices();
    }
}
