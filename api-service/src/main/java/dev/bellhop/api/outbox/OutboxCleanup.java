package dev.bellhop.api.outbox;

import java.time.Duration;
import org.jdbi.v3.core.Jdbi;

/** Removes events a day after they were sent: as long as a receiver that went back in time can still ask for them. */
public final class OutboxCleanup {
    private static final Duration KEEP = Duration.ofHours(24);
    private static final int CHUNK = 1_000;

    private final OutboxStore store;

    public OutboxCleanup(Jdbi jdbi) {
        this.store = new OutboxStore(jdbi);
    }

    public void run() {
        while (store.deleteSent(KEEP, CHUNK) == CHUNK) {
            // Chunk by chunk, so that no transaction is long.
        }
    }
}
