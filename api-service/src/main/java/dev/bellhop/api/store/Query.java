package dev.bellhop.api.store;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/**
 * A query of one of the busiest routes, by JDBC itself (see {@link Direct}), that is sent alone or with another one in the
 * same round trip: two statements behind each other are one message of the PostgreSQL protocol ("Extended query", pipelining).
 *
 * @param <T> what its rows become
 */
public interface Query<T> {
    /** One statement, without a semicolon. */
    String sql();

    /** How many parameters it has. */
    int parameters();

    /** @param before number of parameters of the statements before this one */
    void bind(PreparedStatement statement, int before) throws SQLException;

    T read(ResultSet rows) throws SQLException;

    default T on(Connection connection) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql())) {
            bind(statement, 0);
            try (ResultSet rows = statement.executeQuery()) {
                return read(rows);
            }
        }
    }

    /** What two queries said. */
    record Both<A, B>(A first, B second) {}

    /** Both of them, in the same snapshot only within a transaction that keeps one. */
    static <A, B> Both<A, B> on(Connection connection, Query<A> first, Query<B> second) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(first.sql() + ";" + second.sql())) {
            first.bind(statement, 0);
            second.bind(statement, first.parameters());
            statement.execute();
            A said = read(statement, first);
            statement.getMoreResults();
            return new Both<>(said, read(statement, second));
        }
    }

    private static <T> T read(PreparedStatement statement, Query<T> query) throws SQLException {
        try (ResultSet rows = statement.getResultSet()) {
            return query.read(rows);
        }
    }
}
