package dev.bellhop.realtime.connections;

import dev.bellhop.model.wire.CloseCode;
import dev.bellhop.realtime.delivery.Bundle;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.Callback;

/**
 * One stream of server-sent events (WHATWG HTML section 9.2) as an unfinished HTTP response. Jetty writes without blocking
 * a thread; the send queue keeps one write in flight.
 */
final class SseEndpoint implements Wire {
    private static final byte[] PREAMBLE = "retry: 2000\n\n".getBytes(StandardCharsets.US_ASCII);

    private final Request request;
    private final Response response;
    private final Callback whole;
    private final AtomicBoolean ended = new AtomicBoolean();
    private volatile Connection connection;
    /** Not written yet. Only touched by writes, which follow one another. */
    private boolean fresh = true;

    /** @param whole completes the exchange */
    SseEndpoint(Request request, Response response, Callback whole) {
        this.request = request;
        this.response = response;
        this.whole = whole;
    }

    @Override
    public void attach(Connection owner) {
        connection = owner;
        request.addFailureListener(cause -> end(1006, cause));
    }

    @Override
    public boolean write(List<Bundle> bundles, Callback later) {
        List<ByteBuffer> events = new ArrayList<>(bundles.size() + 1);
        if (fresh) {
            fresh = false;
            events.add(ByteBuffer.wrap(PREAMBLE));
        }
        bundles.forEach(bundle -> events.add(bundle.serverSentEvents()));
        Completion completion = new Completion(later);
        response.write(false, joined(events), completion);
        return completion.wasAtOnce();
    }

    private static ByteBuffer joined(List<ByteBuffer> parts) {
        if (parts.size() == 1) {
            return parts.get(0);
        }
        ByteBuffer whole = ByteBuffer.allocate(
                parts.stream().mapToInt(ByteBuffer::remaining).sum());
        parts.forEach(whole::put);
        return whole.flip();
    }

    @Override
    public void release() {
        // Its header says no more than the first event does, and leaves with it.
    }

    @Override
    public void listen() {
        // Nothing is read from a client of server-sent events.
    }

    @Override
    public void keepAlive() {
        connection.comment();
    }

    @Override
    public void close(CloseCode code) {
        response.write(
                true, BufferUtil.EMPTY_BUFFER, Callback.from(() -> end(code.code(), null), cause -> end(1006, cause)));
    }

    @Override
    public void abort() {
        if (!ended.get()) {
            request.getConnectionMetaData().getConnection().getEndPoint().close();
            end(1006, new java.nio.channels.ClosedChannelException());
        }
    }

    private void end(int code, Throwable cause) {
        if (ended.compareAndSet(false, true)) {
            connection.ended(code);
            if (cause == null) {
                whole.succeeded();
            } else {
                whole.failed(cause);
            }
        }
    }

    @Override
    public String kind() {
        return "sse";
    }
}
