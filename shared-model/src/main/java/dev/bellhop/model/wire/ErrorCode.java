package dev.bellhop.model.wire;

import com.fasterxml.jackson.annotation.JsonValue;

/** Codes of the {@code error} frame. None of them closes the connection by itself. */
public enum ErrorCode {
    INVALID_MESSAGE,
    UNKNOWN_TYPE,
    FORBIDDEN_ROOM,
    UNKNOWN_ROOM,
    RATE_LIMITED,
    TOO_MANY_ROOMS,
    FORBIDDEN;

    @JsonValue
    public String wireName() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }
}
