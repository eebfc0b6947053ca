package dev.bellhop.realtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellhop.realtime.dashboard.DashboardFiles;
import dev.bellhop.realtime.testing.RunningRealtime;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The dashboard's files, and the page that is there without them. */
class DashboardTest {
    private static final HttpClient CLIENT = HttpClient.newHttpClient();
    private static final String SCRIPT = "export {};\n".repeat(200);

    @RegisterExtension
    static final RunningRealtime bare = new RunningRealtime();

    @RegisterExtension
    static final RunningRealtime built = new RunningRealtime()
            .with("BELLHOP_DASHBOARD_DIR", build().toString())
            .with("BELLHOP_API_URL", "https://api.hotel.example:8443/");

    private static Path build() {
        try {
            Path parent = Files.createTempDirectory("bellhop-dashboard");
            Files.createDirectories(parent.resolve("dist/assets"));
            Files.writeString(parent.resolve("dist/index.html"), "<!doctype html><title>Built</title>");
            Files.writeString(parent.resolve("dist/assets/index-1a2b.js"), SCRIPT);
            Files.writeString(parent.resolve("secret.txt"), "a secret");
            return parent.resolve("dist");
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private static HttpResponse<byte[]> send(RunningRealtime realtime, String method, String path, String... headers)
            throws IOException, InterruptedException {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(URI.create(realtime.url(path))).method(method, BodyPublishers.noBody());
        if (headers.length > 0) {
            request.headers(headers);
        }
        return CLIENT.send(request.build(), BodyHandlers.ofByteArray());
    }

    private static String text(HttpResponse<byte[]> response) {
        return new String(response.body(), StandardCharsets.UTF_8);
    }

    private static String header(HttpResponse<?> response, String name) {
        return response.headers().firstValue(name).orElse("");
    }

    @Test
    @DisplayName("the page is asked for each time, may run our scripts only, and may talk to us and the API only")
    void page() throws Exception {
        HttpResponse<byte[]> page = send(built, "GET", "/");
        assertThat(page.statusCode()).isEqualTo(200);
        assertThat(text(page)).contains("<title>Built</title>");
        assertThat(header(page, "Content-Type")).isEqualTo("text/html;charset=utf-8");
        assertThat(header(page, "Cache-Control")).isEqualTo("no-cache");
        assertThat(header(page, "X-Content-Type-Options")).isEqualTo("nosniff");
        assertThat(header(page, "Content-Security-Policy"))
                .contains(
                        "default-src 'none'",
                        "script-src 'self'",
                        "connect-src 'self' https://api.hotel.example:8443;",
                        "frame-ancestors 'none'")
                .doesNotContain("unsafe");
        HttpResponse<byte[]> again = send(built, "GET", "/", "If-None-Match", header(page, "ETag"));
        assertThat(again.statusCode()).isEqualTo(304);
        assertThat(again.body()).isEmpty();
    }

    @Test
    @DisplayName("a file with a hash in its name is kept for ever, and travels compressed to whoever can read that")
    void asset() throws Exception {
        HttpResponse<byte[]> plain = send(built, "GET", "/assets/index-1a2b.js");
        assertThat(text(plain)).isEqualTo(SCRIPT);
        assertThat(header(plain, "Content-Type")).isEqualTo("text/javascript;charset=utf-8");
        assertThat(header(plain, "Cache-Control")).isEqualTo("public, max-age=31536000, immutable");
        HttpResponse<byte[]> packed = send(built, "GET", "/assets/index-1a2b.js", "Accept-Encoding", "br, gzip");
        assertThat(header(packed, "Content-Encoding")).isEqualTo("gzip");
        assertThat(header(packed, "Vary")).isEqualTo("Accept-Encoding");
        assertThat(packed.body()).hasSizeLessThan(SCRIPT.length() / 10);
        assertThat(new GZIPInputStream(new ByteArrayInputStream(packed.body())).readAllBytes())
                .isEqualTo(SCRIPT.getBytes(StandardCharsets.UTF_8));
        HttpResponse<byte[]> head = send(built, "HEAD", "/assets/index-1a2b.js");
        assertThat(head.statusCode()).isEqualTo(200);
        assertThat(header(head, "Content-Length")).isEqualTo(String.valueOf(SCRIPT.length()));
        assertThat(head.body()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/secret.txt",
                "/../secret.txt",
                "/assets/../../secret.txt",
                "/assets/%2e%2e/%2e%2e/secret.txt",
                "/assets/..%2f..%2fsecret.txt",
                "/assets/..%5c..%5csecret.txt",
                "/assets//../../secret.txt",
                "/assets/",
                "/assets",
                "/nothing.js"
            })
    @DisplayName("no address leads out of the directory, or lists it")
    void elsewhere(String path) throws Exception {
        HttpResponse<byte[]> response = send(built, "GET", path);
        assertThat(response.statusCode()).isIn(400, 404);
        assertThat(text(response)).doesNotContain("a secret");
    }

    @Test
    @DisplayName("the page learns where the API is: as set, as told later, or at its own address")
    void config() throws Exception {
        HttpResponse<byte[]> set = send(built, "GET", "/config.json");
        assertThat(text(set)).isEqualTo("{\"api_url\":\"https://api.hotel.example:8443\"}");
        assertThat(header(set, "Cache-Control")).isEqualTo("no-store");
        assertThat(text(send(bare, "GET", "/config.json"))).isEqualTo("{\"api_url\":null}");
        bare.service().apiIsAt(URI.create("http://127.0.0.1:4711"));
        assertThat(text(send(bare, "GET", "/config.json"))).isEqualTo("{\"api_url\":\"http://127.0.0.1:4711\"}");
        assertThat(header(send(bare, "GET", "/"), "Content-Security-Policy"))
                .contains("connect-src 'self' http://127.0.0.1:4711;");
    }

    @Test
    @DisplayName("without a built dashboard the page says what is missing, and brings what it needs to show events")
    void missing() throws Exception {
        assertThat(text(send(bare, "GET", "/"))).contains("The dashboard was not built", "src=\"/bare.js\"");
        assertThat(send(bare, "GET", "/bare.js").statusCode()).isEqualTo(200);
        assertThat(send(bare, "GET", "/bare.css").statusCode()).isEqualTo(200);
        assertThat(header(send(bare, "GET", "/favicon.svg"), "Content-Type")).isEqualTo("image/svg+xml");
    }

    @Test
    @DisplayName("the pages take nothing away from the calls")
    void others() throws Exception {
        assertThat(send(built, "GET", "/health/live").statusCode()).isEqualTo(200);
        assertThat(send(built, "GET", "/ws/stats").statusCode()).isEqualTo(401);
        assertThat(send(built, "POST", "/").statusCode()).isEqualTo(404);
    }

    @Test
    @DisplayName("a directory that is none of a dashboard ends the start with its name")
    void wrongDirectory(@TempDir Path empty) {
        assertThatThrownBy(() -> DashboardFiles.of(Optional.of(empty)))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining("BELLHOP_DASHBOARD_DIR")
                .hasMessageContaining(empty.toString());
    }
}
