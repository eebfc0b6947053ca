package dev.bellhop.torture;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * Turns the wall clock of running processes by libfaketime, which is preloaded into them and reads from a file, once a second, how
 * far the clock is off. The monotonic clock goes on as it does. Each look at a clock costs such a process microseconds.
 */
final class FakeClocks {
    private static final String LIBRARY = "libfaketimeMT.so.1";
    /** Where distributions and its own installation put it. */
    private static final List<String> PLACES = List.of(
            "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib", "/usr/local/lib");

    private final Path library;
    private final Path directory;

    private FakeClocks(Path library, Path directory) {
        this.library = library;
        this.directory = directory;
    }

    /**
     * @param directory for the files
     * @throws TortureFailure when the library is not installed
     */
    static FakeClocks in(Path directory) throws TortureFailure {
        return PLACES.stream()
                .map(place -> Path.of(place, "faketime", LIBRARY))
                .filter(Files::exists)
                .findFirst()
                .map(found -> new FakeClocks(found, directory))
                .orElseThrow(() -> new TortureFailure(
                        "Clocks are turned by libfaketime, and there is none: apt-get install libfaketime."));
    }

    /** The variables with which a process starts whose clock is to be turned, under a name. */
    Map<String, String> environment(String name) throws TortureFailure {
        Path file = file(name);
        if (!Files.exists(file)) {
            turn(name, Duration.ZERO);
        }
        return Map.of(
                "LD_PRELOAD",
                library.toString(),
                "FAKETIME_TIMESTAMP_FILE",
                file.toString(),
                "FAKETIME_CACHE_DURATION",
                "1",
                "FAKETIME_DONT_FAKE_MONOTONIC",
                "1");
    }

    /** @param offset from the true time; within a second the process goes by it */
    void turn(String name, Duration offset) throws TortureFailure {
        long seconds = offset.toSeconds();
        try {
            Path draft = Files.writeString(
                    directory.resolve(name + ".clock.draft"), (seconds < 0 ? "" : "+") + seconds + "\n");
            Files.move(draft, file(name), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new TortureFailure("The clock of " + name + " cannot be turned: " + e.getMessage(), e);
        }
    }

    private Path file(String name) {
        return directory.resolve(name + ".clock");
    }
}
