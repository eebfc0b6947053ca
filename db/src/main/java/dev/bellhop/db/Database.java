package dev.bellhop.db;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.time.Duration;
import java.util.Properties;
import org.flywaydb.core.Flyway;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.StatementExceptions;
import org.jdbi.v3.core.statement.StatementExceptions.MessageRendering;
import org.jdbi.v3.postgres.PostgresPlugin;

/**
 * A service's PostgreSQL: pool, migrations, Jdbi. Time limits are set so that a dead server, a held lock or a forgotten
 * transaction ends in an error within seconds instead of a thread that hangs. Thread-safe.
 */
public final class Database implements AutoCloseable {
    private final HikariDataSource pool;
    private final Jdbi jdbi;

    private Database(HikariDataSource pool) {
        this.pool = pool;
        this.jdbi = Jdbi.create(pool).installPlugin(new PostgresPlugin());
        // The bound values of a failed statement are people's data and password hashes; failures end up in logs.
        jdbi.getConfig(StatementExceptions.class).setMessageRendering(MessageRendering.NONE);
    }

    /**
     * Opens a pool; a server that is not there yet is waited for up to 30 s.
     *
     * @param url JDBC address with user and password in it
     * @param name of the pool, shown in logs, metrics and {@code pg_stat_activity}
     * @param connections most that are open at once
     * @throws com.zaxxer.hikari.pool.HikariPool.PoolInitializationException when the server cannot be reached
     */
    public static Database open(String url, String name, int connections) {
        HikariConfig config = new HikariConfig();
        config.setJdbcUrl(url);
        config.setPoolName(name);
        config.setMaximumPoolSize(connections);
        config.setConnectionTimeout(Duration.ofSeconds(2).toMillis());
        config.setInitializationFailTimeout(Duration.ofSeconds(30).toMillis());
        config.setKeepaliveTime(Duration.ofMinutes(1).toMillis());
        config.setMaxLifetime(Duration.ofMinutes(30).toMillis());
        config.setDataSourceProperties(driverSettings(name));
        config.setConnectionInitSql("set statement_timeout = '5s'; set lock_timeout = '3s';"
                + " set idle_in_transaction_session_timeout = '15s'; set time zone 'UTC';"
                // Tables fill within minutes. Plans that were made while they were small stay with the connection until
                // the next analyze, and would read each table whole for every statement.
                + " set enable_seqscan = off; set jit = off");
        return new Database(new HikariDataSource(config));
    }

    private static Properties driverSettings(String name) {
        Properties settings = new Properties();
        settings.setProperty("ApplicationName", name);
        settings.setProperty("connectTimeout", "3");
        settings.setProperty("loginTimeout", "5");
        settings.setProperty("socketTimeout", "10");
        settings.setProperty("tcpKeepAlive", "true");
        settings.setProperty("logServerErrorDetail", "false"); // the detail quotes the row
        settings.setProperty("reWriteBatchedInserts", "true");
        return settings;
    }

    /**
     * Brings a schema up to date. Safe to run from several processes at once: Flyway takes a lock.
     *
     * @param url as of {@link #open}; migrations have a connection of their own, without the pool's time limits
     * @param schema created when missing; holds the tables and Flyway's own history
     * @param location folder on the class path, for example {@code db/migration/api}
     */
    public static void migrate(String url, String schema, String location) {
        Flyway.configure()
                .dataSource(url, null, null)
                .schemas(schema)
                .locations("classpath:" + location)
                .failOnMissingLocations(true)
                .connectRetries(30)
                .load()
                .migrate();
    }

    public Jdbi jdbi() {
        return jdbi;
    }

    /** For the figures that an operator watches. */
    public HikariDataSource pool() {
        return pool;
    }

    @Override
    public void close() {
        pool.close();
    }
}
