package dev.bellhop.api.auth;

import dev.bellhop.model.security.Principal;
import java.util.Optional;
import java.util.UUID;

/** Whom a good token names. Whether they are still active, and what they may do, nobody has looked up yet. */
public final class Claimed {
    private final Principal token;
    private final UUID userId;
    private final Optional<UUID> sessionId;

    Claimed(Principal token, UUID userId, Optional<UUID> sessionId) {
        this.token = token;
        this.userId = userId;
        this.sessionId = sessionId;
    }

    public UUID org() {
        return token.org();
    }

    Principal token() {
        return token;
    }

    UUID userId() {
        return userId;
    }

    Optional<UUID> sessionId() {
        return sessionId;
    }
}
