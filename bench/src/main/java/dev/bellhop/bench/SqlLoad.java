package dev.bellhop.bench;

import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.HdrHistogram.Histogram;

/**
 * What the API's statements cost without the API: prepared statements over JDBC, a connection and a thread for each writer.
 * Stands in for pgbench, which the embedded PostgreSQL comes without.
 */
final class SqlLoad {
    private static final long LONGEST = Duration.ofMinutes(1).toNanos();
    private static final String ENTITY = """
            insert into entity (org_id, id, type, name, status, owner_id, created_at, updated_at)
            values (?, ?, 'lead', 'bench', 'new', ?, now(), now())""";
    private static final String EVENT = """
            insert into outbox (event_id, org_id, type, rooms, payload) values (?, ?, 'entity.created', '{org}', ?)""";
    private static final String PAGE = """
            select e.id, e.type, e.name, e.status, e.email, e.phone, e.owner_id, e.notes, e.created_at, e.updated_at,
                   e.version, d.id as department_id, d.name as department_name
            from entity e left join department d on d.org_id = e.org_id and d.id = e.department_id
            where e.org_id = ? order by e.created_at desc, e.id desc limit 51""";
    /** One row and nothing else. */
    private static final String COMMIT = "insert into bench_commit values (1)";

    private final ApiSystem system;

    SqlLoad(ApiSystem system) {
        this.system = system;
    }

    /** Writers that each insert an entity and its event in one transaction. */
    HttpLoad.Done write(int writers, Phase phase) throws BenchFailure {
        ExecutorService threads = Executors.newFixedThreadPool(writers);
        try {
            List<Future<Histogram>> running = new ArrayList<>();
            while (running.size() < writers) {
                boolean looks = running.isEmpty();
                running.add(threads.submit(() -> writeAll(phase, looks)));
            }
            Histogram times = new Histogram(LONGEST, 3);
            for (Future<Histogram> writer : running) {
                times.add(writer.get());
            }
            return new HttpLoad.Done(times.getTotalCount(), phase.seconds(), times);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new BenchFailure("Interrupted.", e);
        } catch (ExecutionException e) {
            throw new BenchFailure("A writer fails: " + e.getCause().getMessage(), e);
        } finally {
            threads.shutdown();
        }
    }

    private Histogram writeAll(Phase phase, boolean looks) throws SQLException, IOException {
        Histogram times = new Histogram(LONGEST, 3);
        try (Connection connection = system.connect();
                PreparedStatement entity = connection.prepareStatement(ENTITY);
                PreparedStatement event = connection.prepareStatement(EVENT)) {
            connection.setAutoCommit(false);
            for (long start = System.nanoTime(); !phase.isOver(start); start = System.nanoTime()) {
                UUID id = UUID.randomUUID();
                entity.setObject(1, system.organization());
                entity.setObject(2, id);
                entity.setObject(3, system.user());
                entity.executeUpdate();
                event.setObject(1, UUID.randomUUID());
                event.setObject(2, system.organization());
                event.setString(3, payload(id));
                event.executeUpdate();
                connection.commit();
                if (phase.counts(start)) {
                    times.recordValue(Math.min(System.nanoTime() - start, LONGEST));
                }
                if (looks) {
                    phase.look();
                }
            }
        }
        return times;
    }

    /** As long as the API's for the same entity. */
    private String payload(UUID id) {
        return "{\"id\":\"" + id
                + "\",\"type\":\"lead\",\"name\":\"bench\",\"status\":\"new\",\"contact\":{\"email\":null,"
                + "\"phone\":null},\"department\":null,\"owner_id\":\"" + system.user() + "\",\"notes\":null,"
                + "\"created_at\":\"2026-01-01T00:00:00.000000Z\",\"updated_at\":\"2026-01-01T00:00:00.000000Z\","
                + "\"version\":1}";
    }

    /** Reads the first page again and again. */
    HttpLoad.Done read(Phase phase) throws SQLException, IOException {
        Histogram times = new Histogram(LONGEST, 3);
        try (Connection connection = system.connect();
                PreparedStatement page = connection.prepareStatement(PAGE)) {
            page.setObject(1, system.organization());
            for (long start = System.nanoTime(); !phase.isOver(start); start = System.nanoTime()) {
                try (ResultSet rows = page.executeQuery()) {
                    while (rows.next()) {
                        rows.getString("name");
                    }
                }
                if (phase.counts(start)) {
                    times.recordValue(Math.min(System.nanoTime() - start, LONGEST));
                }
                phase.look();
            }
            return new HttpLoad.Done(times.getTotalCount(), phase.seconds(), times);
        }
    }

    /** Commits of one small row each, one after the other. */
    Histogram commits(int count) throws SQLException {
        Histogram times = new Histogram(LONGEST, 3);
        try (Connection connection = system.connect();
                PreparedStatement table =
                        connection.prepareStatement("create table if not exists bench_commit (n int)");
                PreparedStatement row = connection.prepareStatement(COMMIT)) {
            table.executeUpdate();
            for (int i = 0; i < count; i++) {
                long start = System.nanoTime();
                row.executeUpdate();
                times.recordValue(Math.min(System.nanoTime() - start, LONGEST));
            }
        }
        return times;
    }
}
