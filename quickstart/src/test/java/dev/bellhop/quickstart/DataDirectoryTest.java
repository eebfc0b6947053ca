package dev.bellhop.quickstart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataDirectoryTest {
    @TempDir
    Path parent;

    @Test
    @DisplayName("a secret is made once, readable by its owner only, and read from then on")
    void secretsAreKept() throws Exception {
        Path directory = parent.resolve("new/data");
        String made;
        try (DataDirectory data = DataDirectory.open(directory)) {
            made = data.secret("jwt-secret", () -> "first");
        }
        try (DataDirectory data = DataDirectory.open(directory)) {
            assertThat(data.secret("jwt-secret", () -> "second"))
                    .isEqualTo(made)
                    .isEqualTo("first");
        }
        assertThat(DataDirectory.readSecret(directory, "jwt-secret")).contains("first");
        assertThat(DataDirectory.readSecret(directory, "event-secrets")).isEmpty();
        assertThat(permissions(directory.resolve("jwt-secret"))).isEqualTo("rw-------");
        assertThat(permissions(directory)).isEqualTo("rwx------");
    }

    @Test
    @DisplayName("a directory belongs to one process, whose number the second is told")
    void aSecondHolderIsRefused() throws Exception {
        try (DataDirectory first = DataDirectory.open(parent)) {
            assertThatThrownBy(() -> DataDirectory.open(parent))
                    .isInstanceOf(StartFailure.class)
                    .hasMessageContaining("process " + ProcessHandle.current().pid())
                    .hasMessageContaining(first.resolve("").toString());
        }
        DataDirectory.open(parent).close();
    }

    @Test
    @DisplayName("a path that cannot be a directory is one sentence")
    void aFileIsNoDirectory() throws Exception {
        Path file = Files.createFile(parent.resolve("file"));
        assertThatThrownBy(() -> DataDirectory.open(file))
                .isInstanceOf(StartFailure.class)
                .hasMessageContaining("cannot be used: it is a file");
        assertThatThrownBy(() -> DataDirectory.open(file.resolve("below")))
                .isInstanceOf(StartFailure.class)
                .hasMessageContaining(file.resolve("below").toString());
    }

    private static String permissions(Path file) throws Exception {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    }
}
