package dev.bellhop.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellhop.db.Database;
import dev.bellhop.db.PostgresExtension;
import dev.bellhop.system.RunningSystem;
import java.net.URI;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class DemoDataTest {
    @RegisterExtension
    static final RunningSystem system = new RunningSystem();

    @RegisterExtension
    static final PostgresExtension other = new PostgresExtension();

    @Test
    @DisplayName("a seeding that was cut off is completed by the next start, and nothing is there twice")
    void aCutOffSeedingIsCompleted() throws Exception {
        Jdbi jdbi = system.jdbi();
        long entities = count(jdbi, "select count(*) from api.entity");
        long applications = count(jdbi, "select count(*) from api.application");
        long onboardings = count(jdbi, "select count(*) from api.onboarding");
        jdbi.useHandle(handle -> {
            handle.execute("delete from quickstart.demo_step where name = 'records'");
            handle.execute("delete from api.entity where name = 'Quay Laundry'");
            handle.execute("delete from api.application where applicant_name = 'Anja Vogel'");
        });

        new DemoData(system.databaseUrl(), system.apiUri()).seed();

        assertThat(count(jdbi, "select count(*) from api.entity")).isEqualTo(entities);
        assertThat(count(jdbi, "select count(distinct name) from api.entity")).isEqualTo(entities);
        assertThat(count(jdbi, "select count(*) from api.application")).isEqualTo(applications);
        assertThat(count(jdbi, "select count(*) from api.onboarding")).isEqualTo(onboardings);
    }

    @Test
    @DisplayName("what was changed since the seeding stays as it is")
    void aCompletedSeedingIsNotRepeated() throws Exception {
        Jdbi jdbi = system.jdbi();
        jdbi.useHandle(handle -> handle.execute("delete from api.entity where name = 'Northwind Travel'"));

        new DemoData(system.databaseUrl(), system.apiUri()).seed();

        assertThat(count(jdbi, "select count(*) from api.entity where name = 'Northwind Travel'"))
                .isZero();
        jdbi.useHandle(handle -> handle.execute("delete from quickstart.demo_step where name = 'records'"));
        new DemoData(system.databaseUrl(), system.apiUri()).seed();
    }

    @Test
    @DisplayName("a database that holds other organisations gets no demo users")
    void aDatabaseInUseIsLeftAlone() throws Exception {
        Database.migrate(other.url(), "api", "db/migration/api");
        other.jdbi()
                .useHandle(handle -> handle.execute(
                        "insert into api.organization (id, name) values (?, 'My Hotel')", UUID.randomUUID()));

        DemoData demo = new DemoData(other.url(), URI.create("http://127.0.0.1:1"));
        demo.seed();

        assertThat(demo.isPresent()).isFalse();
        assertThat(demo.nobodyIsThere()).isFalse();
        assertThat(count(other.jdbi(), "select count(*) from api.member")).isZero();
    }

    private static long count(Jdbi jdbi, String sql) {
        return jdbi.withHandle(
                handle -> handle.createQuery(sql).mapTo(Long.class).one());
    }
}
