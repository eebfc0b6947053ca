package dev.bellhop.realtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.bellhop.db.PostgresExtension;
import dev.bellhop.realtime.testing.Person;
import dev.bellhop.realtime.testing.RunningRealtime;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The first and the last moment of a node. */
class StartTest {
    @RegisterExtension
    static final PostgresExtension postgres = new PostgresExtension();

    @RegisterExtension
    static final RunningRealtime realtime = new RunningRealtime().with("BELLHOP_FOLLOW_INTERVAL_MS", "10");

    private static Config config() {
        return Config.from(Map.of(
                "BELLHOP_REALTIME_PORT",
                "0",
                "BELLHOP_HOST",
                "127.0.0.1",
                "BELLHOP_DATABASE_URL",
                postgres.url(),
                "BELLHOP_JWT_SECRET",
                RunningRealtime.JWT_SECRET,
                "BELLHOP_EVENT_SECRETS",
                RunningRealtime.EVENT_SECRET));
    }

    private static int sessions() {
        return postgres.jdbi()
                .withHandle(
                        handle -> handle.createQuery("""
                        select count(*) from pg_stat_activity
                        where application_name = 'bellhop-realtime' and datname = current_database()""").mapTo(Integer.class).one());
    }

    @Test
    @DisplayName("S2-043 a start that fails in its migration leaves no session in the database and no thread")
    void failedMigration() {
        // Somebody else's tables in our schema: Flyway refuses to touch them.
        postgres.jdbi().useHandle(handle -> {
            handle.execute("create schema realtime");
            handle.execute("create table realtime.stream (of_another int)");
        });
        assertThatThrownBy(() -> RealtimeService.start(config())).isInstanceOf(RuntimeException.class);
        await().atMost(Duration.ofSeconds(5))
                .untilAsserted(() -> assertThat(sessions()).isZero());

        postgres.jdbi().useHandle(handle -> handle.execute("drop schema realtime cascade"));
        RealtimeService service = RealtimeService.start(config());
        assertThat(sessions()).isPositive();
        service.close();
        await().atMost(Duration.ofSeconds(5))
                .untilAsserted(() -> assertThat(sessions()).isZero());
    }

    @Test
    @DisplayName("S1-068 a node that stops while it looks at the log says nothing about a log that it cannot follow")
    void quietStop() {
        PrintStream before = System.err;
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        System.setErr(new PrintStream(said, true, StandardCharsets.UTF_8));
        try {
            for (int i = 0; i < 20; i++) {
                RunningRealtime node = realtime.anotherNode();
                node.connect(Person.member(UUID.randomUUID()));
                node.close();
            }
        } finally {
            System.setErr(before);
        }
        assertThat(said.toString(StandardCharsets.UTF_8)).doesNotContain("cannot be followed");
    }
}
