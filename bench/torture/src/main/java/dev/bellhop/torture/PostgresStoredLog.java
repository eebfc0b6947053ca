package dev.bellhop.torture;

import dev.bellhop.model.wire.Cursor;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;

/** The tables of the realtime service. */
final class PostgresStoredLog implements StoredLog {
    private static final int FETCH = 2000;

    private final Connection connection;

    PostgresStoredLog(Postgres postgres) throws TortureFailure {
        try {
            connection = postgres.connect();
            connection.setAutoCommit(false); // else the driver reads everything at once
        } catch (SQLException e) {
            throw failed(e);
        }
    }

    private static TortureFailure failed(SQLException e) {
        return new TortureFailure("The log cannot be read: " + e.getMessage(), e);
    }

    @Override
    public List<State> states() throws TortureFailure {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(
                        "select org_id, epoch, floor, floor_fingerprint, head from realtime.stream")) {
            List<State> states = new ArrayList<>();
            while (rows.next()) {
                states.add(new State(
                        rows.getObject(1, UUID.class),
                        new Cursor(rows.getString(2), rows.getLong(3), rows.getInt(4)),
                        rows.getLong(5)));
            }
            connection.rollback();
            return states;
        } catch (SQLException e) {
            throw failed(e);
        }
    }

    @Override
    public void read(State state, long after, Consumer<Row> each) throws TortureFailure {
        try (PreparedStatement statement =
                connection.prepareStatement("select position, event_id, type, rooms, payload from realtime.event"
                        + " where org_id = ? and position > ? order by position")) {
            statement.setFetchSize(FETCH);
            statement.setObject(1, state.org());
            statement.setLong(2, after);
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    each.accept(new Row(
                            state.org(),
                            state.epoch(),
                            rows.getLong(1),
                            rows.getObject(2, UUID.class),
                            rows.getString(3),
                            List.of((String[]) rows.getArray(4).getArray()),
                            rows.getString(5)));
                }
            }
            connection.rollback();
        } catch (SQLException e) {
            throw failed(e);
        }
    }

    @Override
    public void close() throws TortureFailure {
        try {
            connection.close();
        } catch (SQLException e) {
            throw failed(e);
        }
    }
}
