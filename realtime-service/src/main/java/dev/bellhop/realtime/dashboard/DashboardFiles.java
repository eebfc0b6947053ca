package dev.bellhop.realtime.dashboard;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;

/**
 * The files of the dashboard by their address, read once: an address that is not one of these leads nowhere, whatever is
 * written in it.
 */
public final class DashboardFiles {
    /** More than the dashboard ever is; a directory that holds more is the wrong one. */
    private static final long MAX_BYTES = 16 << 20;

    private static final String INDEX = "/index.html";
    private static final Map<String, String> TYPES = Map.of(
            "html", "text/html;charset=utf-8",
            "js", "text/javascript;charset=utf-8",
            "css", "text/css;charset=utf-8",
            "svg", "image/svg+xml",
            "png", "image/png",
            "woff2", "font/woff2");

    /** What is served where nothing was built: says so, and shows the events. */
    private static final List<String> BARE = List.of("index.html", "bare.js", "bare.css", "favicon.svg");

    /**
     * @param bytes read-only, as is {@code gzip}
     * @param gzip the same compressed, empty where that saves nothing
     * @param fixed whether the address changes with the content
     */
    record StaticFile(String type, ByteBuffer bytes, Optional<ByteBuffer> gzip, String etag, boolean fixed) {}

    private final Map<String, StaticFile> files;

    private DashboardFiles(Map<String, StaticFile> files) {
        this.files = Map.copyOf(files);
    }

    /**
     * @param directory what {@code npm run build} made; empty for the page that says how to make it
     * @throws UncheckedIOException when it cannot be read or holds no {@code index.html}
     */
    public static DashboardFiles of(Optional<Path> directory) {
        try {
            return new DashboardFiles(directory.isPresent() ? read(directory.get()) : bare());
        } catch (IOException failure) {
            throw new UncheckedIOException(failure.getMessage(), failure);
        }
    }

    private static Map<String, StaticFile> read(Path directory) throws IOException {
        if (!Files.isRegularFile(directory.resolve("index.html"))) {
            throw new IOException("BELLHOP_DASHBOARD_DIR: there is no index.html in " + directory + ".");
        }
        Map<String, StaticFile> files = new HashMap<>();
        long bytes = 0;
        try (Stream<Path> found = Files.walk(directory)) {
            for (Path file : (Iterable<Path>) found::iterator) {
                if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
                    bytes += Files.size(file);
                    if (bytes > MAX_BYTES) {
                        throw new IOException("BELLHOP_DASHBOARD_DIR: " + directory + " holds more than a dashboard.");
                    }
                    String address = "/" + directory.relativize(file).toString().replace('\\', '/');
                    files.put(address, file(address, Files.readAllBytes(file)));
                }
            }
        }
        return files;
    }

    private static Map<String, StaticFile> bare() throws IOException {
        Map<String, StaticFile> files = new HashMap<>();
        for (String name : BARE) {
            try (InputStream in = DashboardFiles.class.getResourceAsStream("/dashboard/" + name)) {
                files.put("/" + name, file("/" + name, in.readAllBytes()));
            }
        }
        return files;
    }

    private static StaticFile file(String address, byte[] bytes) throws IOException {
        String type = TYPES.getOrDefault(
                address.substring(address.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT), "application/octet-stream");
        byte[] gzip = gzip(bytes);
        return new StaticFile(
                type,
                ByteBuffer.wrap(bytes).asReadOnlyBuffer(),
                gzip.length < bytes.length ? Optional.of(ByteBuffer.wrap(gzip).asReadOnlyBuffer()) : Optional.empty(),
                etag(bytes),
                address.startsWith("/assets/"));
    }

    private static byte[] gzip(byte[] bytes) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream(bytes.length);
        try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
            gzip.write(bytes);
        }
        return out.toByteArray();
    }

    private static String etag(byte[] bytes) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(bytes);
            return '"' + HexFormat.of().formatHex(hash, 0, 12) + '"';
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java has it
        }
    }

    /** @param path of the request, as it was decoded */
    Optional<StaticFile> find(String path) {
        return Optional.ofNullable(files.get(path.equals("/") ? INDEX : path));
    }
}
