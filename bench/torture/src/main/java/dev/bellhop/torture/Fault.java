package dev.bellhop.torture;

import java.time.Duration;

/** What a {@link FaultProxy} does to connections for as long as the fault is imposed. */
public sealed interface Fault {
    /** Which way bytes go: requests to the target, answers to the client. */
    enum Way {
        TO_TARGET,
        TO_CLIENT,
        BOTH;

        boolean covers(Way one) {
            return this == BOTH || this == one;
        }
    }

    /**
     * Bytes are accepted and lost, and so is the end of the connection; both sides believe that it stands. One way makes it
     * half open. A connection that lost something is reset when the fault is healed, because what follows would not fit.
     */
    record Blackhole(Way way) implements Fault {}

    /** Bytes arrive {@code by} later, in their order. At most 256 KiB are on the way, then the sender has to wait. */
    record Delay(Way way, Duration by) implements Fault {
        public Delay {
            if (by.isNegative()) {
                throw new IllegalArgumentException("a delay of " + by);
            }
        }
    }

    /** At most so many bytes pass each second and connection. The sender feels it once about 200 KiB wait in between. */
    record Throttle(Way way, long bytesPerSecond) implements Fault {
        public Throttle {
            if (bytesPerSecond < 1) {
                throw new IllegalArgumentException(bytesPerSecond + " bytes per second");
            }
        }
    }

    /** Requests pass. The first byte of an answer, and so the work was done, resets the connection instead of passing. */
    record DropAnswer() implements Fault {}

    /** Whoever connects is refused by the system, as if nothing listened. Connections that stand are left alone. */
    record Refuse() implements Fault {}
}
