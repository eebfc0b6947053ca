package dev.bellhop.model.wire;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/**
 * Every way in which the server ends a connection: the code (RFC 6455 section 7.4), the reason, and what the client does
 * next. The only place that knows them; {@code golden/close-codes.json} is what clients and docs take from it.
 */
public enum CloseCode {
    BYE(1000, "bye", Action.STOP),
    TOKEN_MISSING(1008, "token_missing", Action.STOP),
    TOKEN_INVALID(1008, "token_invalid", Action.STOP),
    TOKEN_EXPIRED(1008, "token_expired", Action.NEW_TOKEN),
    TOKEN_REVOKED(1008, "token_revoked", Action.STOP),
    USER_DISABLED(1008, "user_disabled", Action.STOP),
    ORG_DISABLED(1008, "org_disabled", Action.STOP),
    /** A message was not complete 10 s after its first frame. */
    PROTOCOL_VIOLATION(1008, "protocol_violation", Action.STOP),
    TEXT_ONLY(1003, "text_only", Action.STOP),
    PROTOCOL_ERROR(1002, "protocol_error", Action.STOP),
    BAD_DATA(1007, "bad_data", Action.STOP),
    TOO_BIG(1009, "too_big", Action.STOP),
    INTERNAL_ERROR(1011, "internal_error", Action.BACK_OFF),
    RESTARTING(1012, "restarting", Action.WAIT),
    OVERLOADED(1013, "overloaded", Action.WAIT),
    SLOW_CONSUMER(4008, "slow_consumer", Action.RESUME),
    NO_PONG(4009, "no_pong", Action.RESUME),
    KICKED(4503, "kicked", Action.STOP);

    /** What a client does after the end; all but {@link #STOP} come back with their cursor. */
    public enum Action {
        STOP,
        /** With a new token; the old one would be refused again. */
        NEW_TOKEN,
        /** After 1 s to 30 s with full jitter. */
        BACK_OFF,
        /** After the {@code retry_after_ms} of the {@code disconnect} frame. */
        WAIT,
        /** At once. */
        RESUME;

        @JsonValue
        public String wireName() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private final int code;
    private final String reason;
    private final Action action;

    CloseCode(int code, String reason, Action action) {
        this.code = code;
        this.reason = reason;
        this.action = action;
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
        return action != Action.STOP;
    }

    public Action action() {
        return action;
    }
}
