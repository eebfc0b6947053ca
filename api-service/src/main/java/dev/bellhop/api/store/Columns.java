package dev.bellhop.api.store;

import java.sql.Array;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;

/** Rows turned into one array a column, for statements that take any number of rows at once by {@code unnest}. */
public record Columns<R>(Connection connection, List<R> rows) {
    public Array texts(Function<R, String> value) throws SQLException {
        return connection.createArrayOf("text", column(value));
    }

    public Array ids(Function<R, UUID> value) throws SQLException {
        return connection.createArrayOf("uuid", column(value));
    }

    public Array numbers(Function<R, Long> value) throws SQLException {
        return connection.createArrayOf("int8", column(value));
    }

    private Object[] column(Function<R, ?> value) {
        Object[] column = new Object[rows.size()];
        for (int i = 0; i < column.length; i++) {
            column[i] = value.apply(rows.get(i));
        }
        return column;
    }
}
