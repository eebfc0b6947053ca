package dev.bellhop.realtime.log;

import dev.bellhop.db.PostgresExtension;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.RegisterExtension;

class PostgresEventLogTest extends EventLogContractTest {
    @RegisterExtension
    static final PostgresExtension postgres = new PostgresExtension();

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
}
