package dev.bellhop.quickstart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedDatabaseTest {
    /** One for all tests: each finds the cluster of the one before, or makes the first. */
    @TempDir
    static Path directory;

    @Test
    @DisplayName("what is committed is on the disk: fsync, full_page_writes and synchronous_commit are on")
    void durabilityIsOn() throws Exception {
        try (DataDirectory data = DataDirectory.open(directory);
                EmbeddedDatabase database = EmbeddedDatabase.start(data)) {
            assertThat(show(database, "fsync")).isEqualTo("on");
            assertThat(show(database, "full_page_writes")).isEqualTo("on");
            assertThat(show(database, "synchronous_commit")).isEqualTo("on");
            assertThat(show(database, "data_checksums")).isEqualTo("on");
        }
    }

    @Test
    @DisplayName("the server listens on loopback only and wants a password")
    void onlyThePasswordOpensIt() throws Exception {
        try (DataDirectory data = DataDirectory.open(directory);
                EmbeddedDatabase database = EmbeddedDatabase.start(data)) {
            assertThat(show(database, "listen_addresses")).isEqualTo("127.0.0.1");
            for (String user : List.of("bellhop", "postgres")) {
                String withoutPassword = database.url().replaceAll("\\?.*", "?user=" + user + "&password=guess");
                assertThatThrownBy(() -> DriverManager.getConnection(withoutPassword))
                        .isInstanceOf(SQLException.class)
                        .hasMessageContaining("password authentication failed");
            }
            assertThat(query(database, "select rolsuper from pg_roles where rolname = current_user"))
                    .isEqualTo("f");
        }
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory.resolve("postgresql"))))
                .isEqualTo("rwx------");
        assertThat(PosixFilePermissions.toString(
                        Files.getPosixFilePermissions(directory.resolve("postgresql/password"))))
                .isEqualTo("rw-------");
    }

    @Test
    @DisplayName("the second start finds the data of the first, on the same port")
    void dataAreKept() throws Exception {
        String url;
        try (DataDirectory data = DataDirectory.open(directory);
                EmbeddedDatabase database = EmbeddedDatabase.start(data)) {
            url = database.url();
            Jdbi.create(url).useHandle(handle -> {
                handle.execute("create table kept (word text)");
                handle.execute("insert into kept values ('harbour')");
            });
        }
        try (DataDirectory data = DataDirectory.open(directory);
                EmbeddedDatabase database = EmbeddedDatabase.start(data)) {
            assertThat(database.url()).isEqualTo(url);
            assertThat(query(database, "select word from kept")).isEqualTo("harbour");
        }
    }

    @Test
    @DisplayName("a server that a killed process left behind is stopped and its data are found")
    void anOrphanIsReplaced() throws Exception {
        ProcessHandle orphan;
        try (DataDirectory data = DataDirectory.open(directory)) {
            EmbeddedDatabase abandoned = EmbeddedDatabase.start(data);
            Jdbi.create(abandoned.url())
                    .useHandle(handle -> handle.execute("create table orphaned as select 1 as one"));
            orphan = ProcessHandle.of(postmasterPid(directory)).orElseThrow();
        }
        assertThat(orphan.isAlive()).isTrue();
        try (DataDirectory data = DataDirectory.open(directory);
                EmbeddedDatabase database = EmbeddedDatabase.start(data)) {
            assertThat(orphan.onExit()).succeedsWithin(Duration.ofSeconds(5));
            assertThat(query(database, "select one from orphaned")).isEqualTo("1");
        }
    }

    @Test
    @DisplayName("a postmaster.pid whose number belongs to another program by now does not hinder a start")
    void aReusedProcessNumberIsNoServer() throws Exception {
        try (DataDirectory data = DataDirectory.open(directory)) {
            EmbeddedDatabase.start(data).close();
            Path cluster = data.resolve("postgresql/cluster");
            Files.write(
                    cluster.resolve("postmaster.pid"),
                    List.of(Long.toString(ProcessHandle.current().pid()), cluster.toString(), "1", "1", "", "", ""));
            try (EmbeddedDatabase database = EmbeddedDatabase.start(data)) {
                assertThat(query(database, "select 1")).isEqualTo("1");
            }
        }
    }

    @Test
    @DisplayName("a server that serves a copy of another directory is left alone, and said so")
    void anotherDirectorysServerIsLeftAlone(@TempDir Path other) throws Exception {
        try (DataDirectory data = DataDirectory.open(directory);
                EmbeddedDatabase database = EmbeddedDatabase.start(data)) {
            Path copy = Files.createDirectories(other.resolve("postgresql/cluster"));
            Files.copy(data.resolve("postgresql/cluster/postmaster.pid"), copy.resolve("postmaster.pid"));
            try (DataDirectory second = DataDirectory.open(other)) {
                assertThatThrownBy(() -> EmbeddedDatabase.start(second))
                        .isInstanceOf(StartFailure.class)
                        .hasMessageContaining("names process " + postmasterPid(directory));
            }
            assertThat(query(database, "select 1")).isEqualTo("1");
        }
    }

    @Test
    @DisplayName("a first start that was killed while it unpacked or initialised is made good by the next")
    void anUnfinishedFirstStartIsRedone(@TempDir Path fresh) throws Exception {
        Path home = fresh.resolve("postgresql");
        Files.createDirectories(home.resolve("cluster-draft/base"));
        Files.writeString(home.resolve("cluster-draft/postgresql.conf"), "half a fi");
        Files.createDirectories(home.resolve("postgres-draft/bin"));
        Files.write(home.resolve("postgres-draft/bin/postgres"), new byte[100]);
        try (DataDirectory data = DataDirectory.open(fresh);
                EmbeddedDatabase database = EmbeddedDatabase.start(data)) {
            assertThat(query(database, "select 1")).isEqualTo("1");
        }
        assertThat(home.resolve("cluster-draft")).doesNotExist();
        assertThat(home.resolve("postgres-draft")).doesNotExist();
    }

    @Test
    @DisplayName("a cluster that PostgreSQL refuses is one sentence with its reason")
    void aRefusedClusterIsExplained(@TempDir Path fresh) throws Exception {
        try (DataDirectory data = DataDirectory.open(fresh)) {
            EmbeddedDatabase.start(data).close();
            Files.writeString(data.resolve("postgresql/cluster/PG_VERSION"), "17\n");
            assertThatThrownBy(() -> EmbeddedDatabase.start(data))
                    .isInstanceOf(StartFailure.class)
                    .hasMessageContaining("does not start: ")
                    .hasMessageContaining("database files are incompatible with server")
                    .hasMessageContaining("BELLHOP_DATABASE_URL");
        }
    }

    @Test
    @DisplayName("a lost password is one sentence, not a wait")
    void aLostPasswordIsExplained(@TempDir Path fresh) throws Exception {
        Path cluster = fresh.resolve("postgresql/cluster");
        Files.createDirectories(cluster);
        try (DataDirectory data = DataDirectory.open(fresh)) {
            assertThatThrownBy(() -> EmbeddedDatabase.start(data))
                    .isInstanceOf(StartFailure.class)
                    .hasMessageContaining("password of the embedded PostgreSQL is missing");
        }
    }

    private static long postmasterPid(Path data) throws Exception {
        return Long.parseLong(Files.readAllLines(data.resolve("postgresql/cluster/postmaster.pid"))
                .get(0));
    }

    private static String show(EmbeddedDatabase database, String setting) throws SQLException {
        return query(database, "show " + setting);
    }

    private static String query(EmbeddedDatabase database, String sql) throws SQLException {
        try (Connection connection = DriverManager.getConnection(database.url());
                ResultSet rows = connection.createStatement().executeQuery(sql)) {
            assertThat(rows.next()).isTrue();
            return rows.getString(1);
        }
    }
}
