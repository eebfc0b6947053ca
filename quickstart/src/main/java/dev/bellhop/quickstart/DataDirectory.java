package dev.bellhop.quickstart;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * What is kept between starts ({@code BELLHOP_DATA_DIR}): the embedded PostgreSQL and the secrets. Belongs to one process
 * at a time. Everything in it can be read by its owner only.
 */
public final class DataDirectory implements AutoCloseable {
    static final String JWT_SECRET = "jwt-secret";
    static final String EVENT_SECRETS = "event-secrets";

    private static final String LOCK = "lock";

    /** Far behind the text in the lock file: on Windows nobody else can read the bytes that are locked. */
    private static final long LOCKED_BYTE = 1L << 32;

    private final Path root;
    private final FileChannel lock;

    private DataDirectory(Path root, FileChannel lock) {
        this.root = root;
        this.lock = lock;
    }

    /**
     * Creates the directory when it is missing and takes it for this process, until {@link #close} or the process's end.
     *
     * @throws StartFailure when it cannot be written, or another process has it
     */
    public static DataDirectory open(Path directory) throws StartFailure {
        try {
            Files.createDirectories(directory, ownerOnly("rwx------"));
            Path root = directory.toRealPath();
            return new DataDirectory(root, lock(root));
        } catch (IOException e) {
            throw new StartFailure(
                    "The data directory " + directory.toAbsolutePath().normalize() + " cannot be used: " + reason(e)
                            + ". Set BELLHOP_DATA_DIR to a directory that can be written.",
                    e);
        }
    }

    private static FileChannel lock(Path root) throws IOException, StartFailure {
        Path file = root.resolve(LOCK);
        FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        try {
            FileLock taken = channel.tryLock(LOCKED_BYTE, 1, false);
            if (taken == null) {
                throw inUse(root, Files.readString(file));
            }
            channel.truncate(0);
            channel.write(
                    ByteBuffer.wrap(Long.toString(ProcessHandle.current().pid()).getBytes(StandardCharsets.US_ASCII)));
            return channel;
        } catch (OverlappingFileLockException e) {
            channel.close();
            throw inUse(root, Files.readString(file));
        } catch (IOException | StartFailure e) {
            channel.close();
            throw e;
        }
    }

    private static StartFailure inUse(Path root, String holder) {
        String process = holder.isBlank() ? "" : " (process " + holder.trim() + ")";
        return new StartFailure("Another Bellhop" + process + " is running on the data directory " + root
                + ". Stop it, or set BELLHOP_DATA_DIR to another directory.");
    }

    Path resolve(String name) {
        return root.resolve(name);
    }

    /**
     * A secret that is made on the first start and read on every later one.
     *
     * @throws StartFailure when the file can be neither read nor written
     */
    String secret(String name, Supplier<String> fresh) throws StartFailure {
        Path file = root.resolve(name);
        try {
            Optional<String> kept = readSecret(root, name);
            if (kept.isPresent()) {
                return kept.get();
            }
            String made = fresh.get();
            writeWhole(file, made);
            return made;
        } catch (IOException e) {
            throw new StartFailure("The secret in " + file + " cannot be read or made: " + reason(e) + ".", e);
        }
    }

    /** As {@link #secret} for whoever does not hold the directory. Empty when none has been made yet. */
    static Optional<String> readSecret(Path directory, String name) throws IOException {
        try {
            return Optional.of(Files.readString(directory.resolve(name)).trim()).filter(text -> !text.isEmpty());
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    /** Puts a file in place whole or not at all, whenever the machine may stop. */
    private static void writeWhole(Path file, String text) throws IOException {
        Path draft = Files.createTempFile(file.getParent(), "draft", "", ownerOnly("rw-------"));
        try (FileChannel channel = FileChannel.open(draft, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap((text + "\n").getBytes(StandardCharsets.UTF_8)));
            channel.force(true);
        }
        Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
    }

    /** Permissions for a file or directory to be created; none on a file system that has other ones. */
    static FileAttribute<?>[] ownerOnly(String permissions) {
        if (!FileSystems.getDefault().supportedFileAttributeViews().contains("posix")) {
            return new FileAttribute<?>[0];
        }
        return new FileAttribute<?>[] {
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))
        };
    }

    /** A file system's complaint as a few words. */
    static String reason(IOException e) {
        if (e instanceof AccessDeniedException) {
            return "permission denied";
        }
        if (e instanceof FileAlreadyExistsException) {
            return "it is a file";
        }
        if (e instanceof NoSuchFileException) {
            return "there is no such place";
        }
        if (e instanceof FileSystemException f && f.getReason() != null) {
            return f.getReason();
        }
        return String.valueOf(e.getMessage());
    }

    @Override
    public void close() throws IOException {
        lock.close();
    }
}
