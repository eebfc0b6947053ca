package dev.bellhop.realtime.log;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jdbi.v3.core.Jdbi;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hints by LISTEN and NOTIFY. They are sent by a transaction of their own that nobody waits for on the disk: a NOTIFY inside an
 * append would take a lock over all databases at its commit. Listening needs a connection to the server itself, so the address may
 * not be that of a pooler in transaction mode.
 */
final class PostgresHints implements Hints {
    private static final String CHANNEL = "bellhop_realtime";
    private static final int WAIT_MS = 1000;
    private static final int RETRY_MS = 500;

    private static final Logger log = LoggerFactory.getLogger(PostgresHints.class);

    private final String url;
    private final Jdbi jdbi;
    private final CountDownLatch closed = new CountDownLatch(1);
    /** What the thread listens on; closed to end it. */
    private volatile Connection connection;

    private volatile Thread listener;

    PostgresHints(String url, Jdbi jdbi) {
        this.url = url;
        this.jdbi = jdbi;
    }

    @Override
    public void listen(Consumer<String> heard) {
        listener = new Thread(() -> listenAll(heard), "hints");
        listener.setDaemon(true);
        listener.start();
    }

    private void listenAll(Consumer<String> heard) {
        boolean ended = false;
        while (!ended) {
            try (Connection opened = DriverManager.getConnection(url, driverSettings())) {
                connection = opened;
                listenOn(opened, heard);
            } catch (SQLException failure) {
                if (closed.getCount() > 0) {
                    log.warn(
                            "no hints from other nodes for now, the log is looked at anyway cause={}",
                            failure.toString());
                }
            }
            ended = await(RETRY_MS);
        }
    }

    private static Properties driverSettings() {
        Properties settings = new Properties();
        settings.setProperty("ApplicationName", "bellhop-realtime-hints");
        settings.setProperty("connectTimeout", "3");
        settings.setProperty("tcpKeepAlive", "true");
        return settings;
    }

    private void listenOn(Connection opened, Consumer<String> heard) throws SQLException {
        try (Statement statement = opened.createStatement()) {
            statement.execute("listen " + CHANNEL);
        }
        PGConnection notifications = opened.unwrap(PGConnection.class);
        while (closed.getCount() > 0) {
            for (PGNotification notification : notifications.getNotifications(WAIT_MS)) {
                heard.accept(notification.getParameter());
            }
        }
    }

    /** @return whether it was closed meanwhile */
    private boolean await(int milliseconds) {
        try {
            return closed.await(milliseconds, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            return true;
        }
    }

    @Override
    public void say(String text) {
        jdbi.useHandle(handle -> handle.createQuery("""
                        select set_config('synchronous_commit', 'off', true), pg_notify(:channel, :text) is null as sent""")
                .bind("channel", CHANNEL)
                .bind("text", text)
                .map((rs, ctx) -> rs.getBoolean("sent"))
                .one());
    }

    @Override
    public void close() {
        closed.countDown();
        Connection open = connection;
        if (open != null) {
            try {
                open.abort(Runnable::run);
            } catch (SQLException failure) {
                log.debug("the connection for hints was broken already", failure);
            }
        }
        Thread running = listener;
        if (running != null) {
            running.interrupt();
        }
    }
}
