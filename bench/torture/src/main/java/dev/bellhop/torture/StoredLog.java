package dev.bellhop.torture;

import dev.bellhop.model.wire.Cursor;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;

/** The log as it stands in the store, read past the services. */
interface StoredLog extends AutoCloseable {
    /**
     * @param floor cursor of the newest event that retention took away
     * @param head position of the newest event
     */
    record State(UUID org, Cursor floor, long head) {
        String epoch() {
            return floor.epoch();
        }
    }

    /** @param world whose logs are in Redis, which has no list of them for others */
    static StoredLog open(Cluster cluster, World world) throws TortureFailure {
        return cluster.engine() == Cluster.Engine.REDIS
                ? new RedisStoredLog(
                        cluster.redisPort(),
                        world.orgs().stream().map(World.Org::id).toList())
                : new PostgresStoredLog(cluster.postgres());
    }

    record Row(UUID org, String epoch, long position, UUID id, String type, List<String> rooms, String payload) {}

    /** Of every organisation that has a log. */
    List<State> states() throws TortureFailure;

    /** Every event behind a position, ascending. */
    void read(State state, long after, Consumer<Row> each) throws TortureFailure;

    @Override
    void close() throws TortureFailure;
}
