package dev.bellhop.realtime.log;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.bellhop.model.wire.Json;
import dev.bellhop.model.wire.RoomName;
import io.lettuce.core.Range;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.api.async.RedisAsyncCommands;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * Spans and leases in Redis: a hash for each span, which goes by itself a day after it was last written; a list of them for each
 * user; and for each organisation a hash of those that are open. Times of leases are those of the server.
 */
final class RedisSpans implements SpanStore {
    private static final String NODES = "bellhop:nodes";
    private static final Duration KEPT = Duration.ofHours(25);

    /** What is written of a span when it begins: for its user's history, and among the open ones of its organisation. */
    record Begun(
            UUID node,
            Open connection,
            List<String> properties,
            List<String> departments,
            long fromPosition,
            boolean resumed,
            Instant startedAt) {
        static Begun of(UUID node, Span span) {
            Open connection = new Open(
                    span.orgId(),
                    span.connectionId(),
                    span.principal().userId(),
                    span.name(),
                    span.principal().role().name(),
                    span.transport(),
                    span.address(),
                    span.connectedAt(),
                    span.rooms().stream().map(RoomName::toString).toList());
            return new Begun(
                    node,
                    connection,
                    span.principal().properties(),
                    span.principal().departments(),
                    span.fromPosition(),
                    span.resumed(),
                    span.startedAt());
        }
    }

    /** @param aliveAt microseconds of the server's clock */
    record Node(long aliveAt, boolean stopped, long deliveries) {}

    private final Redis redis;

    RedisSpans(Redis redis) {
        this.redis = redis;
    }

    private static String spanKey(UUID orgId, UUID span) {
        return RedisEventLog.key(orgId, "span:" + span);
    }

    private static String userKey(UUID orgId, String userId) {
        return RedisEventLog.key(orgId, "spans:" + userId);
    }

    private static String openKey(UUID orgId) {
        return RedisEventLog.key(orgId, "open");
    }

    @Override
    public List<Lease> renew(UUID node, long deliveries) {
        long now = microseconds();
        redis.calls().hset(NODES, node.toString(), Json.text(new Node(now, false, deliveries)));
        List<Lease> others = new ArrayList<>();
        living(now).forEach((id, found) -> {
            if (!id.equals(node)) {
                others.add(new Lease(id, found.deliveries()));
            }
        });
        return others;
    }

    private long microseconds() {
        List<String> time = redis.calls().time();
        return Long.parseLong(time.get(0)) * 1_000_000 + Long.parseLong(time.get(1));
    }

    private Map<UUID, Node> living(long now) {
        Map<UUID, Node> living = nodes();
        living.values().removeIf(node -> node.stopped() || isGone(node, now));
        return living;
    }

    private static boolean isGone(Node node, long now) {
        return now - node.aliveAt() >= LEASE.toMillis() * 1000;
    }

    private Map<UUID, Node> nodes() {
        Map<UUID, Node> nodes = new HashMap<>();
        redis.calls().hgetall(NODES).forEach((id, text) -> nodes.put(UUID.fromString(id), read(text, Node.class)));
        return nodes;
    }

    private static <T> T read(String json, Class<T> shape) {
        try {
            return Json.read(json, shape);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("Redis holds what this service did not write", e);
        }
    }

    @Override
    public void giveUp(UUID node) {
        Optional.ofNullable(redis.calls().hget(NODES, node.toString()))
                .map(text -> read(text, Node.class))
                .ifPresent(last -> redis.calls()
                        .hset(NODES, node.toString(), Json.text(new Node(last.aliveAt(), true, last.deliveries()))));
    }

    @Override
    public void write(UUID node, List<Span> begun, List<Span.End> ended) {
        RedisAsyncCommands<String, String> pipeline = redis.pipeline();
        List<RedisFuture<?>> answers = new ArrayList<>();
        for (Span span : begun) {
            String key = spanKey(span.orgId(), span.id());
            String ofUser = userKey(span.orgId(), span.principal().userId());
            long startedMs = span.startedAt().toEpochMilli();
            String text = Json.text(Begun.of(node, span));
            answers.add(pipeline.hset(key, "begun", text));
            answers.add(pipeline.expire(key, KEPT));
            answers.add(pipeline.zadd(ofUser, (double) startedMs, span.id().toString()));
            answers.add(pipeline.zremrangebyscore(ofUser, Range.create(0L, startedMs - 2 * KEPT.toMillis())));
            answers.add(pipeline.expire(ofUser, KEPT.multipliedBy(2)));
            answers.add(pipeline.hset(openKey(span.orgId()), span.id().toString(), text));
            answers.add(pipeline.sadd(RedisEventLog.ORGANISATIONS, span.orgId().toString()));
        }
        for (Span.End end : ended) {
            String key = spanKey(end.orgId(), end.id());
            answers.add(pipeline.hset(key, "ended", Json.text(end)));
            answers.add(pipeline.expire(key, KEPT));
            answers.add(pipeline.hdel(openKey(end.orgId()), end.id().toString()));
        }
        answers.forEach(RedisEventLog::answered);
    }

    @Override
    public void endAllBut(UUID node, Set<UUID> open) {
        removeOpen((span, entry) -> entry.node().equals(node) && !open.contains(span));
    }

    private interface OpenTest {
        boolean test(UUID span, Begun entry);
    }

    private void removeOpen(OpenTest doomed) {
        for (UUID orgId : organisations(Optional.empty())) {
            redis.calls().hgetall(openKey(orgId)).forEach((span, text) -> {
                if (doomed.test(UUID.fromString(span), read(text, Begun.class))) {
                    redis.calls().hdel(openKey(orgId), span);
                }
            });
        }
    }

    private List<UUID> organisations(Optional<UUID> orgId) {
        return orgId.map(List::of)
                .orElseGet(() -> redis.calls().smembers(RedisEventLog.ORGANISATIONS).stream()
                        .map(UUID::fromString)
                        .toList());
    }

    @Override
    public List<Open> open(UUID exceptOf, Optional<UUID> orgId) {
        Map<UUID, Node> living = living(microseconds());
        List<Open> found = new ArrayList<>();
        for (UUID org : organisations(orgId)) {
            for (String text : redis.calls().hvals(openKey(org))) {
                Begun entry = read(text, Begun.class);
                if (!entry.node().equals(exceptOf) && living.containsKey(entry.node())) {
                    found.add(entry.connection());
                }
            }
        }
        return found;
    }

    @Override
    public List<Stored> of(UUID orgId, String userId) {
        long now = microseconds();
        Map<UUID, Node> nodes = nodes();
        return redis.calls().zrange(userKey(orgId, userId), 0, -1).stream()
                .map(span -> redis.calls().hgetall(spanKey(orgId, UUID.fromString(span))))
                .filter(fields -> fields.containsKey("begun"))
                .map(fields -> stored(fields, nodes, now))
                .sorted(Comparator.comparing(Stored::startedAt).thenComparing(Stored::fromPosition))
                .toList();
    }

    private static Stored stored(Map<String, String> fields, Map<UUID, Node> nodes, long now) {
        Begun begun = read(fields.get("begun"), Begun.class);
        Optional<Span.End> end = Optional.ofNullable(fields.get("ended")).map(text -> read(text, Span.End.class));
        Optional<Node> lost = Optional.ofNullable(nodes.get(begun.node())).filter(node -> isGone(node, now));
        return new Stored(
                UUID.fromString(begun.connection().connectionId()),
                begun.connection().role(),
                begun.properties(),
                begun.departments(),
                begun.connection().rooms(),
                begun.fromPosition(),
                begun.resumed(),
                begun.startedAt(),
                end.map(Span.End::toPosition),
                end.map(Span.End::endedAt)
                        .or(() -> lost.map(node -> Instant.EPOCH.plus(node.aliveAt(), ChronoUnit.MICROS))),
                end.map(Span.End::endedBy).or(() -> lost.map(node -> "node_lost")));
    }

    /** Spans go by themselves; what is left to remove are dead nodes and what they left open. */
    @Override
    public int deleteOlderThan(Duration age) {
        long now = microseconds();
        Map<UUID, Node> nodes = nodes();
        removeOpen((span, entry) -> Optional.ofNullable(nodes.get(entry.node()))
                .map(node -> isGone(node, now))
                .orElse(true));
        nodes.forEach((id, node) -> {
            if (now - node.aliveAt() > age.toMillis() * 1000) {
                redis.calls().hdel(NODES, id.toString());
            }
        });
        return 0;
    }
}
