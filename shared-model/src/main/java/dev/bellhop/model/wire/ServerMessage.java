package dev.bellhop.model.wire;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A frame of the server that is not a domain event.
 *
 * @param payload serialised as the envelope's payload
 * @param cursor where the stream of this connection stands, or null where the frame has none
 * @param ref what the client gave its request to tell answers apart, or null
 */
public record ServerMessage(String type, Object payload, Cursor cursor, String ref) {
    /** Names that only the server may say; nobody can publish an event under one of them. */
    public static final Set<String> TYPES = Set.of(
            "connected",
            "caught_up",
            "subscribed",
            "unsubscribed",
            "heartbeat",
            "heartbeat_ack",
            "ping",
            "pong",
            "stats",
            "presence",
            "presence.joined",
            "presence.left",
            "token_expiring",
            "refreshed",
            "error",
            "disconnect",
            "subscribe",
            "unsubscribe",
            "get_stats",
            "refresh");

    /** Limits that a client can plan with; 0 means none. */
    public record Limits(
            int messageBytes, int roomsPerConnection, int messagesPerSecond, int messageBurst, int queueBytes) {}

    public record Connected(
            String connectionId,
            String userId,
            String orgId,
            String role,
            List<RoomName> rooms,
            boolean recovered,
            long replayed,
            @JsonInclude(JsonInclude.Include.NON_NULL) String reason,
            long pingIntervalMs,
            long heartbeatIntervalMs,
            long heartbeatTimeoutMs,
            Instant tokenExpiresAt,
            Limits limits) {}

    /** @param connections 0 for a user who is away for a moment */
    public record PresentUser(String userId, String name, int connections, Instant since) {}

    public record UserName(String userId, String name) {}

    private record Present(String room, List<PresentUser> users, int total) {}

    private record PresenceChange(String room, List<UserName> users) {}

    private record CaughtUp(long replayed) {}

    private record Subscribed(String room) {}

    private record Unsubscribed(String room, String reason) {}

    private record HeartbeatAck(Instant serverTime) {}

    private record Empty() {}

    private record TokenExpiring(Instant expiresAt) {}

    private record Refreshed(Instant tokenExpiresAt) {}

    private record ErrorDetail(ErrorCode code, String message) {}

    private record Disconnect(int code, String reason, boolean reconnect, long retryAfterMs) {}

    /** The record that is the payload of each frame; {@code stats} is not here: its figures belong to the realtime service. */
    public static final Map<String, Class<?>> PAYLOADS = Map.ofEntries(
            Map.entry("connected", Connected.class),
            Map.entry("caught_up", CaughtUp.class),
            Map.entry("subscribed", Subscribed.class),
            Map.entry("unsubscribed", Unsubscribed.class),
            Map.entry("heartbeat_ack", HeartbeatAck.class),
            Map.entry("ping", Empty.class),
            Map.entry("presence", Present.class),
            Map.entry("presence.joined", PresenceChange.class),
            Map.entry("presence.left", PresenceChange.class),
            Map.entry("token_expiring", TokenExpiring.class),
            Map.entry("refreshed", Refreshed.class),
            Map.entry("error", ErrorDetail.class),
            Map.entry("disconnect", Disconnect.class));

    public static ServerMessage connected(Connected payload, Cursor cursor) {
        return new ServerMessage("connected", payload, cursor, null);
    }

    public static ServerMessage caughtUp(long replayed, Cursor cursor, String ref) {
        return new ServerMessage("caught_up", new CaughtUp(replayed), cursor, ref);
    }

    public static ServerMessage subscribed(RoomName room, String ref) {
        return new ServerMessage("subscribed", new Subscribed(room.toString()), null, ref);
    }

    /** @param reason {@code client} or {@code permission_revoked} */
    public static ServerMessage unsubscribed(RoomName room, String reason, String ref) {
        return new ServerMessage("unsubscribed", new Unsubscribed(room.toString(), reason), null, ref);
    }

    public static ServerMessage heartbeatAck(Instant now, String ref) {
        return new ServerMessage("heartbeat_ack", new HeartbeatAck(now), null, ref);
    }

    public static ServerMessage ping(Cursor cursor) {
        return new ServerMessage("ping", new Empty(), cursor, null);
    }

    public static ServerMessage stats(Object figures, String ref) {
        return new ServerMessage("stats", figures, null, ref);
    }

    /** @param total all that are there; the list may hold fewer */
    public static ServerMessage presence(RoomName room, List<PresentUser> users, int total, String ref) {
        return new ServerMessage("presence", new Present(room.toString(), users, total), null, ref);
    }

    public static ServerMessage presenceJoined(RoomName room, List<UserName> users) {
        return new ServerMessage("presence.joined", new PresenceChange(room.toString(), users), null, null);
    }

    public static ServerMessage presenceLeft(RoomName room, List<UserName> users) {
        return new ServerMessage("presence.left", new PresenceChange(room.toString(), users), null, null);
    }

    public static ServerMessage tokenExpiring(Instant expiresAt) {
        return new ServerMessage("token_expiring", new TokenExpiring(expiresAt), null, null);
    }

    public static ServerMessage refreshed(Instant expiresAt, String ref) {
        return new ServerMessage("refreshed", new Refreshed(expiresAt), null, ref);
    }

    public static ServerMessage error(ErrorCode code, String message, String ref) {
        return new ServerMessage("error", new ErrorDetail(code, message), null, ref);
    }

    public static ServerMessage disconnect(CloseCode code, long retryAfterMs) {
        return new ServerMessage(
                "disconnect", new Disconnect(code.code(), code.reason(), code.reconnect(), retryAfterMs), null, null);
    }
}
