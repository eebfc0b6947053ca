package dev.bellhop.torture;

import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;

/** The log as it stands in the store, read past the services. */
interface StoredLog extends AutoCloseable {
    /** @param floor position of the newest event that retention took away */
    record State(UUID org, String epoch, long floor, long head) {}

    record Row(UUID org, String epoch, long position, UUID id, String type, List<String> rooms, String payload) {}

    /** Of every organisation that has a log. */
    List<State> states() throws TortureFailure;

    /** Every event, ascending. */
    void read(State state, Consumer<Row> each) throws TortureFailure;

    @Override
    void close() throws TortureFailure;
}
