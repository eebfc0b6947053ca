package dev.bellhop.quickstart;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * A PostgreSQL of our own in the data directory, on loopback, for machines that have none. Its data outlive the process,
 * also one that is killed: what is committed is on the disk. One user with a random password owns one database.
 */
public final class EmbeddedDatabase implements AutoCloseable {
    private static final String HOST = "127.0.0.1";
    private static final String NAME = "bellhop";
    private static final String SUPERUSER = "postgres";

    /** Enough for one service of each kind. */
    private static final int CONNECTIONS = 64;

    /** After a crash the server first replays up to a gigabyte of log. */
    private static final String START_SECONDS = "300";

    /** A fast shutdown writes a checkpoint; after a day of writes that takes a while. */
    private static final String STOP_SECONDS = "30";

    private final PostgresPrograms programs;
    private final Path cluster;
    private final int port;
    private final String password;
    private final Postmaster postmaster;

    private EmbeddedDatabase(
            PostgresPrograms programs, Path cluster, int port, String password, Postmaster postmaster) {
        this.programs = programs;
        this.cluster = cluster;
        this.port = port;
        this.password = password;
        this.postmaster = postmaster;
    }

    /**
     * Starts the server and waits until it answers. A server that an earlier, killed process left behind is stopped first.
     *
     * @param data held by this process
     * @param settings of the server, {@code name=value}, that count instead of the usual ones
     * @throws StartFailure when PostgreSQL does not run here
     */
    public static EmbeddedDatabase start(DataDirectory data, String... settings) throws StartFailure {
        Path home = data.resolve("postgresql");
        try {
            Files.createDirectories(home, DataDirectory.ownerOnly("rwx------"));
            Path log = home.resolve("server.log");
            long logged = log.toFile().length();
            try {
                return start(data, home, log, List.of(settings));
            } catch (PostgresPrograms.Failed e) {
                throw failure(log, since(log, logged) + e.getMessage(), e);
            }
        } catch (IOException e) {
            throw new StartFailure(
                    "The embedded PostgreSQL in " + home + " cannot be used: " + DataDirectory.reason(e) + ".", e);
        }
    }

    private static EmbeddedDatabase start(DataDirectory data, Path home, Path log, List<String> settings)
            throws IOException, StartFailure, PostgresPrograms.Failed {
        Path cluster = home.resolve("cluster");
        PostgresPrograms programs = PostgresPrograms.in(home);
        stopOrphan(programs, cluster);
        if (Files.exists(cluster) && DataDirectory.readSecret(home, "password").isEmpty()) {
            throw new StartFailure("The password of the embedded PostgreSQL is missing: restore " + home
                    + "/password, or delete " + home + " to start with an empty database.");
        }
        String password = data.secret("postgresql/password", EmbeddedDatabase::randomPassword);
        if (!Files.exists(cluster)) {
            initialise(programs, cluster, home.resolve("password"));
        }
        int port = choosePort(home.resolve("port"));
        programs.run(
                "pg_ctl",
                "start",
                "-w",
                "-t",
                START_SECONDS,
                "-D",
                cluster.toString(),
                "-l",
                log.toString(),
                "-o",
                settings(port, settings));
        Postmaster postmaster = Postmaster.of(cluster)
                .orElseThrow(() -> new StartFailure("The embedded PostgreSQL ended at once; see " + log + "."));
        EmbeddedDatabase database = new EmbeddedDatabase(programs, cluster, port, password, postmaster);
        database.createDatabase();
        Files.writeString(home.resolve("port"), Integer.toString(port));
        return database;
    }

    private static void stopOrphan(PostgresPrograms programs, Path cluster)
            throws IOException, StartFailure, PostgresPrograms.Failed {
        Optional<Postmaster> orphan = Postmaster.of(cluster);
        if (orphan.isPresent()) {
            stop(programs, cluster);
        }
    }

    private static String randomPassword() {
        byte[] bytes = new byte[24];
        new SecureRandom().nextBytes(bytes);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    /** Makes the cluster aside and puts it in place whole: initdb does not go on where a killed one stopped. */
    private static void initialise(PostgresPrograms programs, Path cluster, Path password)
            throws IOException, PostgresPrograms.Failed {
        Path draft = cluster.resolveSibling("cluster-draft");
        if (Files.exists(draft)) {
            Postmaster.endStrays(draft);
            PostgresPrograms.delete(draft);
        }
        programs.run(
                "initdb",
                "--pgdata=" + draft,
                "--username=" + SUPERUSER,
                "--auth=scram-sha-256",
                "--pwfile=" + password,
                "--encoding=UTF8",
                // The same order of names on every machine.
                "--locale=C",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8");
        Files.move(draft, cluster, StandardCopyOption.ATOMIC_MOVE);
    }

    /** The port of last time, so that a client's saved connection goes on working, or else a free one. */
    private static int choosePort(Path remembered) throws IOException {
        if (Files.exists(remembered)) {
            String text = Files.readString(remembered).trim();
            if (text.matches("[0-9]{1,5}") && isFree(Integer.parseInt(text))) {
                return Integer.parseInt(text);
            }
        }
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static boolean isFree(int port) {
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            return true;
        } catch (IOException taken) {
            return false;
        }
    }

    /** What holds on every start, whatever stands in the cluster's own files. */
    private static String settings(int port, List<String> others) {
        String usual = String.join(
                " -c ",
                "-p " + port,
                "listen_addresses=" + HOST,
                "unix_socket_directories=",
                "fsync=on",
                "full_page_writes=on",
                "synchronous_commit=on",
                "max_connections=" + CONNECTIONS,
                "timezone=UTC",
                "log_timezone=UTC",
                "lc_messages=C",
                "log_checkpoints=off");
        return others.stream().map(other -> " -c " + other).reduce(usual, String::concat);
    }

    private static String since(Path log, long offset) throws IOException {
        if (!Files.exists(log)) { // initdb comes before it
            return "";
        }
        try (RandomAccessFile file = new RandomAccessFile(log.toFile(), "r")) {
            byte[] bytes = new byte[(int) Math.min(64 * 1024, Math.max(0, file.length() - offset))];
            file.seek(offset);
            file.readFully(bytes);
            return new String(bytes, StandardCharsets.UTF_8);
        }
    }

    /** What PostgreSQL itself gave as the reason, in one sentence. */
    private static StartFailure failure(Path log, String output, Throwable cause) {
        List<String> lines = output.lines().filter(line -> !line.isBlank()).toList();
        String reason = lines.stream()
                .filter(line -> line.contains("FATAL: ") || line.contains("PANIC: "))
                .findFirst()
                .or(() -> lines.stream()
                        .filter(line -> line.contains("error: ") || line.startsWith("pg_ctl: "))
                        .findFirst())
                .or(() -> lines.stream().reduce((first, second) -> second))
                .orElse("it gives no reason")
                .replaceFirst("^.*?(FATAL|PANIC|error): +", "")
                .trim();
        String advice = reason.contains("run as root") || reason.startsWith("unshare: ")
                ? "As root it needs user namespaces (unshare -U), which this system forbids: start Bellhop as an ordinary"
                        + " user, or set BELLHOP_DATABASE_URL to a PostgreSQL of your own."
                : "Its log is " + log + "; with BELLHOP_DATABASE_URL Bellhop uses a PostgreSQL of your own instead.";
        return new StartFailure("The embedded PostgreSQL does not start: " + reason + ". " + advice, cause);
    }

    /** Each step only where a start that was killed has not come so far. */
    private void createDatabase() throws StartFailure, IOException {
        try (Connection connection = DriverManager.getConnection(url("postgres", SUPERUSER));
                Statement statement = connection.createStatement()) {
            if (isEmpty(statement, "select 1 from pg_roles where rolname = '" + NAME + "'")) {
                statement.execute("create role " + NAME + " login password '" + password + "'");
            }
            if (isEmpty(statement, "select 1 from pg_database where datname = '" + NAME + "'")) {
                statement.execute("create database " + NAME + " owner " + NAME);
            }
        } catch (SQLException e) {
            close();
            throw new StartFailure("The embedded PostgreSQL cannot be set up: " + e.getMessage() + ".", e);
        }
    }

    private static boolean isEmpty(Statement statement, String query) throws SQLException {
        try (ResultSet rows = statement.executeQuery(query)) {
            return !rows.next();
        }
    }

    /** JDBC address with user and password. */
    public String url() {
        return url(NAME, NAME);
    }

    private String url(String database, String user) {
        return "jdbc:postgresql://" + HOST + ":" + port + "/" + database + "?user=" + user + "&password=" + password;
    }

    /** The server's own process; those that serve its clients descend from it. */
    public ProcessHandle process() {
        return postmaster.process();
    }

    /** Completes when the server is gone, whoever ended it. */
    CompletableFuture<ProcessHandle> onExit() {
        return postmaster.onExit();
    }

    /** Stops the server and waits for its end. */
    @Override
    public void close() throws IOException, StartFailure {
        if (postmaster.isRunning()) {
            try {
                stop(programs, cluster);
            } catch (PostgresPrograms.Failed e) {
                throw new StartFailure("The embedded PostgreSQL does not stop: " + e.getMessage(), e);
            }
        }
    }

    /**
     * Fast: it rolls back what is open and writes a checkpoint. If that takes too long, immediate: the next start recovers
     * from the log.
     */
    private static void stop(PostgresPrograms programs, Path cluster) throws IOException, PostgresPrograms.Failed {
        try {
            programs.run("pg_ctl", "stop", "-w", "-t", STOP_SECONDS, "-m", "fast", "-D", cluster.toString());
        } catch (PostgresPrograms.Failed slow) {
            programs.run("pg_ctl", "stop", "-w", "-t", STOP_SECONDS, "-m", "immediate", "-D", cluster.toString());
        }
    }
}
