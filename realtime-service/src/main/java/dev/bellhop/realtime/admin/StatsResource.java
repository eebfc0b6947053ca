package dev.bellhop.realtime.admin;

import dev.bellhop.model.problem.Problem;
import dev.bellhop.model.security.Principal;
import dev.bellhop.model.security.Role;
import dev.bellhop.model.wire.RoomName;
import dev.bellhop.realtime.connections.Connections;
import dev.bellhop.realtime.delivery.DeliveryMeter;
import dev.bellhop.realtime.delivery.OrgStreams;
import dev.bellhop.realtime.delivery.Subscriber;
import dev.bellhop.realtime.http.Authentication;
import io.javalin.http.Context;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;

/** {@code GET /ws/stats} and {@code GET /ws/rooms}, and the figures of {@code get_stats}. */
public final class StatsResource {
    /**
     * Of one organisation, or of all for a service.
     *
     * @param users distinct people, null over all organisations
     * @param position of the log that was delivered last, null over all organisations
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

    public record RoomMembers(String room, int connections, List<Subscriber.Who> members) {}

    public record RoomList(List<Room> items) {}

    private final Authentication authentication;
    private final Connections connections;
    private final OrgStreams streams;
    private final DeliveryMeter meter;
    private final Clock clock;
    private final Instant startedAt;

    public StatsResource(
            Authentication authentication,
            Connections connections,
            OrgStreams streams,
            DeliveryMeter meter,
            Clock clock) {
        this.authentication = authentication;
        this.connections = connections;
        this.streams = streams;
        this.meter = meter;
        this.clock = clock;
        this.startedAt = clock.instant();
    }

    public void stats(Context ctx) {
        Principal caller = authentication.require(ctx, Role.HR, Role.ADMIN, Role.SERVICE);
        ctx.json(caller.orgId().map(this::of).orElseGet(this::ofAll));
    }

    public Stats of(UUID orgId) {
        return new Stats(
                connections.count(Optional.of(orgId)),
                connections.users(orgId),
                streams.roomSizes(orgId).size(),
                streams.positions().get(orgId),
                null,
                uptime(),
                clock.instant());
    }

    private Stats ofAll() {
        long rooms = streams.positions().keySet().stream()
                .mapToLong(orgId -> streams.roomSizes(orgId).size())
                .sum();
        return new Stats(
                connections.count(Optional.empty()), null, rooms, null, meter.deliveries(), uptime(), clock.instant());
    }

    private long uptime() {
        return Duration.between(startedAt, clock.instant()).toSeconds();
    }

    public void rooms(Context ctx) {
        Principal caller = authentication.require(ctx, Role.HR, Role.ADMIN, Role.SERVICE);
        Stream<Room> rooms = caller.orgId()
                .map(orgId -> rooms(orgId, null))
                .orElseGet(() -> streams.positions().keySet().stream().flatMap(orgId -> rooms(orgId, orgId)));
        ctx.json(new RoomList(rooms.toList()));
    }

    /** Who is in one room of the caller's organisation. */
    public void room(Context ctx) {
        Principal caller = authentication.require(ctx, Role.HR, Role.ADMIN);
        RoomName room = RoomName.parse(ctx.pathParam("room")).orElseThrow(Problem::notFound);
        ctx.future(() -> streams.members(caller.org(), room).thenAccept(members -> {
            if (members.isEmpty()) {
                throw Problem.notFound(); // a room is there while it has a member
            }
            ctx.json(new RoomMembers(room.toString(), members.size(), members));
        }));
    }

    private Stream<Room> rooms(UUID orgId, UUID shown) {
        return streams.roomSizes(orgId).entrySet().stream()
                .sorted(Map.Entry.comparingByKey(java.util.Comparator.comparing(RoomName::toString)))
                .map(entry -> new Room(shown, entry.getKey().toString(), entry.getValue()));
    }
}
