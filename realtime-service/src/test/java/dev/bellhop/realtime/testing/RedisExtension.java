package dev.bellhop.realtime.testing;

import static redis.embedded.core.ExecutableProvider.newJarResourceProvider;

import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisException;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.sync.RedisCommands;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A real, durable Redis on a free port for each test class that registers one: the {@code redis-server} of the path, which
 * {@code .ci/packages} installs, or else an older one out of a jar.
 */
public final class RedisExtension implements BeforeAllCallback, AfterAllCallback {
    private final int port = freePort();
    private Path directory;
    private Process server;

    private static int freePort() {
        try (ServerSocket free = new ServerSocket(0)) {
            return free.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        try {
            directory = Files.createTempDirectory("bellhop-redis");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        start();
    }

    private static String program() {
        return Programs.find("redis-server").map(Path::toString).orElseGet(() -> {
            try {
                return newJarResourceProvider().get().getAbsolutePath();
            } catch (IOException e) {
                throw new UncheckedIOException(
                        "there is no redis-server on the path and none for this system in the jar", e);
            }
        });
    }

    /** With the data that its directory holds. */
    public void start() {
        List<String> command = List.of(
                program(),
                "--port",
                Integer.toString(port),
                "--bind",
                "127.0.0.1",
                "--dir",
                directory.toString(),
                "--appendonly",
                "yes",
                "--appendfsync",
                "always",
                "--save",
                "");
        try {
            server = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(directory.resolve("log").toFile())
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException("Redis does not start", e);
        }
        Awaitility.await("Redis answers")
                .atMost(Duration.ofSeconds(20))
                .pollInterval(Duration.ofMillis(20))
                .ignoreExceptionsInstanceOf(RedisException.class)
                .until(() -> "PONG".equals(ask(RedisCommands::ping)));
    }

    /** Ends the server at once, as a crash would. */
    public void kill() {
        server.destroyForcibly();
        try {
            if (!server.waitFor(10, TimeUnit.SECONDS)) {
                throw new AssertionError("Redis does not die");
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Of what is on the disk; the server must not run. */
    public Path copyData() {
        try {
            Path copy = Files.createTempDirectory("bellhop-redis-copy");
            copy(directory, copy);
            return copy;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The server must not run. */
    public void restoreData(Path copy) {
        loseData();
        try {
            copy(copy, directory);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The server must not run. */
    public void loseData() {
        delete(directory.resolve("appendonlydir"));
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Path target = to.resolve(from.relativize(file).toString());
                if (Files.isDirectory(file)) {
                    Files.createDirectories(target);
                } else {
                    Files.copy(file, target, StandardCopyOption.REPLACE_EXISTING);
                }
            }
        }
    }

    private static void delete(Path tree) {
        try (Stream<Path> files = Files.walk(tree)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public String url() {
        return "redis://127.0.0.1:" + port + "/0";
    }

    /** A call beside the service under test, as redis-cli would make it. */
    public <T> T ask(Function<RedisCommands<String, String>, T> question) {
        try (RedisClient client = RedisClient.create(RedisURI.create(url()))) {
            return question.apply(client.connect().sync());
        }
    }

    @Override
    public void afterAll(ExtensionContext context) {
        kill();
        delete(directory);
    }
}
