package dev.bellhop.realtime.connections;

import dev.bellhop.model.security.Role;
import java.time.Instant;
import java.util.UUID;

/**
 * One open connection, as an operator sees it.
 *
 * @param transport {@code websocket} or {@code sse}
 * @param queuedBytes that wait to be written
 */
public record ConnectionInfo(
        String connectionId,
        UUID orgId,
        String userId,
        String name,
        Role role,
        String transport,
        String address,
        Instant connectedAt,
        int queuedBytes) {}
