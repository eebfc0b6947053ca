package dev.bellhop.torture;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.bellhop.model.wire.Json;
import dev.bellhop.torture.history.Entry;
import dev.bellhop.torture.history.EventHash;
import dev.bellhop.torture.history.HistoryWriter;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;

/** Writes the logs down, each event once: in the end, and what retention takes away before it is gone. Thread-safe. */
final class LogBook {
    private final HistoryWriter history;
    /** By organisation the position up to which its log is written down. Guarded by this. */
    private final Map<UUID, Long> written = new HashMap<>();

    LogBook(HistoryWriter history) {
        this.history = history;
    }

    /**
     * Everything that was not written down yet.
     *
     * @throws TortureFailure when retention was faster: then nobody knows what it took
     */
    synchronized void write(StoredLog log, StoredLog.State state) throws TortureFailure {
        long upTo = written.getOrDefault(state.org(), 0L);
        if (upTo < state.floor().position()) {
            throw new TortureFailure("Retention took events of " + state.org() + " up to "
                    + state.floor().position() + ", which are written down only up to " + upTo + ".");
        }
        log.read(state, upTo, this::write);
    }

    private void write(StoredLog.Row row) {
        written.put(row.org(), row.position());
        try {
            history.write(new Entry.Logged(
                    history.now(),
                    row.org().toString(),
                    row.epoch(),
                    row.position(),
                    row.id(),
                    row.type(),
                    row.rooms(),
                    row.payload(),
                    EventHash.ofEvent(row.type(), row.rooms(), Json.tree(row.payload()))));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("the log holds what is not JSON: " + row, e);
        }
    }
}
