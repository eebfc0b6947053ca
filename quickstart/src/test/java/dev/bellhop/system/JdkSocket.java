package dev.bellhop.system;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.model.wire.Json;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** The WebSocket client of the JDK. Keeps what it hears and waits at most half a minute for more. */
final class JdkSocket implements WebSocket.Listener {
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** How a socket ended. Code 1006 stands for a line that broke without a word. */
    record Closed(int code, String reason) {}

    private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();
    private final StringBuilder message = new StringBuilder();
    private final CompletableFuture<Closed> closed = new CompletableFuture<>();
    private WebSocket socket;

    private JdkSocket() {}

    /** A socket after the handshake and before its first frame. */
    static JdkSocket dial(URI uri) {
        JdkSocket listener = new JdkSocket();
        listener.socket = HTTP.newWebSocketBuilder()
                .connectTimeout(PATIENCE)
                .buildAsync(uri, listener)
                .join();
        return listener;
    }

    @Override
    public CompletionStage<?> onText(WebSocket webSocket, CharSequence part, boolean last) {
        message.append(part);
        if (last) {
            heard.add(message.toString());
            message.setLength(0);
        }
        webSocket.request(1);
        return null;
    }

    @Override
    public CompletionStage<?> onClose(WebSocket webSocket, int code, String reason) {
        closed.complete(new Closed(code, reason));
        return null;
    }

    @Override
    public void onError(WebSocket webSocket, Throwable cause) {
        closed.complete(new Closed(1006, String.valueOf(cause)));
    }

    /** The next frame as it came. */
    String nextText() {
        try {
            String text = heard.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            if (text == null) {
                throw new AssertionError(
                        "heard nothing in " + PATIENCE + (closed.isDone() ? ", " + closed.join() : ""));
            }
            return text;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** The next frame, which has to be of that type. */
    JsonNode next(String type) {
        JsonNode frame = Frames.parse(nextText());
        if (!type.equals(frame.path("type").textValue())) {
            throw new AssertionError("expected " + type + ", heard " + frame);
        }
        return frame;
    }

    void send(Map<String, ?> question) {
        socket.sendText(Json.text(question), true).join();
    }

    Closed closed() {
        return closed.orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS).join();
    }

    /** Breaks the line, as a network does. */
    void cut() {
        socket.abort();
    }
}
