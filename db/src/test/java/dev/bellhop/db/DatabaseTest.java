package dev.bellhop.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
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

    @Test
    @DisplayName("S1-075 a failure quotes neither the values of the statement nor those of the row")
    void failuresQuoteNoValues() {
        try (Database database = Database.open(postgres.url(), "quiet", 1)) {
            database.jdbi().useHandle(handle -> {
                handle.execute("create table account (hash text check (hash <> 'canary-5d1f'), owner text unique)");
                handle.execute("insert into account values ('x', 'canary-77aa')");
                for (List<String> values : List.of(List.of("canary-5d1f", "other"), List.of("y", "canary-77aa"))) {
                    Throwable failure =
                            catchThrowable(() -> handle.createUpdate("insert into account values (:hash, :owner)")
                                    .bind("hash", values.get(0))
                                    .bind("owner", values.get(1))
                                    .execute());
                    StringWriter trace = new StringWriter();
                    failure.printStackTrace(new PrintWriter(trace));
                    assertThat(trace.toString()).contains("account").doesNotContain("canary");
                }
            });
        }
    }
}
