package dev.bellhop.bench;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.HdrHistogram.Histogram;

/** Puts one server through the workloads. */
final class Measurements {
    private static final Message MESSAGE = new Message(200);
    private static final Message LONG_MESSAGE = new Message(12_000);
    private static final int STALLED_TURNS = 5;
    private static final int STALLED_MESSAGES_PER_SECOND = 200;
    private static final int PUBLISHERS = 4;
    private static final int UNDER_WAY = 256;
    private static final int NARROW_WINDOW = 4;
    private static final int MESSAGES_PER_SECOND = 10;
    private static final int BEFORE_AND_AFTER = 10;
    private static final int MISSED = 20;
    private static final int MORE_RETURNS = 3;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    /** For the compilers of both sides; a server that was just started is no server that runs. */
    private static final Duration WARM_UP = Duration.ofSeconds(4);

    private static final Duration LEAD = Duration.ofSeconds(1);
    private static final Duration BREATH = Duration.ofMillis(700);
    private static final Duration SETTLE = Duration.ofSeconds(4);
    /** In which an idle client of Bellhop is pinged once. */
    private static final Duration PING_INTERVAL = Duration.ofSeconds(30);

    private static final Duration AWAY = Duration.ofMillis(300);

    /** As in AnyCable's public test: each connection is cut about every 15 s, for 2 s; 120 messages, one every 500 ms. */
    private static final Duration CUT_EVERY = Duration.ofSeconds(15);

    private static final Duration CUT_FOR = Duration.ofSeconds(2);
    private static final double CUT_MESSAGES_PER_SECOND = 2;
    private static final Duration CUTS_LAST = Duration.ofSeconds(60);

    /** PostgreSQL's sessions report what they did after a second at the latest. */
    private static final Duration COUNTED = Duration.ofMillis(1500);

    /** Longer than the 15 s for which Bellhop remembers who left. */
    private static final Duration FORGET = Duration.ofSeconds(17);

    private final Duration duration;
    private final int window;
    private final Supplier<Optional<ProcessHandle>> database;
    private final Ingest ingest;
    private final List<String> faults = new ArrayList<>();

    /**
     * @param duration of each measured phase
     * @param window most messages in flight where the workload does not say
     * @param database whose processor time belongs to the measurement, if there is one
     */
    Measurements(Duration duration, int window, Supplier<Optional<ProcessHandle>> database, Ingest ingest) {
        this.duration = duration;
        this.window = window;
        this.database = database;
        this.ingest = ingest;
    }

    /** What must not happen and did, a sentence each. */
    List<String> faults() {
        return faults;
    }

    /**
     * One round; a server that needs to be fresh is started anew.
     *
     * @param taken is given the figures of each workload as soon as they are there
     */
    void measure(Server server, List<Workload> workloads, BiConsumer<Workload, Figures> taken)
            throws BenchFailure, IOException {
        List<Workload> together = new ArrayList<>();
        for (Workload workload : workloads) {
            switch (workload) {
                case IDLE_10K -> taken.accept(workload, idle(server));
                case HOLD_15K -> taken.accept(workload, hold(server));
                case STORM -> taken.accept(workload, storm(server));
                case INGEST -> {
                    if (server.takesBatches()) {
                        taken.accept(workload, ingest(server));
                    }
                }
                default -> together.add(workload);
            }
        }
        if (!together.isEmpty()) {
            try (Server.Running running = server.start()) {
                warmUp(running);
                for (Workload workload : together) {
                    taken.accept(workload, onWarm(server, running, workload));
                }
            }
        }
    }

    private Figures onWarm(Server server, Server.Running running, Workload workload) throws BenchFailure, IOException {
        return switch (workload) {
            case FAN_1K -> publish(server, running, 1000, fanOut(window));
            case FAN_5K -> publish(server, running, 5000, fanOut(window));
            case FAN_1K_4 -> publish(server, running, 1000, fanOut(NARROW_WINDOW));
            case RATE_1K ->
                publish(server, running, 1000, LoadClient.Publishing.atRate(PUBLISHERS, MESSAGES_PER_SECOND, duration));
            case RECONNECT -> reconnect(server, running, 1000, MORE_RETURNS);
            case RETURN_5K -> reconnect(server, running, 5000, 0);
            case CUTS -> cuts(server, running);
            case STALLED -> stalled(server, running);
            case IDLE_10K, HOLD_15K, STORM, INGEST ->
                throw new IllegalArgumentException(workload + " needs a fresh server");
            case API_WRITES, API_LIST, API_LATENCY ->
                throw new IllegalArgumentException(workload + " is not for one server");
        };
    }

    private LoadClient.Publishing fanOut(int messagesInFlight) {
        return LoadClient.Publishing.asFastAsAnswered(PUBLISHERS, messagesInFlight, duration);
    }

    private void warmUp(Server.Running running) throws BenchFailure, IOException {
        try (LoadClient client = running.client(MESSAGE)) {
            open(client, 1000);
            client.publish(LoadClient.Publishing.asFastAsAnswered(PUBLISHERS, window, WARM_UP));
        }
    }

    private static LoadClient.Opened open(LoadClient client, int clients) throws BenchFailure, IOException {
        LoadClient.Opened opened = client.open(clients, UNDER_WAY, PATIENCE);
        if (opened.failed() > 0) {
            throw new BenchFailure(opened.failed() + " of " + clients + " clients do not connect: " + opened.fault());
        }
        return opened;
    }

    private Figures publish(Server server, Server.Running running, int clients, LoadClient.Publishing publishing)
            throws BenchFailure, IOException {
        try (LoadClient client = running.client(MESSAGE)) {
            open(client, clients);
            client.idle(BREATH);
            client.publish(publishing.lasting(LEAD));
            client.idle(BREATH);
            Usage before = usage(running);
            LoadClient.Delivered delivered = client.publish(publishing);
            Usage used = usage(running).since(before);
            requireExact(server, clients + " clients", client, delivered);
            return new Figures()
                    .put(Figures.DELIVERIES, delivered.perSecond())
                    .putLatencies(delivered.latencies())
                    .put("server CPU µs/delivery", used.server() * 1e6 / Math.max(1, delivered.received()))
                    .put("messages/read", delivered.perRead())
                    .put("messages/frame", delivered.perFrame())
                    .put("client CPU %", share(used.client(), used))
                    .put("database CPU %", share(used.database(), used))
                    .putFaults(delivered)
                    .put(Figures.OTHERS, used.others() * 100);
        }
    }

    private Usage usage(Server.Running running) throws IOException {
        return Usage.now(running, database.get());
    }

    /** Of one processor, in percent. */
    private static double share(double seconds, Usage used) throws IOException {
        int processors = Linux.processors();
        return seconds * 100 * processors / Math.max(0.01, used.machine().total());
    }

    private void requireExact(Server server, String what, LoadClient client, LoadClient.Delivered delivered) {
        if (!delivered.isExact()) {
            faults.add(server.name() + ", " + what + ": " + delivered.missing() + " missing, " + delivered.duplicated()
                    + " doubled, " + delivered.reordered() + " reordered, " + delivered.dropped()
                    + " clients disconnected, " + delivered.refused() + " messages refused of " + delivered.expected()
                    + " deliveries; " + client.fault());
        }
    }

    private Figures idle(Server server) throws BenchFailure, IOException {
        int clients = 10_000;
        try (Server.Running running = server.start();
                LoadClient client = running.client(MESSAGE)) {
            Usage start = usage(running);
            long empty = Linux.residentBytes(running.process());
            open(client, clients);
            client.idle(SETTLE);
            if (client.dropped() > 0) {
                faults.add(server.name() + ", idle: " + client.dropped() + " of " + clients
                        + " clients were disconnected; " + client.fault());
            }
            long full = Linux.residentBytes(running.process());
            Figures figures = new Figures()
                    .put(Figures.RESIDENT, (full - empty) / 1024.0 / clients)
                    .put("RSS MB before", empty / 1048576.0)
                    .put("RSS MB", full / 1048576.0);
            if (server.isJvm()) {
                // Only now: a collection that nobody asked for is what the figures above are about.
                long live = Linux.liveHeapBytes(running.process());
                client.cut();
                client.idle(FORGET);
                figures.put("live heap KB/client", (live - Linux.liveHeapBytes(running.process())) / 1024.0 / clients);
            }
            return figures.put(Figures.OTHERS, usage(running).since(start).others() * 100);
        }
    }

    private Figures storm(Server server) throws BenchFailure, IOException {
        Figures figures = new Figures();
        try (Server.Running running = server.start()) {
            Usage start = usage(running);
            storm(server, running, Figures.COLD, figures);
            double coldOthers = usage(running).since(start).others();
            warmUp(running);
            Usage warm = usage(running);
            storm(server, running, Figures.WARM, figures);
            double warmOthers = usage(running).since(warm).others();
            return figures.put(Figures.OTHERS, Math.max(coldOthers, warmOthers) * 100);
        }
    }

    private void storm(Server server, Server.Running running, String name, Figures figures) throws IOException {
        int clients = 5000;
        try (LoadClient client = running.client(MESSAGE)) {
            LoadClient.Opened opened = client.open(clients, UNDER_WAY, PATIENCE);
            figures.put(name, opened.perSecond())
                    .put(name.substring(0, 4) + " p99 ms", opened.times().getValueAtPercentile(99) / 1e6)
                    .put(name.substring(0, 4) + " failed", opened.failed());
            if (opened.failed() > 0) {
                faults.add(server.name() + ", storm: " + opened.failed() + " of " + clients + " clients failed; "
                        + opened.fault());
            }
        }
    }

    /** @param again how often they come back after the first time, on a server that has seen it by then */
    private Figures reconnect(Server server, Server.Running running, int clients, int again)
            throws BenchFailure, IOException {
        try (LoadClient client = running.client(MESSAGE)) {
            client.follow();
            open(client, clients);
            requireExact(
                    server,
                    "before the reconnect",
                    client,
                    client.publish(LoadClient.Publishing.count(BEFORE_AND_AFTER)));
            Figures figures = comeBack(server, running, client, again > 0 ? Figures.FIRST_RETURNS : Figures.RETURNS);
            List<Figures> later = new ArrayList<>();
            for (int turn = 0; turn < again; turn++) {
                later.add(comeBack(server, running, client, Figures.RETURNS));
            }
            Report.median(later, Figures.RETURNS).ifPresent(median -> figures.put(Figures.RETURNS, median));
            requireExact(
                    server,
                    "after the reconnect",
                    client,
                    client.publish(LoadClient.Publishing.count(BEFORE_AND_AFTER)));
            return figures;
        }
    }

    /** Cuts all clients, publishes, and lets them come back; what they missed is lost to a server that does not recover. */
    private Figures comeBack(Server server, Server.Running running, LoadClient client, String rate)
            throws BenchFailure, IOException {
        client.cut();
        client.idle(AWAY);
        client.publish(LoadClient.Publishing.count(MISSED));
        client.idle(COUNTED);
        OptionalLong transactions = server.transactions();
        Usage before = usage(running);
        LoadClient.Recovered recovered = client.recover(MISSED, UNDER_WAY, PATIENCE);
        Usage used = usage(running).since(before);
        LoadClient.Delivered missed = recovered.delivered();
        boolean broken = missed.duplicated() > 0 || missed.reordered() > 0;
        if (recovered.opened().failed() > 0 || broken || (server.recovers() && missed.missing() > 0)) {
            faults.add(server.name() + ", reconnect: " + recovered.opened().failed() + " clients failed, "
                    + missed.missing() + " messages lost, " + missed.duplicated() + " doubled, "
                    + missed.reordered() + " reordered; " + client.fault());
        }
        Figures figures = new Figures()
                .put(rate, recovered.perSecond())
                .put("95 % back s", recovered.opened().sinceBegin().getValueAtPercentile(95) / 1e9)
                .put("all back s", recovered.seconds())
                .put("lost", missed.missing())
                .put("doubled", missed.duplicated())
                .put("reordered", missed.reordered())
                .put(Figures.OTHERS, used.others() * 100);
        if (transactions.isPresent()) {
            client.idle(COUNTED);
            long now = server.transactions().orElseThrow();
            figures.put("database transactions", now - transactions.getAsLong());
        }
        return figures;
    }

    private Figures cuts(Server server, Server.Running running) throws BenchFailure, IOException {
        int clients = 1000;
        try (LoadClient client = running.client(MESSAGE)) {
            client.follow();
            open(client, clients);
            Usage before = usage(running);
            LoadClient.Delivered delivered = client.publishThroughCuts(
                    LoadClient.Publishing.atRate(1, CUT_MESSAGES_PER_SECOND, CUTS_LAST), CUT_EVERY, CUT_FOR);
            Usage used = usage(running).since(before);
            if (server.recovers()) {
                requireExact(server, "cut off again and again", client, delivered);
            }
            return new Figures()
                    .put(Figures.DELIVERED, delivered.received() * 100.0 / delivered.expected())
                    .putLatencies(delivered.latencies())
                    .putFaults(delivered)
                    .put(Figures.OTHERS, used.others() * 100);
        }
    }

    /** In turns, so that a slow phase of the machine meets both. */
    private Figures stalled(Server server, Server.Running running) throws BenchFailure, IOException {
        int clients = 100;
        Histogram without = new Histogram(3);
        Histogram with = new Histogram(3);
        LoadClient.Publishing publishing =
                LoadClient.Publishing.atRate(PUBLISHERS, STALLED_MESSAGES_PER_SECOND, duration);
        try (LoadClient client = running.client(LONG_MESSAGE)) {
            open(client, clients);
            client.publish(publishing.lasting(LEAD));
            Usage before = usage(running);
            for (int turn = 0; turn < STALLED_TURNS; turn++) {
                LoadClient.Delivered undisturbed = client.publish(publishing);
                requireExact(server, "nobody stalled", client, undisturbed);
                without.add(undisturbed.latencies());
                SocketChannel stalled = client.stall(clients);
                try {
                    LoadClient.Delivered disturbed = client.publish(publishing);
                    requireExact(server, "one stalled", client, disturbed);
                    with.add(disturbed.latencies());
                } finally {
                    stalled.close();
                }
            }
            Usage used = usage(running).since(before);
            return new Figures()
                    .put("p50 ms without", without.getValueAtPercentile(50) / 1e6)
                    .put("p50 ms with", with.getValueAtPercentile(50) / 1e6)
                    .put("p99 ms without", without.getValueAtPercentile(99) / 1e6)
                    .put("p99 ms with", with.getValueAtPercentile(99) / 1e6)
                    .put(Figures.OTHERS, used.others() * 100);
        }
    }

    private Figures hold(Server server) throws BenchFailure, IOException {
        int clients = 15_000;
        try (Server.Running running = server.start();
                LoadClient client = running.client(MESSAGE)) {
            long empty = Linux.residentBytes(running.process());
            Usage start = usage(running);
            LoadClient.Opened opened = open(client, clients);
            client.idle(SETTLE);
            double memory = (Linux.residentBytes(running.process()) - empty) / 1024.0 / clients;
            Usage connected = usage(running);
            client.idle(PING_INTERVAL);
            Usage idle = usage(running).since(connected);
            client.publish(fanOut(window).lasting(LEAD));
            Usage before = usage(running);
            LoadClient.Delivered delivered = client.publish(fanOut(window));
            Usage used = usage(running).since(before);
            requireExact(server, clients + " clients", client, delivered);
            LoadClient.Delivered steady =
                    client.publish(LoadClient.Publishing.atRate(PUBLISHERS, MESSAGES_PER_SECOND, duration));
            requireExact(server, clients + " clients, steady", client, steady);
            return new Figures()
                    .put("connects/s", opened.perSecond())
                    .put(Figures.RESIDENT, memory)
                    .put("idle server CPU %", share(idle.server(), idle))
                    .put(Figures.DELIVERIES, delivered.perSecond())
                    .putLatencies(delivered.latencies())
                    .put("server CPU µs/delivery", used.server() * 1e6 / Math.max(1, delivered.received()))
                    .put("p50 ms at 10/s", steady.latencies().getValueAtPercentile(50) / 1e6)
                    .put("p99 ms at 10/s", steady.latencies().getValueAtPercentile(99) / 1e6)
                    .putFaults(delivered)
                    .put(Figures.OTHERS, usage(running).since(start).others() * 100);
        }
    }

    private Figures ingest(Server server) throws BenchFailure, IOException {
        try (Server.Running running = server.start()) {
            ingest.post(running.address(), WARM_UP);
            Usage before = usage(running);
            Ingest.Posted posted = ingest.post(running.address(), duration);
            Usage used = usage(running).since(before);
            return new Figures()
                    .put(Figures.EVENTS, posted.perSecond())
                    .put("p99 ms of a batch", posted.times().getValueAtPercentile(99) / 1e6)
                    .put("server CPU µs/event", used.server() * 1e6 / Math.max(1, posted.events()))
                    .put("database CPU %", share(used.database(), used))
                    .put(Figures.OTHERS, used.others() * 100);
        }
    }
}
