package dev.bellhop.realtime.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.bellhop.db.PostgresExtension;
import dev.bellhop.model.wire.RoomName;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class PostgresEventLogTest extends EventLogContractTest {
    @RegisterExtension
    static final PostgresExtension postgres = new PostgresExtension();

    /** Sessions tell their counts after ten seconds at the latest. */
    private static final Duration SOON = Duration.ofSeconds(30);

    private static LogStore store;

    @BeforeAll
    static void open() {
        store = LogStore.postgres(postgres.url(), 10, KEEP_TWO);
    }

    @AfterAll
    static void close() {
        store.close();
    }

    @Override
    LogStore store() {
        return store;
    }

    @Test
    @DisplayName("appends and repeats read none of a long log, though their plans were made while it was empty")
    void readsNothingOfALongLog() throws SQLException {
        try (LogStore one = LogStore.postgres(postgres.url(), 1, KEEP_TWO); // all on the connection that has the plans
                Connection connection = DriverManager.getConnection(postgres.url());
                Statement statement = connection.createStatement()) {
            statement.execute("alter table realtime.event set (autovacuum_enabled = off)"); // no plan is made anew
            long before = tuples(statement, "n_tup_ins");
            List<NewEvent> batch = List.of();
            long seq = 1;
            for (int events : List.of(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 500, 500, 500, 500, 500, 500, 500, 500)) {
                batch = events(events);
                append(one, seq, batch);
                append(one, seq, batch);
                seq += events;
            }
            long filled = before + seq - 1;
            await().atMost(SOON).until(() -> tuples(statement, "n_tup_ins") >= filled);
            long read = tuples(statement, "seq_tup_read + idx_tup_fetch");

            NewEvent last = batch.get(batch.size() - 1);
            for (int i = 0; i < 20; i++) {
                append(one, seq - 1, List.of(last));
                last = event("custom.x", RoomName.ORG);
                append(one, seq, List.of(last));
                seq++;
            }
            long lengthened = before + seq - 1;
            await().atMost(SOON).until(() -> tuples(statement, "n_tup_ins") >= lengthened);
            assertThat(tuples(statement, "seq_tup_read + idx_tup_fetch") - read).isLessThan(1_000);
        }
    }

    private void append(LogStore store, long firstSeq, List<NewEvent> events) {
        Append append = new Append(Optional.of(new Append.Numbering("api-service", firstSeq)), events);
        assertThat(store.log().append(org, List.of(append))).hasOnlyElementsOfType(Append.Outcome.Appended.class);
    }

    private static long tuples(Statement statement, String figure) throws SQLException {
        try (ResultSet row = statement.executeQuery(
                "select " + figure + " from pg_stat_user_tables where schemaname = 'realtime' and relname = 'event'")) {
            row.next();
            return row.getLong(1);
        }
    }
}
