package dev.bellhop.realtime.connections;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.bellhop.model.security.Role;
import java.time.Instant;
import java.util.UUID;

/**
 * One open connection, as an operator sees it.
 *
 * @param transport {@code websocket} or {@code sse}
 * @param queuedBytes that wait to be written; null of a connection of another node
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
        @JsonInclude(JsonInclude.Include.NON_NULL) Integer queuedBytes) {}
