package dev.bellhop.realtime.delivery;

import com.github.benmanes.caffeine.cache.AsyncCache;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.bellhop.realtime.log.Hints;
import dev.bellhop.realtime.log.SpanLog;
import dev.bellhop.realtime.log.SpanStore;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The other nodes on the same log. Tells them how far it reaches now, as a hint beside the look at the log that each takes anyway;
 * asks them to send connections away; and knows who is connected to them. On a node that is alone all of it costs nothing.
 * Thread-safe.
 */
public final class Cluster {
    /** How long the answers of the others may take. */
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    /** After which an order is said again to those that did not answer. */
    private static final Duration REPEAT = Duration.ofMillis(250);

    private static final Duration ORDERS_REMEMBERED = Duration.ofMinutes(1);

    /** For how long who is elsewhere is not asked again for the figures of live dashboards. */
    private static final Duration FIGURES_KEPT = Duration.ofMillis(500);

    private static final Logger log = LoggerFactory.getLogger(Cluster.class);

    /**
     * Connections that have to go.
     *
     * @param orgId empty for any organisation
     * @param byUser whether the id is that of a user, or else of a connection
     * @param id without a space
     */
    public record Kick(Optional<UUID> orgId, boolean byUser, String id) {}

    /**
     * What became of an order.
     *
     * @param closed connections of other nodes
     * @param complete whether every node answered
     */
    public record Obeyed(int closed, boolean complete) {}

    /** An order that waits for answers. */
    private static final class Pending {
        final CompletableFuture<Obeyed> answer = new CompletableFuture<>();
        /** Guarded by this. */
        final Set<UUID> unanswered = new HashSet<>();

        private int closed;

        synchronized void answered(UUID node, int connections) {
            if (unanswered.remove(node)) {
                closed += connections;
                if (unanswered.isEmpty()) {
                    answer.complete(new Obeyed(closed, true));
                }
            }
        }

        /** @param living nodes whose answer still counts */
        synchronized void timedOut(Set<UUID> living) {
            unanswered.retainAll(living);
            answer.complete(new Obeyed(closed, unanswered.isEmpty()));
        }
    }

    private final Hints hints;
    private final SpanLog spans;
    private final NodeThreads threads;
    private final ExecutorService sender;
    private final String node;

    private final ConcurrentHashMap<UUID, Long> heads = new ConcurrentHashMap<>();
    private final ConcurrentLinkedQueue<String> words = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean sending = new AtomicBoolean();
    private final ConcurrentHashMap<UUID, Pending> orders = new ConcurrentHashMap<>();
    /** How many went by an order, so that one that is said twice is answered the same. */
    private final Cache<UUID, Integer> obeyed =
            Caffeine.newBuilder().expireAfterWrite(ORDERS_REMEMBERED).build();

    private final AsyncCache<UUID, List<SpanStore.Open>> recent;

    /** Set before anything is heard. */
    private BiConsumer<UUID, Long> logReaches;

    private ToIntFunction<Kick> kick;

    public Cluster(Hints hints, SpanLog spans, NodeThreads threads) {
        this.hints = hints;
        this.spans = spans;
        this.threads = threads;
        this.sender = NodeThreads.single("hints-sender");
        this.node = spans.node().toString();
        this.recent = Caffeine.newBuilder()
                .expireAfterWrite(FIGURES_KEPT)
                .executor(threads.reader())
                .buildAsync();
    }

    /**
     * Begins to hear the others.
     *
     * @param logReaches told of an organisation's log that reaches at least that far; must not block
     * @param kick sends connections of this node away and says how many; must not block
     */
    public void start(BiConsumer<UUID, Long> logReaches, ToIntFunction<Kick> kick) {
        this.logReaches = logReaches;
        this.kick = kick;
        hints.listen(this::hear);
        announce("begins");
    }

    /** Lets the others look at the leases at once, not at their next turn. */
    private void announce(String what) {
        words.add("node " + node + ' ' + what);
        send();
    }

    /** The lease was given up. */
    public void leave() {
        announce("ends");
        sender.shutdown();
        try {
            if (!sender.awaitTermination(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
                log.info("the other nodes were not told of the end");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    // ---- how far the log reaches ----

    /** The log reaches that far. What is appended while a hint is on its way goes into the next one. */
    public void appended(UUID orgId, long head) {
        if (spans.others().isEmpty()) {
            return;
        }
        heads.merge(orgId, head, Math::max);
        send();
    }

    private void send() {
        if (sending.compareAndSet(false, true)) {
            sender.execute(this::sendWaiting);
        }
    }

    private void sendWaiting() {
        sending.set(false); // what comes from here on starts another round
        try {
            for (String text = words.poll(); text != null; text = words.poll()) {
                hints.say(text);
            }
            StringBuilder text = new StringBuilder("log ").append(node);
            for (UUID orgId : List.copyOf(heads.keySet())) {
                Long head = heads.remove(orgId);
                if (head != null) {
                    text.append(' ').append(orgId).append(':').append(head);
                }
                if (text.length() > Hints.MAX_BYTES - 100) {
                    hints.say(text.toString());
                    text = new StringBuilder("log ").append(node);
                }
            }
            if (text.indexOf(":") > 0) {
                hints.say(text.toString());
            }
        } catch (RuntimeException failure) {
            log.debug("a hint was not sent; the others look at the log anyway", failure);
        }
    }

    // ---- orders ----

    /** Sends connections of the other nodes away. Completes within two seconds. */
    public CompletableFuture<Obeyed> kickElsewhere(Kick order) {
        UUID id = UUID.randomUUID();
        Pending pending = new Pending();
        pending.unanswered.addAll(others());
        if (pending.unanswered.isEmpty()) {
            return CompletableFuture.completedFuture(new Obeyed(0, true));
        }
        String text = String.join(
                " ",
                "kick",
                node,
                id.toString(),
                order.orgId().map(UUID::toString).orElse("-"),
                order.byUser() ? "user" : "connection",
                order.id());
        if (text.getBytes(StandardCharsets.UTF_8).length > Hints.MAX_BYTES) {
            throw new IllegalArgumentException("an id this long belongs to nobody");
        }
        orders.put(id, pending);
        Runnable say = () -> {
            words.add(text);
            send();
        };
        say.run();
        Timer.Task repeat = threads.timer().every(REPEAT, say);
        Timer.Task end = threads.timer().after(PATIENCE, () -> pending.timedOut(others()));
        return pending.answer.whenComplete((done, failure) -> {
            repeat.cancel();
            end.cancel();
            orders.remove(id);
        });
    }

    private Set<UUID> others() {
        return spans.others().stream().map(SpanStore.Lease::node).collect(Collectors.toSet());
    }

    // ---- what the others say ----

    private void hear(String text) {
        String[] parts = text.split(" ", -1);
        if (parts.length < 3 || parts[1].equals(node)) {
            return;
        }
        try {
            switch (parts[0]) {
                case "node" -> threads.reader().execute(spans::renew);
                case "log" -> hearLog(parts);
                case "kick" -> hearKick(parts);
                case "kicked" ->
                    Optional.ofNullable(orders.get(UUID.fromString(parts[2])))
                            .ifPresent(order -> order.answered(UUID.fromString(parts[1]), Integer.parseInt(parts[3])));
                default -> log.debug("a word of another version was not understood: {}", parts[0]);
            }
        } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
            log.warn("not a word of a node: {}", parts[0]);
        } catch (RuntimeException fault) {
            log.error("what another node said was not done word={}", parts[0], fault);
        }
    }

    private void hearLog(String[] parts) {
        for (int i = 2; i < parts.length; i++) {
            int colon = parts[i].indexOf(':');
            logReaches.accept(
                    UUID.fromString(parts[i].substring(0, colon)), Long.parseLong(parts[i].substring(colon + 1)));
        }
    }

    private void hearKick(String[] parts) {
        UUID id = UUID.fromString(parts[2]);
        Optional<UUID> orgId = parts[3].equals("-") ? Optional.empty() : Optional.of(UUID.fromString(parts[3]));
        Kick order = new Kick(orgId, parts[4].equals("user"), parts[5]);
        int closed = obeyed.get(id, first -> kick.applyAsInt(order));
        words.add(String.join(" ", "kicked", node, id.toString(), Integer.toString(closed)));
        send();
    }

    // ---- who is elsewhere ----

    /** Events that the other nodes handed to connections since they started. */
    public long deliveriesElsewhere() {
        return spans.others().stream().mapToLong(SpanStore.Lease::deliveries).sum();
    }

    /**
     * Who is connected to other nodes, as of about half a second ago.
     *
     * @param orgId empty for all organisations
     */
    public CompletableFuture<List<SpanStore.Open>> elsewhere(Optional<UUID> orgId) {
        return spans.others().isEmpty()
                ? CompletableFuture.completedFuture(List.of())
                : CompletableFuture.supplyAsync(() -> spans.elsewhere(orgId), threads.reader());
    }

    /** As {@link #elsewhere} of one organisation; asked again and again it reads the store twice a second at most. */
    public CompletableFuture<List<SpanStore.Open>> recentlyElsewhere(UUID orgId) {
        return spans.others().isEmpty()
                ? CompletableFuture.completedFuture(List.of())
                : recent.get(orgId, org -> spans.elsewhere(Optional.of(org)));
    }
}
