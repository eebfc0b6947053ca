package dev.bellhop.torture;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.model.wire.Cursor;
import dev.bellhop.torture.history.Entry;
import dev.bellhop.torture.history.EventHash;
import dev.bellhop.torture.history.EventKeys;
import dev.bellhop.torture.history.HistoryWriter;
import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/** After the last fault: waits until everything has arrived, and writes down how everybody sees it. */
final class Aftermath {
    private static final Duration QUIET = Duration.ofSeconds(3);
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int PAGE = 200;

    /** Beyond a tenth: a pool that everybody's last resume has filled gives its threads back one a minute. */
    private static final int SPARE_THREADS = 50;

    private static final int SPARE_FILES = 25;
    /** Caches of the newest events fill up to their bounds. */
    private static final long SPARE_HEAP = 24L << 20;

    /** What an event tells of a record: table, text with the mark, version. Members without a change have no event. */
    private static final Map<String, String> RECORDS = Map.of(
            "entity", "select org_id, id, version, name from api.entity",
            "application", "select org_id, id, version, applicant_name from api.application",
            "onboarding", "select org_id, id, version, employee_name from api.onboarding",
            "share", "select org_id, id, 0, resource_name from api.share",
            "chat_message", "select org_id, id, 0, text from api.chat_message",
            "member", "select org_id, id, ver, name from api.member where version > 1");

    private final World world;
    private final Cluster cluster;
    private final HistoryWriter history;
    private final LogBook book;
    private final Api api;
    /** Opened after the last fault. */
    private StoredLog log;

    Aftermath(World world, Cluster cluster, HistoryWriter history, LogBook book) {
        this.world = world;
        this.cluster = cluster;
        this.history = history;
        this.book = book;
        this.api = new Api(cluster.tokens());
    }

    /** What the services hold with everybody connected, and what the database has of them. */
    record Holdings(Footprint api, Footprint realtime, int databaseConnections) {}

    Holdings holdings() throws TortureFailure, InterruptedException {
        return new Holdings(
                footprint(newest(cluster.apis())),
                footprint(newest(cluster.realtimes())),
                count("select count(*) from pg_stat_activity where application_name <> 'torture' and backend_type ="
                        + " 'client backend'"));
    }

    /** One of them, since looking at a heap stops the process and takes a JVM of its own. */
    static Service newest(List<Service> services) {
        return services.get(services.size() - 1);
    }

    private int count(String query) throws TortureFailure {
        try (Connection connection = cluster.postgres().connect();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(query)) {
            row.next();
            return row.getInt(1);
        } catch (SQLException e) {
            throw new TortureFailure("The database cannot be asked: " + e.getMessage(), e);
        }
    }

    /**
     * Waits until the outbox is empty and no log has grown for three seconds, at most a minute: what is left then is residue.
     *
     * @return the heads of the logs
     */
    Map<UUID, Long> settle() throws TortureFailure, InterruptedException {
        log = StoredLog.open(cluster, world);
        long end = System.nanoTime() + PATIENCE.toNanos();
        Map<UUID, Long> heads = heads();
        long quietSince = System.nanoTime();
        while (System.nanoTime() < end && System.nanoTime() - quietSince < QUIET.toNanos()) {
            TimeUnit.MILLISECONDS.sleep(100);
            Map<UUID, Long> now = heads();
            if (!now.equals(heads) || unsent() > 0) {
                heads = now;
                quietSince = System.nanoTime();
            }
        }
        return heads;
    }

    private Map<UUID, Long> heads() throws TortureFailure {
        Map<UUID, Long> heads = new HashMap<>();
        world.orgs().forEach(org -> heads.put(org.id(), 0L));
        log.states().forEach(state -> heads.put(state.org(), state.head()));
        return heads;
    }

    private int unsent() throws TortureFailure {
        return count("select count(*) from api.outbox where sent_at is null");
    }

    /** @param before of the start, with as many clients */
    void writeResidue(Holdings before) throws TortureFailure, InterruptedException {
        Holdings after = holdings();
        residue("outbox unsent", 0, unsent(), 0);
        residue("outbox parked", 0, count("select count(*) from api.outbox where parked_at is not null"), 0);
        residue(
                "database connections",
                before.databaseConnections(),
                after.databaseConnections(),
                before.databaseConnections() * 1.1 + 2);
        footprint("api", before.api(), after.api());
        footprint("realtime", before.realtime(), after.realtime());
    }

    private static Footprint footprint(Service service) throws TortureFailure, InterruptedException {
        return Footprint.of(service.process(), service.address().getPort());
    }

    private void footprint(String name, Footprint before, Footprint after) {
        residue(name + " threads", before.threads(), after.threads(), before.threads() * 1.1 + SPARE_THREADS);
        residue(name + " files", before.files(), after.files(), before.files() * 1.1 + SPARE_FILES);
        residue(
                name + " heap bytes",
                (double) before.heapBytes(),
                (double) after.heapBytes(),
                before.heapBytes() * 1.1 + SPARE_HEAP);
    }

    private void residue(String name, double before, double after, double limit) {
        history.write(new Entry.Residue(history.now(), name, before, after, limit));
    }

    /** The logs, what each node makes of them, and the records. */
    void writeEverything() throws TortureFailure, InterruptedException {
        for (StoredLog.State state : log.states()) {
            String org = state.org().toString();
            history.write(new Entry.LogState(
                    history.now(), org, state.epoch(), state.floor().position(), state.head()));
            book.write(log, state);
        }
        for (StoredLog.State state : log.states()) {
            for (Service node : cluster.realtimes()) {
                replay(node, state, "org");
                replay(node, state, "global");
            }
        }
        writeRecords();
        for (World.Org org : world.orgs()) {
            writeEntities(org);
        }
    }

    private void replay(Service node, StoredLog.State state, String room) throws TortureFailure, InterruptedException {
        World.Org org = world.orgs().stream()
                .filter(each -> each.id().equals(state.org()))
                .findFirst()
                .orElseThrow();
        String cursor = state.floor().toString();
        int count = PAGE;
        while (count == PAGE) {
            JsonNode answer = get(node, "/ws/history?room=" + room + "&limit=" + PAGE + "&cursor=" + cursor, org.hr());
            cursor = answer.path("cursor").asText();
            count = answer.path("items").size();
            for (JsonNode frame : answer.path("items")) {
                Cursor at = Cursor.parse(frame.path("cursor").asText()).orElseThrow();
                history.write(new Entry.Replayed(
                        history.now(),
                        node.name(),
                        state.org().toString(),
                        at.epoch(),
                        at.position(),
                        UUID.fromString(frame.path("id").asText()),
                        EventHash.ofFrame(frame)));
            }
        }
    }

    private JsonNode get(Service service, String path, World.User reader) throws TortureFailure, InterruptedException {
        try {
            Api.Call call = new Api.Call("GET", path, Optional.of(api.as(reader)), null, null);
            Api.Answer answer = api.send(service.address(), call);
            if (answer.status() != 200) {
                throw new TortureFailure(
                        service.name() + " answers " + answer.status() + " to GET " + path + ": " + answer.raw());
            }
            return answer.body();
        } catch (IOException e) {
            throw new TortureFailure(service.name() + " does not answer GET " + path + ": " + e, e);
        }
    }

    private void writeRecords() throws TortureFailure {
        try (Connection connection = cluster.postgres().connect();
                Statement statement = connection.createStatement()) {
            for (Map.Entry<String, String> record : RECORDS.entrySet()) {
                try (ResultSet rows = statement.executeQuery(record.getValue())) {
                    while (rows.next()) {
                        history.write(new Entry.State(
                                history.now(),
                                "db",
                                rows.getString(1),
                                record.getKey(),
                                rows.getString(2),
                                rows.getLong(3),
                                EventKeys.markIn(rows.getString(4)).orElse(null),
                                0,
                                true));
                    }
                }
            }
        } catch (SQLException e) {
            throw new TortureFailure("The records cannot be read: " + e.getMessage(), e);
        }
    }

    private void writeEntities(World.Org org) throws TortureFailure, InterruptedException {
        String after = "";
        int page = 0;
        while (after != null) {
            Service service = cluster.apis().get(page++ % cluster.apis().size());
            JsonNode answer = get(service, "/api/v1/entities?limit=" + PAGE + after, org.hr());
            for (JsonNode record : answer.path("items")) {
                history.write(new Entry.State(
                        history.now(),
                        "rest",
                        org.id().toString(),
                        "entity",
                        record.path("id").asText(),
                        record.path("version").asLong(),
                        EventKeys.markIn(record.path("name").asText()).orElse(null),
                        EventHash.ofRecord(record),
                        true));
            }
            String next = answer.path("next_cursor").textValue();
            after = next == null ? null : "&cursor=" + next;
        }
    }

    void close() throws TortureFailure {
        if (log != null) {
            log.close();
        }
    }
}
