package dev.bellhop.realtime.log;

import dev.bellhop.model.wire.RoomName;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/**
 * An event that has no position yet.
 *
 * @param payload one JSON object, the bytes that will go out
 * @param traceparent W3C Trace Context of the request that caused it, or null
 */
public record NewEvent(
        UUID id, String type, List<RoomName> rooms, String payload, Instant occurredAt, String traceparent) {
    public NewEvent {
        rooms = List.copyOf(rooms);
    }
}
