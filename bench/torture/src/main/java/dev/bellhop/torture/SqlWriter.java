package dev.bellhop.torture;

import dev.bellhop.torture.history.Entry;
import dev.bellhop.torture.history.HistoryWriter;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Another program that writes into the database: chat messages in transactions that stay open for a while and are sometimes
 * taken back, so that rows become visible in another order than they were numbered in.
 */
final class SqlWriter {
    private static final int WRITERS = 3;
    private static final int ROLLED_BACK_PER_MILLE = 50;
    private static final Duration LONGEST_OPEN = Duration.ofMillis(30);
    private static final String INSERT = "insert into api.chat_message (chat_id, author_name, text) values (?, ?, ?)";

    private final World world;
    private final Postgres postgres;
    private final HistoryWriter history;
    private final Chance chance;
    private final Numbers numbers;
    private final List<Thread> writers = new ArrayList<>();
    private final AtomicLong committed = new AtomicLong();
    private volatile boolean stopping;

    SqlWriter(World world, Postgres postgres, HistoryWriter history, Chance chance, Numbers numbers) {
        this.world = world;
        this.postgres = postgres;
        this.history = history;
        this.chance = chance;
        this.numbers = numbers;
    }

    /** @param perSecond transactions of all writers together */
    void start(double perSecond) {
        Duration gap = Duration.ofNanos((long) (WRITERS * 1e9 / perSecond));
        for (int i = 0; i < WRITERS; i++) {
            Thread writer = new Thread(() -> write(gap), "sql-" + i);
            writer.setDaemon(true);
            writers.add(writer);
            writer.start();
        }
    }

    private void write(Duration meanGap) {
        try {
            while (!stopping) {
                try (Connection connection = postgres.connect()) {
                    connection.setAutoCommit(false);
                    while (!stopping) {
                        TimeUnit.NANOSECONDS.sleep(chance.poisson(meanGap).toNanos());
                        transaction(connection);
                    }
                } catch (SQLException down) {
                    TimeUnit.MILLISECONDS.sleep(500); // the next one may be there again
                }
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    private void transaction(Connection connection) throws SQLException, InterruptedException {
        World.Org org = chance.perMille(500) ? world.hot() : chance.of(world.orgs());
        UUID chat = chance.of(org.chats());
        String mark = numbers.mark();
        int op = numbers.operation();
        history.write(new Entry.Invoke(
                history.now(),
                op,
                org.id().toString(),
                "sql",
                "insert into chat_message",
                List.of(new Entry.Effect("chat.message", mark))));
        boolean committing = false;
        try (PreparedStatement statement = connection.prepareStatement(INSERT)) {
            statement.setObject(1, chat);
            statement.setString(2, "Bot");
            statement.setString(3, "Noted " + mark + " " + org.canary());
            statement.execute();
            TimeUnit.MILLISECONDS.sleep(chance.below((int) LONGEST_OPEN.toMillis() + 1));
            if (chance.perMille(ROLLED_BACK_PER_MILLE)) {
                connection.rollback();
                history.write(new Entry.Refused(history.now(), op, 0));
                return;
            }
            committing = true;
            connection.commit();
            committed.incrementAndGet();
            history.write(new Entry.Ok(history.now(), op, 200));
        } catch (SQLException e) {
            history.write(
                    committing
                            ? new Entry.Unknown(history.now(), op, "commit: " + e.getSQLState())
                            : new Entry.Refused(history.now(), op, 0));
            throw e;
        }
    }

    long committed() {
        return committed.get();
    }

    /** Ends with the transactions that are open. */
    void stop() throws InterruptedException {
        stopping = true;
        for (Thread writer : writers) {
            writer.join();
        }
    }
}
