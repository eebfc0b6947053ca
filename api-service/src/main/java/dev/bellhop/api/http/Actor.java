package dev.bellhop.api.http;

import dev.bellhop.model.security.Principal;
import java.util.Optional;

/**
 * Whom the request that the current thread works on speaks for, for the trail of what it changes. A request is handled by
 * one thread from start to end; other threads act for nobody.
 *
 * @param id user id, or the name of a machine; empty before and without a login
 */
public record Actor(Optional<String> id, Optional<String> name, Optional<String> requestId) {
    private static final Actor NOBODY = new Actor(Optional.empty(), Optional.empty(), Optional.empty());
    private static final ThreadLocal<Actor> CURRENT = ThreadLocal.withInitial(() -> NOBODY);

    static void begin(String requestId) {
        CURRENT.set(new Actor(Optional.empty(), Optional.empty(), Optional.of(requestId)));
    }

    /** From now on the request speaks for this caller. */
    public static void identify(String id, String name) {
        CURRENT.set(new Actor(Optional.of(id), Optional.of(name), CURRENT.get().requestId()));
    }

    /** As {@link #identify(String, String)}. */
    public static void identify(Principal caller) {
        CURRENT.set(CURRENT.get().as(caller));
    }

    /** The same request, for this caller. */
    Actor as(Principal caller) {
        return new Actor(Optional.of(caller.userId()), Optional.of(caller.name()), requestId);
    }

    static void end() {
        CURRENT.remove();
    }

    public static Actor current() {
        return CURRENT.get();
    }
}
