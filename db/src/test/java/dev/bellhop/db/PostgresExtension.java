package dev.bellhop.db;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A fresh, empty database on a real PostgreSQL for each test class that registers one; one server for each JVM. The server
 * runs with fsync off, for speed: tests that pull the plug start a server of their own.
 */
public final class PostgresExtension implements BeforeAllCallback, AfterAllCallback {
    private static final AtomicInteger DATABASES = new AtomicInteger();

    private String database;

    /** Started with the first use in this JVM, stopped when the JVM ends. */
    private static final class Server {
        static final EmbeddedPostgres INSTANCE = start();

        private static EmbeddedPostgres start() {
            try {
                EmbeddedPostgres server = EmbeddedPostgres.builder()
                        .setServerConfig("max_connections", "200")
                        .start();
                Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(server), "stop-test-postgres"));
                return server;
            } catch (IOException e) {
                throw new UncheckedIOException("PostgreSQL for the tests does not start", e);
            }
        }

        private static void stop(EmbeddedPostgres server) {
            try {
                server.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        create();
    }

    /** For use outside JUnit's life cycle. */
    public PostgresExtension create() {
        database = "test_" + DATABASES.incrementAndGet();
        admin().useHandle(handle -> handle.execute("create database " + database));
        return this;
    }

    @Override
    public void afterAll(ExtensionContext context) {
        drop();
    }

    /** Ends every connection to the database and removes it. */
    public void drop() {
        admin().useHandle(handle -> handle.execute("drop database if exists " + database + " with (force)"));
    }

    /** Cuts every connection to the database and takes no new ones: for a client the server is down. */
    public void refuseConnections() {
        admin().useHandle(handle -> {
            handle.execute("alter database " + database + " with allow_connections false");
            handle.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = ?", database);
        });
    }

    public void acceptConnections() {
        admin().useHandle(handle -> handle.execute("alter database " + database + " with allow_connections true"));
    }

    /** JDBC address with user and password. */
    public String url() {
        return Server.INSTANCE.getJdbcUrl("postgres", database);
    }

    /** Plain access beside the service under test, as psql would have it. */
    public Jdbi jdbi() {
        return Jdbi.create(url());
    }

    private static Jdbi admin() {
        return Jdbi.create(Server.INSTANCE.getJdbcUrl("postgres", "postgres"));
    }
}
