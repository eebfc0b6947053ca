package dev.bellhop.torture;

import dev.bellhop.model.wire.Cursor;
import io.lettuce.core.Limit;
import io.lettuce.core.Range;
import io.lettuce.core.RedisClient;
import io.lettuce.core.StreamMessage;
import io.lettuce.core.api.StatefulRedisConnection;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;

/** The streams of the realtime service. */
final class RedisStoredLog implements StoredLog {
    private static final int PAGE = 1000;

    private final List<UUID> orgs;
    private final RedisClient client;
    private final StatefulRedisConnection<String, String> connection;

    RedisStoredLog(int port, List<UUID> orgs) {
        this.orgs = orgs;
        this.client = RedisClient.create("redis://127.0.0.1:" + port);
        this.connection = client.connect();
    }

    @Override
    public List<State> states() {
        List<State> states = new ArrayList<>();
        for (UUID org : orgs) {
            Map<String, String> found = connection.sync().hgetall(key(org, "state"));
            if (!found.isEmpty()) {
                states.add(new State(
                        org,
                        new Cursor(
                                found.get("epoch"),
                                Long.parseLong(found.get("floor")),
                                Integer.parseInt(found.get("floor_fingerprint"))),
                        Long.parseLong(found.get("head"))));
            }
        }
        return states;
    }

    private static String key(UUID org, String part) {
        return "bellhop:{" + org + "}:" + part;
    }

    @Override
    public void read(State state, long after, Consumer<Row> each) {
        String last = after + "-0";
        List<StreamMessage<String, String>> page;
        do {
            page = connection
                    .sync()
                    .xrange(
                            key(state.org(), "log"),
                            Range.from(Range.Boundary.excluding(last), Range.Boundary.unbounded()),
                            Limit.from(PAGE));
            for (StreamMessage<String, String> entry : page) {
                last = entry.getId();
                each.accept(row(state, entry));
            }
        } while (page.size() == PAGE);
    }

    private static Row row(State state, StreamMessage<String, String> entry) {
        Map<String, String> fields = entry.getBody();
        String rooms = fields.get("r");
        return new Row(
                state.org(),
                state.epoch(),
                Long.parseLong(entry.getId().substring(0, entry.getId().indexOf('-'))),
                UUID.fromString(fields.get("i")),
                fields.get("t"),
                rooms.isEmpty() ? List.of() : Arrays.asList(rooms.split(" ", -1)),
                fields.get("p"));
    }

    @Override
    public void close() {
        connection.close();
        client.shutdown();
    }
}
