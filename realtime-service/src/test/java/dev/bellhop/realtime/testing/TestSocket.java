package dev.bellhop.realtime.testing;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.model.wire.Json;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;
import okhttp3.WebSocket;
import okhttp3.WebSocketListener;

/** A WebSocket client (OkHttp's) that keeps what it hears and waits at most five seconds for more. */
public final class TestSocket extends WebSocketListener implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    /** How a socket ended. Code 1006 stands for a line that broke without a word. */
    public record Closed(int code, String reason) {}

    private final WebSocket socket;
    private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();
    private final CompletableFuture<Closed> closed = new CompletableFuture<>();
    private final CompletableFuture<Response> opened = new CompletableFuture<>();

    public TestSocket(OkHttpClient client, Request request) {
        socket = client.newWebSocket(request, this);
    }

    @Override
    public void onOpen(WebSocket webSocket, Response response) {
        opened.complete(response);
    }

    @Override
    public void onMessage(WebSocket webSocket, String text) {
        heard.add(text);
    }

    @Override
    public void onClosing(WebSocket webSocket, int code, String reason) {
        closed.complete(new Closed(code, reason));
        webSocket.close(1000, null);
    }

    @Override
    public void onFailure(WebSocket webSocket, Throwable cause, Response response) {
        if (response != null) {
            opened.complete(response);
        }
        opened.completeExceptionally(cause);
        closed.complete(new Closed(1006, String.valueOf(cause)));
    }

    /** The answer to the handshake. */
    public Response handshake() {
        return await(opened, "no answer to the handshake");
    }

    /** Whether the handshake ended with a WebSocket, whatever became of it later. */
    public boolean wasLetIn() {
        try {
            return opened.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS).code() == 101;
        } catch (ExecutionException refused) {
            return false;
        } catch (InterruptedException | TimeoutException e) {
            throw new AssertionError("no answer to the handshake", e);
        }
    }

    /** The next frame but pings, which come when they like. */
    public JsonNode next() {
        JsonNode frame;
        do {
            frame = parse(nextText());
        } while (isPing(frame));
        return frame;
    }

    private static boolean isPing(JsonNode frame) {
        return "ping".equals(frame.path("type").textValue());
    }

    /** The next frame, whatever it is, as it came. */
    public String nextText() {
        try {
            String text = heard.poll(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
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
    public JsonNode next(String type) {
        JsonNode frame = type.equals("ping") ? parse(nextText()) : next();
        if (!type.equals(frame.path("type").textValue())) {
            throw new AssertionError("expected " + type + ", heard " + frame);
        }
        return frame;
    }

    /** Frames up to and with the first of that type; that one is the last of the list. */
    public List<JsonNode> upTo(String type) {
        List<JsonNode> frames = new ArrayList<>();
        do {
            frames.add(next());
        } while (!type.equals(frames.get(frames.size() - 1).path("type").textValue()));
        return frames;
    }

    public void send(Map<String, ?> message) {
        send(Json.text(message));
    }

    public void send(String text) {
        if (!socket.send(text)) {
            throw new AssertionError("the socket takes no more");
        }
    }

    /**
     * Proves that nothing else is on its way: the answer to a question comes next. Events that happened before are sent
     * before it, because the question goes through the same stream.
     */
    public void hearsNothingElse() {
        send(Map.of("type", "unsubscribe", "room", "department-fence", "ref", "fence"));
        JsonNode answer = next("unsubscribed");
        if (!"fence".equals(answer.path("ref").textValue())) {
            throw new AssertionError("heard " + answer);
        }
    }

    public Closed closed() {
        return await(closed, "the socket is still open");
    }

    private static <T> T await(CompletableFuture<T> future, String otherwise) {
        try {
            return future.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw new AssertionError(otherwise, e);
        } catch (InterruptedException | ExecutionException e) {
            throw new AssertionError(e);
        }
    }

    private static JsonNode parse(String text) {
        try {
            return Json.tree(text);
        } catch (JsonProcessingException e) {
            throw new AssertionError("not JSON: " + text, e);
        }
    }

    /** Says good-bye. */
    @Override
    public void close() {
        socket.close(1000, "bye");
    }

    /** Breaks the line, as a network does. */
    public void cut() {
        socket.cancel();
    }
}
