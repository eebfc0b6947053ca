package dev.bellhop.torture;

import dev.bellhop.quickstart.DataDirectory;
import dev.bellhop.quickstart.EmbeddedDatabase;
import dev.bellhop.quickstart.StartFailure;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The embedded PostgreSQL, which can be crashed and started again on the same port and data. Thread-safe. */
final class Postgres implements AutoCloseable {
    /** Two services of each kind, their followers, and the test's own. */
    private static final int CONNECTIONS = 160;

    private final DataDirectory data;
    private final Processes processes;
    /** Guarded by this. */
    private EmbeddedDatabase server;

    private Postgres(DataDirectory data, Processes processes) {
        this.data = data;
        this.processes = processes;
    }

    static Postgres start(Path directory, Processes processes) throws TortureFailure {
        try {
            Postgres postgres = new Postgres(DataDirectory.open(directory), processes);
            postgres.start();
            return postgres;
        } catch (StartFailure e) {
            throw new TortureFailure(e.getMessage(), e);
        }
    }

    /** After a crash. */
    synchronized void start() throws TortureFailure {
        try {
            server = EmbeddedDatabase.start(data, "max_connections=" + CONNECTIONS);
            processes.adopt(server.process());
        } catch (StartFailure e) {
            throw new TortureFailure(e.getMessage(), e);
        }
    }

    /** As {@code pg_ctl stop -m immediate}: no checkpoint, so that the next start recovers from the log. */
    synchronized void stopImmediately() throws TortureFailure, InterruptedException {
        signal("QUIT");
    }

    /** SIGKILL for the server and every process that serves a client. */
    synchronized void kill() throws InterruptedException {
        List<ProcessHandle> backends = server.process().descendants().toList();
        server.process().destroyForcibly();
        backends.forEach(ProcessHandle::destroyForcibly);
        awaitEnd(server.process());
        for (ProcessHandle backend : backends) {
            awaitEnd(backend);
        }
    }

    private void signal(String signal) throws TortureFailure, InterruptedException {
        try {
            new ProcessBuilder(
                            "kill", "-" + signal, Long.toString(server.process().pid()))
                    .inheritIO()
                    .start()
                    .waitFor();
        } catch (IOException e) {
            throw new TortureFailure("There is no kill(1): " + e.getMessage(), e);
        }
        awaitEnd(server.process());
    }

    private static void awaitEnd(ProcessHandle process) throws InterruptedException {
        while (process.isAlive()) {
            TimeUnit.MILLISECONDS.sleep(10);
        }
    }

    /** JDBC address with user and password; the same for the whole run. */
    synchronized String url() {
        return server.url();
    }

    Connection connect() throws SQLException {
        return DriverManager.getConnection(url() + "&connectTimeout=3&socketTimeout=60&ApplicationName=torture");
    }

    synchronized ProcessHandle process() {
        return server.process();
    }

    @Override
    public synchronized void close() throws IOException {
        if (server != null) {
            Processes.kill(server.process());
        }
        data.close();
    }
}
