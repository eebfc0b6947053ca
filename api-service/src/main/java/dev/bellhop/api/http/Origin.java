package dev.bellhop.api.http;

import java.util.Optional;

/**
 * Where a change comes from: what another thread needs to write it down.
 *
 * @param traceparent W3C trace context of the request
 */
public record Origin(Actor actor, Optional<String> traceparent) {
    /** Of the request that the current thread works on. */
    public static Origin current() {
        return new Origin(Actor.current(), Trace.current());
    }
}
