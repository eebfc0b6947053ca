package dev.bellhop.torture;

import dev.bellhop.model.wire.CloseCode;
import dev.bellhop.torture.check.Checker;
import dev.bellhop.torture.check.Invariant;
import dev.bellhop.torture.check.Limits;
import dev.bellhop.torture.check.Verdict;
import dev.bellhop.torture.history.Entry;
import dev.bellhop.torture.history.HistoryWriter;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** One run from an empty directory to the verdict. */
final class Run {
    /** From the first operation to the first fault. */
    private static final Duration WARM_UP = Duration.ofSeconds(6);

    /** Beyond its duration: then something hangs, and everything is ended by force. */
    private static final Duration OVERTIME = Duration.ofSeconds(240);

    private static final Duration SAY = Duration.ofSeconds(15);
    private static final Duration LAST_OPERATION = Duration.ofSeconds(45);
    private static final Duration LAST_RESUME = Duration.ofSeconds(30);
    private static final double SQL_PER_SECOND = 8;

    private final Path home;
    private final Path work;
    private final Profile profile;
    private final Cluster.Engine engine;
    private final Optional<String> defect;
    private final IntPredicate faults;
    private final Duration cut;
    private final long seed;
    private final PrintStream out;
    private final long begin = System.nanoTime();
    /** What no service may do and the history does not show. */
    private final List<String> broken = new ArrayList<>();

    private List<Nemesis.Inflicted> inflicted = List.of();
    private Set<Invariant> violated = Set.of();

    /**
     * @param work is emptied first
     * @param defect to plant into the services, for the test of the test
     * @param faults which of the plan are inflicted, by their numbers
     * @param cut longest time from the answer that takes a right away until its sockets are closed, outside of faults
     */
    Run(
            Path home,
            Path work,
            Profile profile,
            Cluster.Engine engine,
            Optional<String> defect,
            IntPredicate faults,
            Duration cut,
            long seed,
            PrintStream out) {
        this.home = home;
        this.work = work;
        this.profile = profile;
        this.engine = engine;
        this.defect = defect;
        this.faults = faults;
        this.cut = cut;
        this.seed = seed;
        this.out = out;
    }

    /**
     * @return whether every promise was kept
     * @throws TortureFailure when the test itself could not be carried through, so that nothing is known
     */
    boolean call() throws TortureFailure, IOException, InterruptedException {
        say("seed " + seed + ", profile " + profile.name() + ", "
                + profile.duration().toSeconds() + " s, "
                + profile.clients() + " clients, " + profile.operationsPerSecond() + " operations a second, engine "
                + engine.name().toLowerCase(Locale.ROOT));
        empty(work);
        Path file = work.resolve("history.ndjson");
        try (Processes processes = new Processes(work);
                HistoryWriter history = new HistoryWriter(file)) {
            Runtime.getRuntime().addShutdownHook(new Thread(processes::close, "stop"));
            Thread watchdog = new Thread(() -> watch(processes), "watchdog");
            watchdog.setDaemon(true);
            watchdog.start();
            suffer(processes, history);
            watchdog.interrupt();
        }
        return judge(file);
    }

    boolean judge(Path file) throws IOException {
        Limits usual = Limits.of(profile.deliveries(), profile.kills());
        Limits limits = new Limits(
                usual.deliveries(),
                usual.kills(),
                usual.exercised(),
                usual.resets(),
                cut,
                usual.cutInFault(),
                usual.settle());
        Verdict verdict = Checker.check(file, limits);
        verdict.print(out);
        violated = verdict.violated();
        boolean passed = verdict.passed() && broken.isEmpty();
        out.println((passed ? "PASS" : "FAIL") + " seed " + seed + ", profile " + profile.name() + ", engine "
                + engine.name().toLowerCase(Locale.ROOT) + ": " + verdict.deliveries() + " deliveries, "
                + verdict.kills() + " kills, "
                + (passed ? "every promise was kept" : "see above; the history is " + file));
        return passed;
    }

    /** The faults that came to pass. */
    List<Nemesis.Inflicted> inflicted() {
        return inflicted;
    }

    /** The invariants that the history broke. */
    Set<Invariant> violated() {
        return violated;
    }

    private void watch(Processes processes) {
        try {
            TimeUnit.NANOSECONDS.sleep(profile.duration().plus(OVERTIME).toNanos());
        } catch (InterruptedException done) {
            return;
        }
        processes.close();
        out.println("FAIL seed " + seed + ": the run hangs, " + OVERTIME.toSeconds() + " s after its time.");
        Runtime.getRuntime().halt(1);
    }

    private static void empty(Path directory) throws IOException {
        if (Files.exists(directory)) {
            try (Stream<Path> files = Files.walk(directory)) {
                for (Path path : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(path);
                }
            }
        }
        Files.createDirectories(directory);
    }

    private void suffer(Processes processes, HistoryWriter history)
            throws TortureFailure, IOException, InterruptedException {
        World world = new World(new Chance(seed, "world"));
        Numbers numbers = new Numbers();
        try (Cluster cluster = new Cluster(home, work, engine, defect, seed, processes)) {
            cluster.start();
            say("everything runs");
            people(world, cluster, history);
            LogBook book = new LogBook(history);
            Aftermath aftermath = new Aftermath(world, cluster, history, book);
            SqlWriter sql = new SqlWriter(world, cluster.postgres(), history, new Chance(seed, "sql"), numbers);
            try (Clients clients =
                            new Clients(world, cluster, history, new Chance(seed, "clients"), profile.sampleOneOf());
                    Generator generator =
                            new Generator(world, cluster, history, new Chance(seed, "operations"), numbers)) {
                clients.start(profile.clients());
                generator.start(profile.operationsPerSecond());
                sql.start(SQL_PER_SECOND);
                TimeUnit.NANOSECONDS.sleep(WARM_UP.toNanos());
                Aftermath.Holdings before = aftermath.holdings();
                say("the faults begin");
                Duration time = profile.faultTime();
                Troubles troubles = new Troubles(cluster, world, history, book, new Chance(seed, "troubles"));
                Nemesis nemesis =
                        new Nemesis(troubles, profile, time, faults, history, new Chance(seed, "nemesis"), numbers);
                List<HeapTrend> heaps = profile.followsHeap() ? heaps(cluster) : List.of();
                heaps.forEach(HeapTrend::start);
                nemesis.start();
                generator.changeRightsToo();
                follow(time, nemesis, clients, generator, troubles);
                nemesis.stop();
                say("the faults end");
                List<Optional<HeapTrend.Slope>> slopes = new ArrayList<>();
                for (HeapTrend heap : heaps) {
                    slopes.add(heap.stop());
                }
                generator.stop(LAST_OPERATION);
                sql.stop();
                Map<UUID, Long> heads = aftermath.settle();
                List<String> late = clients.finish(heads, LAST_RESUME);
                late.forEach(client -> say("not at the end of its log: " + client));
                aftermath.writeResidue(before);
                clients.conclude();
                aftermath.writeEverything();
                history.write(new Entry.End(history.now()));
                say("everything is read back");
                judge(slopes);
                report(nemesis, troubles, clients, generator, sql);
            } finally {
                aftermath.close();
            }
        }
    }

    private List<HeapTrend> heaps(Cluster cluster) {
        return List.of(
                new HeapTrend(Aftermath.newest(cluster.apis()), work.resolve("heap-api.csv")),
                new HeapTrend(Aftermath.newest(cluster.realtimes()), work.resolve("heap-realtime.csv")));
    }

    private static void people(World world, Cluster cluster, HistoryWriter history) throws TortureFailure {
        try (Connection connection = cluster.postgres().connect()) {
            world.insert(connection);
        } catch (SQLException e) {
            throw new TortureFailure("The organisations cannot be made: " + e.getMessage(), e);
        }
        for (World.Org org : world.orgs()) {
            for (World.User user : org.users()) {
                history.write(new Entry.Member(
                        history.now(),
                        org.id().toString(),
                        user.id().toString(),
                        user.role().name(),
                        user.properties().stream()
                                .map(property -> property.id().toString())
                                .toList(),
                        user.department() == null ? null : user.department().toString()));
            }
        }
    }

    private void follow(Duration time, Nemesis nemesis, Clients clients, Generator generator, Troubles troubles)
            throws InterruptedException, TortureFailure {
        long end = System.nanoTime() + time.toNanos();
        long next = System.nanoTime() + SAY.toNanos();
        while (System.nanoTime() < end) {
            TimeUnit.MILLISECONDS.sleep(100);
            nemesis.requireAlive();
            clients.requireAlive();
            if (System.nanoTime() > next) {
                next += SAY.toNanos();
                say(clients.deliveries() + " deliveries, " + troubles.kills() + " kills, " + clients.connected()
                        + " of " + profile.clients() + " connected; operations: " + generator.figures());
            }
        }
    }

    private void report(Nemesis nemesis, Troubles troubles, Clients clients, Generator generator, SqlWriter sql)
            throws InterruptedException, TortureFailure {
        inflicted = nemesis.inflicted();
        out.println("faults        "
                + inflicted.stream()
                        .collect(Collectors.groupingBy(Nemesis.Inflicted::name, TreeMap::new, Collectors.counting())));
        out.println("kills         " + troubles.kills() + ", of them at failpoints " + troubles.failpointKills());
        out.println("operations    " + generator.figures() + "; by SQL " + sql.committed());
        out.println("answers       " + generator.statuses());
        out.println("deliveries    " + clients.deliveries() + ", raw duplicates " + clients.duplicates() + ", resets "
                + clients.resets());
        Map<String, Integer> endings = clients.endings();
        out.println("closed        " + endings);
        int overflows = endings.entrySet().stream()
                .filter(ending -> ending.getKey().endsWith(" " + CloseCode.SLOW_CONSUMER.reason()))
                .mapToInt(Map.Entry::getValue)
                .sum();
        if (overflows < profile.overflows()) {
            broken.add("fewer than " + profile.overflows() + " clients read too slowly for their queue");
        }
        if (profile.retentions() > 0 && !clients.resets().containsKey("too_old")) {
            broken.add("nobody came back later than the log keeps");
        }
        out.println("refused       " + clients.refusals());
        broken.addAll(generator.faults());
        broken.addAll(clients.faults());
        broken.addAll(troubles.complaints());
        broken.stream().limit(30).forEach(fault -> out.println("broken        " + fault));
    }

    private void judge(List<Optional<HeapTrend.Slope>> slopes) {
        if (slopes.isEmpty()) {
            return;
        }
        out.println("heap          api " + slopes.get(0).map(Object::toString).orElse("not followed") + "; realtime "
                + slopes.get(1).map(Object::toString).orElse("not followed"));
        for (Optional<HeapTrend.Slope> slope : slopes) {
            if (slope.isEmpty() || slope.get().grows()) {
                broken.add("a heap grows, or no process lived long enough to tell: " + slope);
            }
        }
    }

    private void say(String what) {
        out.printf(Locale.ROOT, "%6.1f s  %s%n", (System.nanoTime() - begin) / 1e9, what);
        out.flush();
    }
}
