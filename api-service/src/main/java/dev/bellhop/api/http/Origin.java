package dev.bellhop.api.http;

import dev.bellhop.model.security.Principal;
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

    /** The same for a request whose caller is known only now. */
    public Origin by(Principal caller) {
        return new Origin(actor.as(caller), traceparent);
    }
}
