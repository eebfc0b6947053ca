package dev.bellhop.realtime.admin;

import dev.bellhop.model.problem.Problem;
import dev.bellhop.model.security.Principal;
import dev.bellhop.model.security.Role;
import dev.bellhop.model.wire.RoomName;
import dev.bellhop.realtime.connections.Connections;
import dev.bellhop.realtime.delivery.Cluster;
import dev.bellhop.realtime.delivery.DeliveryMeter;
import dev.bellhop.realtime.delivery.OrgStreams;
import dev.bellhop.realtime.delivery.Subscriber;
import dev.bellhop.realtime.http.Authentication;
import dev.bellhop.realtime.log.SpanStore;
import io.javalin.http.Context;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** {@code GET /ws/stats} and {@code GET /ws/rooms}, and the figures of {@code get_stats}, of all nodes together. */
public final class StatsResource {
    /**
     * Of one organisation, or of all for a service.
     *
     * @param users distinct people, null over all organisations
     * @param position of the log that this node delivered last, null over all organisations
     * @param deliveries events handed to connections since the start, over all organisations; null for one
     */
    @com.fasterxml.jackson.annotation.JsonInclude(com.fasterxml.jackson.annotation.JsonInclude.Include.NON_NULL)
    public record Stats(
            long connections,
            Long users,
            long rooms,
            Long position,
            Long deliveries,
            long uptimeS,
            Instant serverTime) {}

    /** @param orgId null where the caller sees one organisation only */
    @com.fasterxml.jackson.annotation.JsonInclude(com.fasterxml.jackson.annotation.JsonInclude.Include.NON_NULL)
    public record Room(UUID orgId, String room, int connections) {}

    /** @param orgId null where the caller sees one organisation only */
    @com.fasterxml.jackson.annotation.JsonInclude(com.fasterxml.jackson.annotation.JsonInclude.Include.NON_NULL)
    public record RoomMember(UUID orgId, String connectionId, String userId, String name, Instant since) {}

    public record RoomMembers(String room, int connections, List<RoomMember> members) {}

    public record RoomList(List<Room> items) {}

    private final Authentication authentication;
    private final Connections connections;
    private final OrgStreams streams;
    private final Cluster cluster;
    private final DeliveryMeter meter;
    private final Clock clock;
    private final Instant startedAt;

    public StatsResource(
            Authentication authentication,
            Connections connections,
            OrgStreams streams,
            Cluster cluster,
            DeliveryMeter meter,
            Clock clock) {
        this.authentication = authentication;
        this.connections = connections;
        this.streams = streams;
        this.cluster = cluster;
        this.meter = meter;
        this.clock = clock;
        this.startedAt = clock.instant();
    }

    public void stats(Context ctx) {
        Principal caller = authentication.require(ctx, Role.HR, Role.ADMIN, Role.SERVICE);
        ctx.future(() -> cluster.elsewhere(caller.orgId())
                .thenAccept(elsewhere -> ctx.json(
                        caller.orgId().map(orgId -> of(orgId, elsewhere)).orElseGet(() -> ofAll(elsewhere)))));
    }

    /** Hands on the figures of an organisation when they are there; those of other nodes may be a moment old. */
    public void tell(UUID orgId, Consumer<Object> then) {
        CompletableFuture<?> unused = cluster.recentlyElsewhere(orgId)
                .exceptionally(failure -> List.of()) // better the figures of this node than none
                .thenAccept(elsewhere -> then.accept(of(orgId, elsewhere)));
    }

    private Stats of(UUID orgId, List<SpanStore.Open> elsewhere) {
        Set<String> users = new HashSet<>(connections.users(orgId));
        elsewhere.forEach(open -> users.add(open.userId()));
        return new Stats(
                connections.count(Optional.of(orgId)) + elsewhere.size(),
                (long) users.size(),
                sizes(orgId, elsewhere).size(),
                streams.positions().get(orgId),
                null,
                uptime(),
                clock.instant());
    }

    /** Rooms of one organisation that have a member on any node, by name. */
    private Map<String, Integer> sizes(UUID orgId, List<SpanStore.Open> elsewhere) {
        Map<String, Integer> sizes = new TreeMap<>();
        streams.roomSizes(orgId).forEach((room, size) -> sizes.put(room.toString(), size));
        for (SpanStore.Open open : elsewhere) {
            if (open.orgId().equals(orgId)) {
                open.rooms().forEach(room -> sizes.merge(room, 1, Integer::sum));
            }
        }
        return sizes;
    }

    private Set<UUID> organisations(List<SpanStore.Open> elsewhere) {
        Set<UUID> all = new TreeSet<>(streams.positions().keySet());
        elsewhere.forEach(open -> all.add(open.orgId()));
        return all;
    }

    private Stats ofAll(List<SpanStore.Open> elsewhere) {
        long rooms = organisations(elsewhere).stream()
                .mapToLong(orgId -> sizes(orgId, elsewhere).size())
                .sum();
        return new Stats(
                connections.count(Optional.empty()) + elsewhere.size(),
                null,
                rooms,
                null,
                meter.deliveries() + cluster.deliveriesElsewhere(),
                uptime(),
                clock.instant());
    }

    private long uptime() {
        return Duration.between(startedAt, clock.instant()).toSeconds();
    }

    public void rooms(Context ctx) {
        Principal caller = authentication.require(ctx, Role.HR, Role.ADMIN, Role.SERVICE);
        ctx.future(() -> cluster.elsewhere(caller.orgId()).thenAccept(elsewhere -> {
            Stream<Room> rooms = caller.orgId()
                    .map(orgId -> rooms(orgId, null, elsewhere))
                    .orElseGet(
                            () -> organisations(elsewhere).stream().flatMap(orgId -> rooms(orgId, orgId, elsewhere)));
            ctx.json(new RoomList(rooms.toList()));
        }));
    }

    private Stream<Room> rooms(UUID orgId, UUID shown, List<SpanStore.Open> elsewhere) {
        return sizes(orgId, elsewhere).entrySet().stream()
                .map(entry -> new Room(shown, entry.getKey(), entry.getValue()));
    }

    /** Who is in one room of the caller's organisation, or, for a service, in the room of that name of each one. */
    public void room(Context ctx) {
        Principal caller = authentication.require(ctx, Role.HR, Role.ADMIN, Role.SERVICE);
        RoomName room = RoomName.parse(ctx.pathParam("room")).orElseThrow(Problem::notFound);
        ctx.future(() -> cluster.elsewhere(caller.orgId())
                .thenCompose(elsewhere -> members(caller, room, elsewhere))
                .thenAccept(members -> {
                    if (members.isEmpty()) {
                        throw Problem.notFound(); // a room is there while it has a member
                    }
                    ctx.json(new RoomMembers(room.toString(), members.size(), members));
                }));
    }

    private CompletableFuture<List<RoomMember>> members(
            Principal caller, RoomName room, List<SpanStore.Open> elsewhere) {
        boolean ofAll = caller.orgId().isEmpty();
        CompletableFuture<List<RoomMember>> members = CompletableFuture.completedFuture(elsewhere.stream()
                .filter(open -> open.rooms().contains(room.toString()))
                .map(open -> new RoomMember(
                        ofAll ? open.orgId() : null,
                        open.connectionId(),
                        open.userId(),
                        open.name(),
                        open.connectedAt()))
                .toList());
        for (UUID orgId : ofAll ? streams.positions().keySet() : Set.of(caller.org())) {
            members = members.thenCombine(
                    streams.members(orgId, room),
                    (others, here) -> Stream.concat(
                                    here.stream().map(who -> member(ofAll ? orgId : null, who)), others.stream())
                            .toList());
        }
        return members;
    }

    private static RoomMember member(UUID orgId, Subscriber.Who who) {
        return new RoomMember(orgId, who.connectionId(), who.userId(), who.name(), who.since());
    }
}
