package dev.bellhop.realtime.log;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellhop.db.Database;
import dev.bellhop.db.PostgresExtension;
import dev.bellhop.model.wire.RoomName;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class LogWriterTest {
    @RegisterExtension
    static final PostgresExtension postgres = new PostgresExtension();

    private static Append append() {
        NewEvent event = new NewEvent(UUID.randomUUID(), "custom.x", List.of(RoomName.ORG), "{}", Instant.EPOCH, null);
        return new Append(Optional.empty(), List.of(event));
    }

    @Test
    @DisplayName("what is durable is answered, and the next append goes on, though those who are told of it fail")
    void aListenerThatFails() throws Exception {
        Database.migrate(postgres.url(), "realtime", "db/migration/realtime");
        ExecutorService executor = Executors.newFixedThreadPool(2);
        List<Long> told = new ArrayList<>();
        LogWriter writer = new LogWriter(new PostgresEventLog(postgres.jdbi()), executor, (org, appended) -> {
            told.add(appended.added().get(0).position());
            throw new IllegalStateException("the first hears, and fails");
        });
        UUID org = UUID.randomUUID();
        try {
            for (int i = 0; i < 3; i++) {
                assertThat(writer.append(org, append()).get(10, TimeUnit.SECONDS))
                        .isInstanceOfSatisfying(
                                Append.Outcome.Appended.class,
                                done -> assertThat(done.added()).hasSize(1));
            }
            assertThat(told).containsExactly(1L, 2L, 3L);
        } finally {
            executor.shutdown();
        }
    }
}
