package dev.bellhop.api.outbox;

import java.sql.SQLException;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hears what other relays say to this one through PostgreSQL's NOTIFY: that they have numbered events of an organisation
 * for which this one sends. A call may be lost, with the connection or behind a proxy that knows no LISTEN; the relay's poll
 * finds the events all the same.
 */
final class WakeUpCalls implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(WakeUpCalls.class);

    /** How long a close may wait for the thread's next look at whether it is to end. */
    private static final Duration LOOK = Duration.ofMillis(500);

    private static final Duration AFTER_FAULT = Duration.ofSeconds(1);

    private final Jdbi jdbi;
    private final String relay;
    private final Runnable wakeUp;
    private final Thread thread = new Thread(this::run, "outbox-calls");
    private final CountDownLatch closed = new CountDownLatch(1);

    /** @param wakeUp must return at once */
    WakeUpCalls(Jdbi jdbi, UUID relay, Runnable wakeUp) {
        this.jdbi = jdbi;
        this.relay = relay.toString();
        this.wakeUp = wakeUp;
    }

    void start() {
        thread.start();
    }

    private void run() {
        boolean ended = false;
        while (!ended) {
            try (Handle handle = jdbi.open()) {
                listen(handle);
            } catch (SQLException | JdbiException e) {
                log.atWarn().addKeyValue("reason", e.getClass().getSimpleName()).log("relay.calls.unavailable");
            }
            ended = isClosedWithin(AFTER_FAULT);
        }
    }

    private void listen(Handle handle) throws SQLException {
        PGConnection connection = handle.getConnection().unwrap(PGConnection.class);
        handle.execute("listen bellhop_outbox");
        try {
            wakeUp.run(); // for whatever was said before
            while (!isClosedWithin(Duration.ZERO)) {
                PGNotification[] calls = connection.getNotifications((int) LOOK.toMillis());
                if (isForThis(calls)) {
                    wakeUp.run();
                }
            }
        } finally {
            handle.execute("unlisten bellhop_outbox"); // the connection goes back to its pool
        }
    }

    /** @param calls null when there are none */
    private boolean isForThis(PGNotification[] calls) {
        if (calls != null) {
            for (PGNotification call : calls) {
                if (call.getParameter().equals(relay)) {
                    return true;
                }
            }
        }
        return false;
    }

    private boolean isClosedWithin(Duration time) {
        try {
            return closed.await(time.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            return true;
        }
    }

    /** Returns when the thread has ended, which takes a look. */
    @Override
    public void close() {
        closed.countDown();
        try {
            thread.join(LOOK.multipliedBy(4).toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
