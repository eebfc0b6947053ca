package dev.bellhop.bench;

import java.io.IOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;
import java.util.UUID;

/** Both services on one database, with an organisation and a user who may write. */
final class ApiSystem implements AutoCloseable {
    private final Server.Running api;
    private final Server.Running realtime;
    private final String url;
    private final UUID organization;
    private final UUID user = UUID.randomUUID();
    private final String token;

    ApiSystem(Server.Running api, Server.Running realtime, String url, Clients clients) throws BenchFailure {
        this.api = api;
        this.realtime = realtime;
        this.url = url + (url.contains("?") ? "&" : "?") + "currentSchema=api";
        this.organization = clients.organization();
        this.token = clients.user(user);
        try (Connection connection = connect();
                PreparedStatement founding =
                        connection.prepareStatement("insert into organization (id, name) values (?, 'Bench')");
                PreparedStatement joining =
                        connection.prepareStatement("insert into member (org_id, id, email, name, role, password_hash)"
                                + " values (?, ?, 'bench@test.example', 'Bench', 'HR', 'none')")) {
            founding.setObject(1, organization);
            founding.executeUpdate();
            joining.setObject(1, organization);
            joining.setObject(2, user);
            joining.executeUpdate();
        } catch (SQLException e) {
            close();
            throw new BenchFailure("The organisation cannot be made: " + e.getMessage(), e);
        }
    }

    Server.Running api() {
        return api;
    }

    Server.Running realtime() {
        return realtime;
    }

    UUID organization() {
        return organization;
    }

    UUID user() {
        return user;
    }

    /** Access token of the user, good for both services. */
    String token() {
        return token;
    }

    /** Beside the services, in the API's schema. */
    Connection connect() throws SQLException {
        return DriverManager.getConnection(url);
    }

    /** How many events the realtime service does not have yet. */
    long backlog(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("select count(*) from outbox where sent_at is null")) {
            row.next();
            return row.getLong(1);
        }
    }

    Usage usage(Optional<ProcessHandle> database) throws IOException {
        return new Usage(
                Linux.Machine.now(),
                Linux.treeSeconds(api.process()) + Linux.treeSeconds(realtime.process()),
                Linux.ownSeconds(),
                database.isPresent() ? Linux.treeSeconds(database.get()) : 0);
    }

    @Override
    public void close() {
        api.close();
        realtime.close();
    }
}
