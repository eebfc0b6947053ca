package dev.bellhop.torture;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.model.security.Principal;
import dev.bellhop.model.security.Role;
import dev.bellhop.model.security.Tokens;
import dev.bellhop.torture.history.HistoryWriter;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/** All clients of a run, as many at any time, and what they have in common. */
final class Clients implements AutoCloseable {
    /** Of a hundred clients so many are of the hot organisation. */
    private static final int HOT_SHARE = 60;

    private static final Duration SHORTEST_TOKEN = Duration.ofSeconds(25);
    private static final Duration LONGEST_TOKEN = Duration.ofSeconds(90);

    /** So often each, of twenty. */
    private static final List<Client.Behaviour> MIX = List.of(
            Client.Behaviour.STEADY,
            Client.Behaviour.DROPS,
            Client.Behaviour.MOVES,
            Client.Behaviour.STEADY,
            Client.Behaviour.REFRESHES,
            Client.Behaviour.DROPS,
            Client.Behaviour.FORGETS,
            Client.Behaviour.HALF_OPEN,
            Client.Behaviour.STEADY,
            Client.Behaviour.MOVES,
            Client.Behaviour.SLOW,
            Client.Behaviour.DROPS,
            Client.Behaviour.STEADY,
            Client.Behaviour.REFRESHES,
            Client.Behaviour.RELOADS,
            Client.Behaviour.STEADY,
            Client.Behaviour.DROPS,
            Client.Behaviour.MOVES,
            Client.Behaviour.HALF_OPEN,
            Client.Behaviour.SLOW);

    /** @param version of the membership that it was made at */
    record Token(String text, long version) {}

    private final EventLoop loop = new EventLoop();
    private final World world;
    private final Cluster cluster;
    private final HistoryWriter history;
    private final Chance chance;
    private final Tokens tokens;
    private final int sampleOneOf;
    private final ExecutorService tokenDesk = Executors.newSingleThreadExecutor(task -> new Thread(task, "tokens"));
    /** Touched by the token desk only; null until it is needed. */
    private Connection database;

    /** Touched by the loop only, as are the following ones. */
    private final List<Client> all = new ArrayList<>();

    private int numbers;
    private int sessions;
    private boolean finishing;
    private final Map<String, Integer> resets = new TreeMap<>();
    private final Map<String, Integer> endings = new TreeMap<>();
    private final Map<String, Integer> refusals = new TreeMap<>();
    private final List<String> faults = new ArrayList<>();

    private final AtomicLong deliveries = new AtomicLong();
    private final AtomicLong duplicates = new AtomicLong();

    /** @param sampleOneOf of so many clients one keeps what it is told, to compare it in the end */
    Clients(World world, Cluster cluster, HistoryWriter history, Chance chance, int sampleOneOf) {
        this.world = world;
        this.cluster = cluster;
        this.history = history;
        this.chance = chance;
        this.tokens = cluster.tokens();
        this.sampleOneOf = sampleOneOf;
    }

    /** Seven of ten by WebSocket, the others by server-sent events. */
    void start(int count) {
        loop.start();
        loop.execute(() -> {
            for (int i = 0; i < count; i++) {
                World.Org org = hotTurn(i)
                        ? world.hot()
                        : world.orgs().get(1 + i % (world.orgs().size() - 1));
                World.User user = org.users().get(i / 2 % org.users().size());
                Client.Kind kind = i % 10 < 7 ? Client.Kind.WS : Client.Kind.SSE;
                Client.Behaviour behaviour = MIX.get(i * 7 % MIX.size());
                Client client = new Client(numbers++, user, kind, behaviour, extraRooms(user, behaviour), this);
                all.add(client);
                loop.after(Duration.ofMillis(10L * i), client::connect);
            }
        });
    }

    private static boolean hotTurn(int i) {
        return i * 37 % 100 < HOT_SHARE;
    }

    private List<String> extraRooms(World.User user, Client.Behaviour behaviour) {
        if (!user.role().seesAllProperties() || behaviour == Client.Behaviour.MOVES) {
            return List.of();
        }
        String room = chance.of(joinable(user));
        return chance.perMille(500) ? List.of(room) : List.of();
    }

    /** Rooms that HR may ask for; to others the same names are refused, or theirs anyway. */
    static List<String> joinable(World.User user) {
        List<String> rooms = new ArrayList<>();
        user.org().departments().forEach(id -> rooms.add("department-" + id));
        user.org().properties().forEach(property -> rooms.add("property-" + property.id()));
        return rooms;
    }

    EventLoop loop() {
        return loop;
    }

    World world() {
        return world;
    }

    HistoryWriter history() {
        return history;
    }

    Chance chance() {
        return chance;
    }

    int nodes() {
        return cluster.clientRoutes().size();
    }

    InetSocketAddress address(int node) {
        return cluster.clientRoutes().get(node).address();
    }

    int nextSession() {
        return sessions++;
    }

    /** Whether a client keeps every entity that it is told of. */
    boolean isSampled(int client) {
        return client % sampleOneOf == 0;
    }

    int foreignCanaries(World.User user) {
        return world.foreignCanaries(user);
    }

    /** As a login would: what the database says now. Answers on the loop; with nothing for who is no active member. */
    void token(World.User user, Consumer<Optional<Token>> answer) {
        tokenDesk.execute(() -> issue(user, answer));
    }

    private void issue(World.User user, Consumer<Optional<Token>> answer) {
        try {
            Optional<Token> token = query(user);
            loop.execute(() -> answer.accept(token));
        } catch (SQLException down) {
            forgetDatabase();
            retry(user, answer);
        }
    }

    /** Whoever waits behind it would fare no better. */
    private void retry(World.User user, Consumer<Optional<Token>> answer) {
        try {
            TimeUnit.MILLISECONDS.sleep(300);
            tokenDesk.execute(() -> issue(user, answer));
        } catch (InterruptedException | RejectedExecutionException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    private void forgetDatabase() {
        try {
            if (database != null) {
                database.close();
            }
        } catch (SQLException gone) {
            // Nothing is lost with a connection that only reads.
        }
        database = null;
    }

    private Optional<Token> query(World.User user) throws SQLException {
        if (database == null) {
            database = cluster.postgres().connect();
        }
        try (PreparedStatement statement = database.prepareStatement("""
                select m.role, m.department_id, m.ver,
                       array(select p.property_id from api.member_property p
                             where p.org_id = m.org_id and p.member_id = m.id order by 1)
                from api.member m join api.organization o on o.id = m.org_id
                where m.org_id = ? and m.id = ? and m.status = 'active' and o.status = 'active'""")) {
            statement.setObject(1, user.org().id());
            statement.setObject(2, user.id());
            try (ResultSet row = statement.executeQuery()) {
                return row.next() ? Optional.of(token(user, row)) : Optional.empty();
            }
        }
    }

    private Token token(World.User user, ResultSet row) throws SQLException {
        UUID[] properties = (UUID[]) row.getArray(4).getArray();
        String department = row.getString(2);
        long version = row.getLong(3);
        Instant now = Instant.now();
        Principal principal = new Principal(
                user.id().toString(),
                Optional.of(user.org().id()),
                Role.valueOf(row.getString(1)),
                "user",
                Arrays.stream(properties).map(UUID::toString).toList(),
                department == null ? List.of() : List.of(department),
                Optional.empty(),
                version,
                UUID.randomUUID().toString(),
                now,
                now.plus(chance.between(SHORTEST_TOKEN, LONGEST_TOKEN)));
        return new Token(tokens.issue(principal), version);
    }

    // ---- told by the clients ----

    void delivered(JsonNode frame) {
        deliveries.incrementAndGet();
    }

    void duplicate() {
        duplicates.incrementAndGet();
    }

    void reset(String reason) {
        resets.merge(String.valueOf(reason), 1, Integer::sum);
    }

    void ended(int code, String reason) {
        endings.merge(code + " " + reason, 1, Integer::sum);
    }

    void refusal(String code) {
        refusals.merge(code, 1, Integer::sum);
    }

    void fault(String what) {
        faults.add(what);
    }

    /** Somebody new in the place of one who is gone. */
    void replace(Client gone, Duration absence) {
        all.remove(gone);
        if (finishing) {
            return;
        }
        loop.after(
                absence,
                () -> token(gone.user(), token -> {
                    if (finishing) {
                        return;
                    }
                    if (token.isEmpty()) {
                        loop.after(Duration.ofMillis(500), () -> replace(gone, Duration.ZERO));
                        return;
                    }
                    Client next = new Client(
                            numbers++,
                            gone.user(),
                            gone.kind(),
                            gone.behaviour(),
                            extraRooms(gone.user(), gone.behaviour()),
                            this);
                    all.add(next);
                    next.connect();
                }));
    }

    // ---- the end ----

    /**
     * Every client connects a last time and reads to the head of its log.
     *
     * @param heads by organisation
     * @return those that did not get there in time
     */
    List<String> finish(Map<UUID, Long> heads, Duration patience) throws InterruptedException, TortureFailure {
        loop.execute(() -> {
            finishing = true;
            List.copyOf(all)
                    .forEach(client ->
                            client.finish(heads.get(client.user().org().id())));
        });
        long end = System.nanoTime() + patience.toNanos();
        List<String> late = unfinished();
        while (!late.isEmpty() && System.nanoTime() < end) {
            TimeUnit.MILLISECONDS.sleep(50);
            late = unfinished();
        }
        return late;
    }

    private List<String> unfinished() throws InterruptedException, TortureFailure {
        return onLoop(() -> all.stream()
                .filter(client -> !client.isFinished())
                .map(Client::toString)
                .toList());
    }

    /** Writes down what each of them holds, and ends them. */
    void conclude() throws InterruptedException, TortureFailure {
        onLoop(() -> {
            all.forEach(Client::conclude);
            return true;
        });
    }

    private <T> T onLoop(java.util.function.Supplier<T> question) throws InterruptedException, TortureFailure {
        CompletableFuture<T> answer = new CompletableFuture<>();
        loop.execute(() -> answer.complete(question.get()));
        long end = System.nanoTime() + Duration.ofSeconds(10).toNanos();
        while (!answer.isDone()) {
            requireAlive();
            if (System.nanoTime() > end) {
                throw new TortureFailure("The clients' thread does not answer.");
            }
            TimeUnit.MILLISECONDS.sleep(1);
        }
        return answer.join();
    }

    /** @throws TortureFailure when the clients' thread has died */
    void requireAlive() throws TortureFailure {
        if (loop.failure() != null) {
            throw new TortureFailure("The clients' thread failed: " + loop.failure(), loop.failure());
        }
    }

    long deliveries() {
        return deliveries.get();
    }

    long duplicates() {
        return duplicates.get();
    }

    /** After the end only: the loop does not write them any more. */
    Map<String, Integer> resets() throws InterruptedException, TortureFailure {
        return onLoop(() -> new TreeMap<>(resets));
    }

    Map<String, Integer> endings() throws InterruptedException, TortureFailure {
        return onLoop(() -> new TreeMap<>(endings));
    }

    Map<String, Integer> refusals() throws InterruptedException, TortureFailure {
        return onLoop(() -> new TreeMap<>(refusals));
    }

    /** What the server said that is not of the protocol. */
    List<String> faults() throws InterruptedException, TortureFailure {
        return onLoop(() -> List.copyOf(faults));
    }

    int connected() throws InterruptedException, TortureFailure {
        return onLoop(() -> (int) all.stream().filter(Client::isConnected).count());
    }

    @Override
    public void close() throws IOException {
        tokenDesk.shutdownNow();
        loop.close();
    }
}
