package dev.bellhop.realtime.connections;

import dev.bellhop.model.wire.CloseCode;
import dev.bellhop.realtime.Config;
import dev.bellhop.realtime.delivery.Timer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Liveness of all connections by one timer: a wheel with a slot for each tick of the ping interval. A connection lies in the
 * slot of the moment in which it came; a tick pings those of its slot and ends those that did not answer their last ping in time.
 */
final class Heartbeat {
    private static final int SLOTS = 32;

    /** Server-sent events need a sign every 15 s, whatever the ping interval. */
    private static final Duration COMMENT_INTERVAL = Duration.ofSeconds(15);

    private final Config config;
    private final Timer timer;
    private final Collection<Connection> all;
    private final List<Set<Connection>> slots = new ArrayList<>();
    private final List<Timer.Task> tasks = new ArrayList<>();
    /** The slot that is due next. Changed by the timer only. */
    private volatile int next;

    Heartbeat(Config config, Timer timer, Collection<Connection> all) {
        this.config = config;
        this.timer = timer;
        this.all = all;
        for (int i = 0; i < SLOTS; i++) {
            slots.add(ConcurrentHashMap.newKeySet());
        }
    }

    void start() {
        tasks.add(timer.every(config.pingInterval().dividedBy(SLOTS), this::tick));
        every(config.tokenSweep(), () -> all.forEach(Connection::checkExpiry));
        every(config.staleSweep(), this::sweepStale);
        if (config.pingInterval().compareTo(COMMENT_INTERVAL) > 0) {
            every(
                    COMMENT_INTERVAL,
                    () -> all.stream()
                            .filter(connection -> connection.kind().equals("sse"))
                            .forEach(Connection::keepAlive));
        }
    }

    private void every(Duration interval, Runnable task) {
        tasks.add(timer.every(interval, task));
    }

    void stop() {
        tasks.forEach(Timer.Task::cancel);
    }

    void add(Connection connection) {
        slots.get(Math.floorMod(next - 1, SLOTS)).add(connection); // due in a whole interval
    }

    void remove(Connection connection) {
        slots.forEach(slot -> slot.remove(connection));
    }

    private void tick() {
        Set<Connection> due = slots.get(next);
        next = (next + 1) % SLOTS;
        if (due.isEmpty()) {
            return;
        }
        long pingedAt = System.nanoTime();
        due.forEach(Connection::ping);
        List<Connection> pinged = List.copyOf(due);
        timer.after(config.pongTimeout(), () -> pinged.forEach(connection -> endIfSilentSince(connection, pingedAt)));
    }

    /** The peer of a WebSocket owes a Pong; one of an SSE stream owes nothing, its line breaks with a failed write. */
    private void endIfSilentSince(Connection connection, long nanoTime) {
        if (connection.kind().equals("websocket") && connection.isSilentSince(nanoTime)) {
            connection.close(CloseCode.NO_PONG);
        }
    }

    /** Whatever slipped through: silent for two ping intervals. */
    private void sweepStale() {
        long longAgo = System.nanoTime()
                - 2 * config.pingInterval().toNanos()
                - config.pongTimeout().toNanos();
        all.forEach(connection -> endIfSilentSince(connection, longAgo));
    }
}
