package dev.bellhop.torture;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Answers in the place of a realtime service with what a broken one, or a proxy before it, might say to a batch of events. None
 * of it means that the batch was taken.
 */
final class Impostor implements AutoCloseable {
    /** @param cut the connection ends in the middle of the body */
    private record Answer(int status, String header, String value, String body, boolean cut) {}

    private static final List<Answer> ANSWERS = List.of(
            new Answer(500, "Content-Type", "text/plain", "relation \"event\" does not exist", false),
            new Answer(429, "Retry-After", "1", "", false),
            new Answer(503, "Retry-After", "1", "", false),
            new Answer(502, "Content-Type", "text/html", "<html><body>Bad Gateway</body></html>", false),
            new Answer(302, "Location", "http://127.0.0.1:9/events", "", false),
            new Answer(200, "Content-Type", "application/json", "{\"acked\":", true),
            new Answer(200, "Content-Type", "application/json", "{\"acked\":0,\"accepted\":0,\"duplicates\":0}", false),
            new Answer(200, "Content-Type", "text/html", "<html><body>Welcome</body></html>", false),
            new Answer(204, "Content-Type", "text/plain", "", false));

    private final HttpServer server;
    private final AtomicInteger next = new AtomicInteger();

    Impostor() {
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        server.createContext("/", this::answer);
        server.start();
    }

    InetSocketAddress address() {
        return server.getAddress();
    }

    private void answer(HttpExchange exchange) throws IOException {
        exchange.getRequestBody().readAllBytes();
        Answer answer = ANSWERS.get(next.getAndIncrement() % ANSWERS.size());
        byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set(answer.header(), answer.value());
        // -1 says that there is no body; a length beyond the body cuts it.
        exchange.sendResponseHeaders(answer.status(), body.length == 0 ? -1 : body.length + (answer.cut() ? 20 : 0));
        try (OutputStream out = exchange.getResponseBody()) {
            out.write(body);
        } finally {
            exchange.close();
        }
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
