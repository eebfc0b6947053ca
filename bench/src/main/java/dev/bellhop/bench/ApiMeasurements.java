package dev.bellhop.bench;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;

/** The API service with the realtime service behind it, beside plain SQL on the same database while both run. */
final class ApiMeasurements {
    private static final String BELLHOP = "bellhop";
    private static final String SQL = "sql";
    private static final int WRITERS = 16;
    private static final int ROWS = 100_000;
    private static final int WRITES_PER_SECOND = 50;
    private static final int COMMITS = 200;
    /** As long as the optimising compiler needs for the way of a request, on two processors that it shares with the load. */
    private static final Duration WARM_UP_REQUESTS = Duration.ofSeconds(45);

    private static final Duration WARM_UP_SQL = Duration.ofSeconds(3);
    private static final Duration WARM_UP = Duration.ofSeconds(4);
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final long LONGEST = Duration.ofMinutes(1).toNanos();

    private final Duration duration;
    private final Servers servers;

    /** @param duration of each measured phase */
    ApiMeasurements(Duration duration, Servers servers) {
        this.duration = duration;
        this.servers = servers;
    }

    /** Is given the figures of each workload as soon as they are there. */
    @FunctionalInterface
    interface Taken {
        void accept(String server, Workload workload, Figures figures);
    }

    /** One round on a fresh database and fresh services. */
    void measure(List<Workload> workloads, Taken taken) throws BenchFailure, IOException {
        if (servers.databaseProcess().isPresent()) {
            Linux.unpin(servers.databaseProcess().get());
        }
        try (ApiSystem system = servers.startApi();
                Connection connection = system.connect()) {
            for (Workload workload : workloads) {
                switch (workload) {
                    case API_WRITES -> writes(system, connection, taken);
                    case API_LIST -> list(system, connection, taken);
                    case API_LATENCY -> latency(system, connection, taken);
                    default -> throw new IllegalArgumentException(workload + " is not of the API");
                }
            }
        } catch (SQLException e) {
            throw new BenchFailure("The database fails: " + e.getMessage(), e);
        }
    }

    private void writes(ApiSystem system, Connection connection, Taken taken)
            throws BenchFailure, IOException, SQLException {
        String body = "{\"type\":\"lead\",\"name\":\"bench\"}";
        String request = head(system, "POST /api/v1/entities") + "Content-Type: application/json\r\nContent-Length: "
                + body.length() + "\r\n\r\n" + body;
        HttpLoad http = new HttpLoad(system.api().address(), request, 201);
        Measured posted = measure(system, WARM_UP_REQUESTS, phase -> http.run(WRITERS, phase));
        taken.accept(BELLHOP, Workload.API_WRITES, writes(posted));
        drain(system, connection);

        SqlLoad sql = new SqlLoad(system);
        Measured inserted = measure(system, WARM_UP_SQL, phase -> sql.write(WRITERS, phase));
        taken.accept(SQL, Workload.API_WRITES, writes(inserted));
        drain(system, connection);
    }

    private interface Load {
        HttpLoad.Done run(Phase phase) throws BenchFailure, IOException, SQLException;
    }

    private record Measured(HttpLoad.Done done, Usage used) {}

    private Measured measure(ApiSystem system, Duration warmUp, Load load)
            throws BenchFailure, IOException, SQLException {
        AtomicReference<Usage> before = new AtomicReference<>();
        Phase phase = new Phase(warmUp, duration, () -> before.set(system.usage(servers.databaseProcess())));
        HttpLoad.Done done = load.run(phase);
        return new Measured(done, system.usage(servers.databaseProcess()).since(before.get()));
    }

    private static Figures writes(Measured measured) {
        HttpLoad.Done done = measured.done();
        Usage used = measured.used();
        double each = 1e6 / Math.max(1, done.count());
        return new Figures()
                .put(Figures.WRITES, done.perSecond())
                .putLatencies(done.times())
                .put("services CPU µs/write", used.server() * each)
                .put("database CPU µs/write", used.database() * each)
                .put("load CPU µs/write", used.client() * each)
                .put(Figures.OTHERS, used.others() * 100);
    }

    private static String head(ApiSystem system, String line) {
        InetSocketAddress address = system.api().address();
        return line + " HTTP/1.1\r\nHost: " + address.getHostString() + ":" + address.getPort()
                + "\r\nAuthorization: Bearer " + system.token() + "\r\n";
    }

    /** Waits until the relay has nothing left to do. */
    private static void drain(ApiSystem system, Connection connection) throws BenchFailure, SQLException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (system.backlog(connection) > 0) {
            if (System.nanoTime() > end) {
                throw new BenchFailure("The relay does not get through its backlog.");
            }
            LockSupport.parkNanos(Duration.ofMillis(100).toNanos());
        }
    }

    private void list(ApiSystem system, Connection connection, Taken taken)
            throws BenchFailure, IOException, SQLException {
        try (PreparedStatement rows = connection.prepareStatement("""
                        insert into entity (org_id, id, type, name, status, owner_id, created_at, updated_at)
                        select ?, gen_random_uuid(), 'lead', 'entity ' || n, 'new', ?, at, at
                        from (select n, now() - n * interval '1 second' as at from generate_series(1, ?) n) numbered""");
                Statement statement = connection.createStatement()) {
            rows.setObject(1, system.organization());
            rows.setObject(2, system.user());
            rows.setInt(3, ROWS);
            rows.executeUpdate();
            statement.execute("vacuum analyze entity");
        }
        String request = head(system, "GET /api/v1/entities?limit=50") + "\r\n";
        HttpLoad http = new HttpLoad(system.api().address(), request, 200);
        taken.accept(BELLHOP, Workload.API_LIST, reads(measure(system, WARM_UP_REQUESTS, phase -> http.run(1, phase))));
        SqlLoad sql = new SqlLoad(system);
        taken.accept(SQL, Workload.API_LIST, reads(measure(system, WARM_UP_SQL, sql::read)));
    }

    private static Figures reads(Measured measured) {
        return new Figures()
                .putLatencies(measured.done().times())
                .put("reads/s", measured.done().perSecond())
                .put(Figures.OTHERS, measured.used().others() * 100);
    }

    private void latency(ApiSystem system, Connection connection, Taken taken)
            throws BenchFailure, IOException, SQLException {
        SqlLoad sql = new SqlLoad(system);
        drain(system, connection);
        Follower warmUp = new Follower(system, count(WARM_UP));
        warmUp.run();
        sql.commits(COMMITS);
        Histogram commits = sql.commits(COMMITS);
        Usage before = system.usage(servers.databaseProcess());
        Follower follower = new Follower(system, count(duration.multipliedBy(3)));
        follower.run();
        Usage used = system.usage(servers.databaseProcess()).since(before);
        double commit = commits.getValueAtPercentile(50) / 1e6;
        Histogram fromAnswer = follower.fromAnswer();
        Histogram fromCommit = follower.fromCommit(connection);
        taken.accept(
                BELLHOP,
                Workload.API_LATENCY,
                new Figures()
                        .putLatencies(follower.fromRequest())
                        .put("from commit p50 ms", fromCommit.getValueAtPercentile(50) / 1e6)
                        .put("from commit p99 ms", fromCommit.getValueAtPercentile(99) / 1e6)
                        .put("from answer p50 ms", fromAnswer.getValueAtPercentile(50) / 1e6)
                        .put("from answer p99 ms", fromAnswer.getValueAtPercentile(99) / 1e6)
                        .put("one commit p50 ms", commit)
                        .put("three commits + 5 ms", 3 * commit + 5)
                        .put(Figures.OTHERS, used.others() * 100));
    }

    private static int count(Duration time) {
        return (int) (time.toMillis() * WRITES_PER_SECOND / 1000);
    }

    /**
     * Writes at a steady rate, and a client of the realtime service that sees each write. When a write was committed the database
     * itself says: the moment at which it began to write the commit down, so that the way to the disk counts.
     */
    private static final class Follower implements WebSocket.Listener {
        private static final String NAME = "\"name\":\"bench ";

        private final ApiSystem system;
        private final AtomicLongArray sent;
        private final AtomicLongArray answered;
        private final AtomicLongArray framed;
        /** As {@link #framed}, by the wall clock that the database goes by, too. */
        private final AtomicReferenceArray<Instant> framedAt;

        private final Instant began = Instant.now();
        private final CountDownLatch connected = new CountDownLatch(1);
        private final CountDownLatch frames;
        private final StringBuilder text = new StringBuilder();

        Follower(ApiSystem system, int writes) {
            this.system = system;
            this.sent = new AtomicLongArray(writes);
            this.answered = new AtomicLongArray(writes);
            this.framed = new AtomicLongArray(writes);
            this.framedAt = new AtomicReferenceArray<>(writes);
            this.frames = new CountDownLatch(writes);
        }

        void run() throws BenchFailure {
            HttpClient client =
                    HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
            InetSocketAddress realtime = system.realtime().address();
            try {
                WebSocket socket = client.newWebSocketBuilder()
                        .buildAsync(
                                URI.create("ws://127.0.0.1:" + realtime.getPort() + "/ws?token=" + system.token()),
                                this)
                        .get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
                require(connected, "The realtime service does not greet.");
                List<CompletableFuture<Void>> writes = new ArrayList<>();
                long begin = System.nanoTime();
                for (int n = 0; n < sent.length(); n++) {
                    long due = begin + n * (1_000_000_000L / WRITES_PER_SECOND);
                    for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
                        LockSupport.parkNanos(left);
                    }
                    writes.add(write(client, n));
                }
                for (CompletableFuture<Void> write : writes) {
                    write.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
                }
                require(frames, "A write did not come to the client.");
                socket.abort();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new BenchFailure("Interrupted.", e);
            } catch (ExecutionException | TimeoutException e) {
                throw new BenchFailure("A write or the connection fails: " + e.getMessage(), e);
            }
        }

        private static void require(CountDownLatch latch, String otherwise) throws BenchFailure, InterruptedException {
            if (!latch.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                throw new BenchFailure(otherwise);
            }
        }

        private CompletableFuture<Void> write(HttpClient client, int n) {
            InetSocketAddress api = system.api().address();
            HttpRequest request = HttpRequest.newBuilder(
                            URI.create("http://127.0.0.1:" + api.getPort() + "/api/v1/entities"))
                    .header("Authorization", "Bearer " + system.token())
                    .header("Content-Type", "application/json")
                    .POST(BodyPublishers.ofString("{\"type\":\"lead\",\"name\":\"bench " + n + "\"}"))
                    .build();
            sent.set(n, System.nanoTime());
            return client.sendAsync(request, BodyHandlers.ofString()).thenAccept(answer -> answered(n, answer));
        }

        private void answered(int n, HttpResponse<String> answer) {
            answered.set(n, System.nanoTime());
            if (answer.statusCode() != 201) {
                throw new ProtocolFailure("A write was answered with " + answer.statusCode() + ": " + answer.body());
            }
        }

        @Override
        public CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
            long now = System.nanoTime();
            text.append(data);
            if (last) {
                see(text.toString(), now);
                text.setLength(0);
            }
            socket.request(1);
            return null;
        }

        private void see(String frame, long now) {
            if (frame.startsWith("{\"type\":\"connected\"")) {
                connected.countDown();
            }
            int at = frame.indexOf(NAME);
            if (at >= 0) {
                int from = at + NAME.length();
                int write = Integer.parseInt(frame.substring(from, frame.indexOf('"', from)));
                framed.set(write, now);
                framedAt.set(write, Instant.now());
                frames.countDown();
            }
        }

        Histogram fromRequest() {
            return from(sent);
        }

        /** To be read when all frames have come. */
        Histogram fromCommit(Connection connection) throws SQLException {
            Histogram times = new Histogram(LONGEST, 3);
            try (PreparedStatement query = connection.prepareStatement("""
                            select substr(name, length('bench ') + 1)::int, pg_xact_commit_timestamp(xmin)
                            from entity where name like 'bench %' and created_at >= ?""")) {
                query.setObject(1, began.atOffset(ZoneOffset.UTC));
                try (ResultSet rows = query.executeQuery()) {
                    while (rows.next()) {
                        Instant committed =
                                rows.getObject(2, OffsetDateTime.class).toInstant();
                        long way = Duration.between(committed, framedAt.get(rows.getInt(1)))
                                .toNanos();
                        times.recordValue(Math.min(LONGEST, Math.max(0, way)));
                    }
                }
            }
            return times;
        }

        Histogram fromAnswer() {
            return from(answered);
        }

        private Histogram from(AtomicLongArray starts) {
            Histogram times = new Histogram(LONGEST, 3);
            for (int n = 0; n < starts.length(); n++) {
                times.recordValue(Math.min(LONGEST, Math.max(0, framed.get(n) - starts.get(n))));
            }
            return times;
        }
    }
}
