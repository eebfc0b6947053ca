package dev.bellhop.realtime.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.bellhop.model.wire.RoomName;
import dev.bellhop.realtime.testing.RedisExtension;
import io.lettuce.core.RedisException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class RedisEventLogTest extends EventLogContractTest {
    @RegisterExtension
    static final RedisExtension redis = new RedisExtension();

    private static LogStore store;

    @BeforeAll
    static void open() {
        store = LogStore.redis(redis.url(), KEEP_TWO);
    }

    @AfterAll
    static void close() {
        store.close();
    }

    @Override
    LogStore store() {
        return store;
    }

    private Append.Outcome.Appended append() {
        Append one = new Append(Optional.empty(), List.of(event("custom.x", RoomName.ORG)));
        return (Append.Outcome.Appended) store.log().append(org, List.of(one)).get(0);
    }

    /** The line to a server that was away is mended in the background. */
    private static void restart() {
        redis.start();
        await().ignoreExceptionsInstanceOf(RedisException.class)
                .untilAsserted(() -> store.log().check());
    }

    @Test
    @DisplayName("Redis is killed after an acknowledgement: the events are there again, and so is the epoch")
    void killed() {
        EventLog.State before = store.log().state(org);
        append();
        append();
        redis.kill();
        assertThatThrownBy(this::append).isInstanceOf(RedisException.class);
        restart();
        assertThat(store.log().read(org, 0, Long.MAX_VALUE, 10)).hasSize(2);
        assertThat(store.log().state(org).epoch()).isEqualTo(before.epoch());
        assertThat(append().added().get(0).position()).isEqualTo(3);
    }

    @Test
    @DisplayName("Redis comes back empty: the log is another one, with another epoch")
    void emptied() {
        String epoch = append().epoch();
        redis.kill();
        redis.loseData();
        restart();
        Append.Outcome.Appended next = append();
        assertThat(next.epoch()).isNotEqualTo(epoch);
        assertThat(next.added().get(0).position()).isEqualTo(1);
    }

    @Test
    @DisplayName(
            "Redis comes back with an older copy: the place of what is gone is taken by events with another fingerprint")
    void restored() {
        append();
        redis.kill();
        Path copy = redis.copyData();
        restart();
        append();
        EventLog.State seen = store.log().state(org);
        redis.kill();
        redis.restoreData(copy);
        restart();
        assertThat(store.log().state(org).head()).isEqualTo(1);
        append();
        EventLog.State refilled = store.log().state(org);
        assertThat(refilled.head()).isEqualTo(seen.head());
        assertThat(refilled.headFingerprint()).isNotEqualTo(seen.headFingerprint());
    }

    @Test
    @DisplayName("an operator tells a new log where a producer's numbers go on, as docs/operations.md says")
    void toldWhereToGoOn() {
        store.log().state(org);
        redis.ask(calls -> calls.hset("bellhop:{" + org + "}:producers", "api-service", "41"));
        Append next = new Append(
                Optional.of(new Append.Numbering("api-service", 42)), List.of(event("custom.x", RoomName.ORG)));
        assertThat(store.log().append(org, List.of(next)))
                .singleElement()
                .isInstanceOfSatisfying(
                        Append.Outcome.Appended.class,
                        done -> assertThat(done.added()).hasSize(1));
    }

    @Test
    @DisplayName("a part of the log that was evicted makes it another log, whichever part it is")
    void evicted() {
        for (String part : List.of("state", "log", "ids")) {
            String epoch = append().epoch();
            append();
            redis.ask(calls -> calls.del(RedisEventLog.key(org, part)));
            assertThat(store.log().state(org).epoch()).as(part).isNotEqualTo(epoch);
            assertThat(append().added().get(0).position()).as(part).isEqualTo(1);
        }
    }
}
