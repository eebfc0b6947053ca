package dev.bellhop.model.wire;

/**
 * Every way in which the server ends a connection: the code (RFC 6455 section 7.4), the reason, and what the client does
 * next. The only place that knows them.
 */
public enum CloseCode {
    BYE(1000, "bye", false),
    TOKEN_MISSING(1008, "token_missing", false),
    TOKEN_INVALID(1008, "token_invalid", false),
    /** The client fetches a new token first. */
    TOKEN_EXPIRED(1008, "token_expired", true),
    TOKEN_REVOKED(1008, "token_revoked", false),
    USER_DISABLED(1008, "user_disabled", false),
    ORG_DISABLED(1008, "org_disabled", false),
    /** A message was not complete 10 s after its first frame. */
    PROTOCOL_VIOLATION(1008, "protocol_violation", false),
    TEXT_ONLY(1003, "text_only", false),
    PROTOCOL_ERROR(1002, "protocol_error", false),
    BAD_DATA(1007, "bad_data", false),
    TOO_BIG(1009, "too_big", false),
    INTERNAL_ERROR(1011, "internal_error", true),
    RESTARTING(1012, "restarting", true),
    OVERLOADED(1013, "overloaded", true),
    SLOW_CONSUMER(4008, "slow_consumer", true),
    NO_PONG(4009, "no_pong", true),
    KICKED(4503, "kicked", false);

    private final int code;
    private final String reason;
    private final boolean reconnect;

    CloseCode(int code, String reason, boolean reconnect) {
        this.code = code;
        this.reason = reason;
        this.reconnect = reconnect;
    }

    public int code() {
        return code;
    }

    /** One machine-readable token, at most 123 bytes as a close frame allows. */
    public String reason() {
        return reason;
    }

    /** Whether the client should come back by itself. */
    public boolean reconnect() {
        return reconnect;
    }
}
