package dev.bellhop.api.store;

import java.sql.Connection;
import java.sql.SQLException;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.UnableToExecuteStatementException;

/**
 * Statements of the busiest routes, by JDBC itself and with parameters by place: binding and mapping by name takes the
 * service longer than all the rest of such a statement.
 */
public final class Direct {
    private Direct() {}

    @FunctionalInterface
    public interface Work<T> {
        T on(Connection connection) throws SQLException;
    }

    /** Works on the handle's connection, within its transaction; fails as the handle's own statements do. */
    public static <T> T with(Handle handle, Work<T> work) {
        try {
            return work.on(handle.getConnection());
        } catch (SQLException failure) {
            throw new UnableToExecuteStatementException(failure, null);
        }
    }
}
