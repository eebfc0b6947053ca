package dev.bellhop.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class DatabaseTest {
    @RegisterExtension
    static final PostgresExtension postgres = new PostgresExtension();

    @Test
    @DisplayName("S2-043 a connection goes back to the pool also when its user fails")
    void aFailedUseGivesTheConnectionBack() {
        try (Database database = Database.open(postgres.url(), "one", 1)) {
            for (int i = 0; i < 3; i++) {
                Throwable failure =
                        catchThrowable(() -> database.jdbi().useTransaction(tx -> tx.execute("select 1/0")));
                assertThat(failure).hasMessageContaining("division by zero");
            }
            assertThat(database.jdbi()
                            .<Integer, RuntimeException>withHandle(handle -> handle.createQuery("select 1")
                                    .mapTo(Integer.class)
                                    .one()))
                    .isEqualTo(1);
            assertThat(database.pool().getHikariPoolMXBean().getActiveConnections())
                    .isZero();
        }
    }

    @Test
    @DisplayName("a refused duplicate is told from other faults by its constraint")
    void uniqueViolationsNameTheirConstraint() {
        try (Database database = Database.open(postgres.url(), "unique", 1)) {
            database.jdbi().useHandle(handle -> {
                handle.execute("create table pet (name text constraint pet_name unique)");
                handle.execute("insert into pet values ('Rex')");
                Throwable failure = catchThrowable(() -> handle.execute("insert into pet values ('Rex')"));
                assertThat(SqlErrors.isUniqueViolation(failure, "pet_name")).isTrue();
                assertThat(SqlErrors.isUniqueViolation(failure, "other")).isFalse();
                assertThat(SqlErrors.isTransient(failure)).isFalse();
            });
        }
    }

    @Test
    @DisplayName("a statement that hangs is cut off by the server and may be tried again")
    void statementsHaveATimeLimit() {
        try (Database database = Database.open(postgres.url(), "limits", 1)) {
            database.jdbi().useHandle(handle -> {
                assertThat(handle.createQuery("show statement_timeout")
                                .mapTo(String.class)
                                .one())
                        .isEqualTo("5s");
                handle.execute("set statement_timeout = '50ms'");
                Throwable failure = catchThrowable(() -> handle.execute("select pg_sleep(5)"));
                assertThat(SqlErrors.isTransient(failure)).isTrue();
            });
        }
    }
}
