package dev.bellhop.realtime.http;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.server.ConnectionMetaData;

/**
 * Cuts off whoever takes too long to say what it wants: Jetty's own idle timeout starts again with every byte. The time runs
 * from the accept, or from the first byte of a later request on the same connection, to the end of its headers. A connection
 * that became a WebSocket, or whose request is being answered, is nothing to it.
 */
public final class HeaderDeadline implements Connection.Listener {
    private final long deadlineNanos;
    private final Map<Connection, Wait> open = new ConcurrentHashMap<>();

    /** What was seen at the last look. Only touched by {@link #look}. */
    private static final class Wait {
        long messages;
        long bytes;
        /** {@link System#nanoTime} since when a request is due. */
        long since = System.nanoTime();

        boolean due = true;
    }

    public HeaderDeadline(Duration deadline) {
        this.deadlineNanos = deadline.toNanos();
    }

    @Override
    public void onOpened(Connection connection) {
        if (connection instanceof ConnectionMetaData) { // it speaks HTTP
            open.put(connection, new Wait());
        }
    }

    @Override
    public void onClosed(Connection connection) {
        open.remove(connection);
    }

    /** To be called several times within a deadline, by one thread at a time. */
    public void look() {
        long now = System.nanoTime();
        open.forEach((connection, wait) -> {
            if (isOverdue(connection, wait, now)) {
                connection.close();
            }
        });
    }

    private boolean isOverdue(Connection connection, Wait wait, long now) {
        long messages = connection.getMessagesIn();
        long bytes = connection.getBytesIn();
        boolean answering = messages > connection.getMessagesOut();
        if (messages != wait.messages || answering) {
            wait.messages = messages;
            wait.bytes = bytes;
            wait.due = false;
        } else if (!wait.due && bytes > wait.bytes) {
            wait.due = true;
            wait.since = now;
        }
        return wait.due && now - wait.since > deadlineNanos;
    }
}
