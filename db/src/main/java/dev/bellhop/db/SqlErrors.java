package dev.bellhop.db;

import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.Optional;
import java.util.Set;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/** What a failed statement means (PostgreSQL manual, appendix A: error codes). */
public final class SqlErrors {
    private static final Set<String> TRANSIENT = Set.of("40001", "40P01", "55P03", "57014", "25P03");

    private SqlErrors() {}

    /** Whether a unique constraint or index of that name refused the row. */
    public static boolean isUniqueViolation(Throwable failure, String constraint) {
        return has(failure, "23505")
                && constraint(failure).filter(constraint::equals).isPresent();
    }

    public static boolean isUniqueViolation(Throwable failure) {
        return has(failure, "23505");
    }

    public static boolean isForeignKeyViolation(Throwable failure) {
        return has(failure, "23503");
    }

    /** Whether the same call may well succeed a moment later: no connection, server restarting, lock or time limit. */
    public static boolean isTransient(Throwable failure) {
        SQLException cause = cause(failure);
        if (cause == null) {
            return false;
        }
        if (cause instanceof SQLTransientConnectionException) {
            return true;
        }
        String state = cause.getSQLState();
        return state == null
                || state.startsWith("08")
                || state.startsWith("53")
                || state.startsWith("57P")
                || state.startsWith("58")
                || TRANSIENT.contains(state);
    }

    private static Optional<String> constraint(Throwable failure) {
        return cause(failure) instanceof PSQLException e
                ? Optional.ofNullable(e.getServerErrorMessage()).map(ServerErrorMessage::getConstraint)
                : Optional.empty();
    }

    private static boolean has(Throwable failure, String state) {
        SQLException cause = cause(failure);
        return cause != null && state.equals(cause.getSQLState());
    }

    private static SQLException cause(Throwable failure) {
        for (Throwable t = failure; t != null; t = t.getCause()) {
            if (t instanceof SQLException e) {
                return e;
            }
        }
        return null;
    }
}
