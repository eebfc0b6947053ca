package dev.bellhop.realtime.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellhop.db.PostgresExtension;
import dev.bellhop.model.wire.Cursor;
import dev.bellhop.model.wire.RoomName;
import dev.bellhop.realtime.log.Append;
import dev.bellhop.realtime.log.EventLog;
import dev.bellhop.realtime.log.LogStore;
import dev.bellhop.realtime.log.LoggedEvent;
import dev.bellhop.realtime.log.NewEvent;
import dev.bellhop.realtime.log.Retention;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class CursorCheckTest {
    @RegisterExtension
    static final PostgresExtension postgres = new PostgresExtension();

    private final UUID org = UUID.randomUUID();
    private final LogView view = new LogView(new FrameMemory(20_000, 1 << 20));

    @Test
    @DisplayName(
            "a client is not told that it missed too much because more came during the look at the log than memory holds")
    void burstDuringTheLook() throws Exception {
        ExecutorService delivery = Executors.newSingleThreadExecutor();
        ExecutorService reader = Executors.newSingleThreadExecutor();
        try (LogStore store = LogStore.postgres(
                postgres.url(), 4, new Retention.Kept(Duration.ofHours(1), 1000, Duration.ofHours(1)))) {
            EventLog log = store.log();
            view.restart(log.state(org), List.of());
            List<LoggedEvent> first = append(log, 30);
            Cursor early = new Cursor(
                    view.epoch(), 1, Cursor.fingerprint(first.get(0).event().id()));
            assertThat(view.tail().holds(1)).isFalse();

            AtomicInteger bursts = new AtomicInteger(2);
            EventLog bursting = duringCounts(log, () -> {
                if (bursts.getAndDecrement() > 0) {
                    append(log, 30);
                }
            });
            Steps steps = new Steps(delivery, reader, fault -> {
                throw new AssertionError(fault);
            });
            CursorCheck check = new CursorCheck(org, view, bursting, steps, (head, then) -> then.run());
            CompletableFuture<CursorCheck.Verdict> verdict = new CompletableFuture<>();
            steps.add(() -> check.judge(
                    early.toString(),
                    Set.of(RoomName.ORG),
                    verdict::complete,
                    () -> verdict.completeExceptionally(new AssertionError("unavailable"))));
            assertThat(verdict.get(20, TimeUnit.SECONDS).resume()).isEqualTo(new Subscriber.Resume.Recovered(89));
        } finally {
            delivery.shutdown();
            reader.shutdown();
        }
    }

    /** Appends, and delivers as a stream does. Called by one thread at a time. */
    private List<LoggedEvent> append(EventLog log, int count) {
        List<NewEvent> events = IntStream.range(0, count)
                .mapToObj(i -> new NewEvent(
                        UUID.randomUUID(),
                        "custom.x",
                        List.of(RoomName.ORG),
                        "{\"text\":\"" + "x".repeat(1000) + "\"}",
                        Instant.parse("2026-01-01T00:00:00Z"),
                        null))
                .toList();
        Append.Outcome.Appended appended = (Append.Outcome.Appended)
                log.append(org, List.of(new Append(Optional.empty(), events))).get(0);
        appended.added().forEach(event -> view.append(Frame.of(event, appended.epoch())));
        return appended.added();
    }

    private static EventLog duringCounts(EventLog log, Runnable task) {
        return (EventLog) Proxy.newProxyInstance(
                EventLog.class.getClassLoader(), new Class<?>[] {EventLog.class}, (proxy, method, arguments) -> {
                    try {
                        Object answer = method.invoke(log, arguments);
                        if (method.getName().equals("count")) {
                            task.run();
                        }
                        return answer;
                    } catch (InvocationTargetException failure) {
                        throw failure.getCause();
                    }
                });
    }
}
