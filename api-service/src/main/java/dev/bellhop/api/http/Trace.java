package dev.bellhop.api.http;

import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The W3C trace context of the request that the current thread works on, for whatever the request sets going. A request is
 * handled by one thread from start to end.
 */
public final class Trace {
    private static final Pattern TRACEPARENT =
            Pattern.compile("(?!ff)[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}");
    private static final ThreadLocal<String> CURRENT = new ThreadLocal<>();

    private Trace() {}

    /** @param header value of {@code traceparent}; ignored unless it is well-formed, as the recommendation asks */
    static void begin(String header) {
        if (header != null && TRACEPARENT.matcher(header).matches()) {
            CURRENT.set(header);
        } else {
            CURRENT.remove();
        }
    }

    /** @return the trace's id, which is what logs are searched by; empty unless the header is well-formed */
    public static Optional<String> idIn(String header) {
        return header != null && TRACEPARENT.matcher(header).matches()
                ? Optional.of(header.substring(3, 35))
                : Optional.empty();
    }

    static void end() {
        CURRENT.remove();
    }

    public static Optional<String> current() {
        return Optional.ofNullable(CURRENT.get());
    }
}
