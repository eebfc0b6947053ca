package dev.bellhop.realtime.connections;

import java.util.concurrent.atomic.AtomicReference;
import org.eclipse.jetty.util.Callback;

/**
 * Tells a write that is done by the time the call returns from one that takes its time, so that a thousand writes that are
 * done at once are a loop and not a thousand calls deep.
 */
final class Completion implements Callback {
    private enum State {
        UNDER_WAY,
        DONE,
        TAKES_TIME
    }

    private final Callback later;
    private final AtomicReference<State> state = new AtomicReference<>(State.UNDER_WAY);

    /** @param later told of a success that comes after {@link #wasAtOnce}, and of a failure whenever it comes */
    Completion(Callback later) {
        this.later = later;
    }

    /** Asked once, after the call that writes. */
    boolean wasAtOnce() {
        return !state.compareAndSet(State.UNDER_WAY, State.TAKES_TIME) && state.get() == State.DONE;
    }

    @Override
    public void succeeded() {
        if (!state.compareAndSet(State.UNDER_WAY, State.DONE)) {
            later.succeeded();
        }
    }

    @Override
    public void failed(Throwable cause) {
        state.compareAndSet(State.UNDER_WAY, State.TAKES_TIME);
        later.failed(cause);
    }

    @Override
    public InvocationType getInvocationType() {
        return later.getInvocationType();
    }
}
