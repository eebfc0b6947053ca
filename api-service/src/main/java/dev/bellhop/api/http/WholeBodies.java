package dev.bellhop.api.http;

import java.nio.ByteBuffer;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.Promise;
import org.eclipse.jetty.util.thread.Invocable.InvocationType;

/**
 * Reads the body of a request whole before a thread is given to it: a slow sender costs a buffer of what it has sent so far,
 * not a thread. Jetty's own eager handler keeps the network's buffers instead, and so refuses a body of half its limit.
 */
public final class WholeBodies extends Handler.Wrapper {
    /** Times the limit up to which a body is thrown away before it is refused. */
    private static final int THROWN_AWAY = 8;

    private final int maxBytes;

    /** @param maxBytes a longer body is answered with 413 */
    public WholeBodies(int maxBytes) {
        this.maxBytes = maxBytes;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        boolean hasBody = request.getLength() > 0 || request.getHeaders().contains(HttpHeader.TRANSFER_ENCODING);
        if (!hasBody) {
            return super.handle(request, response, callback);
        }
        if (request.getLength() > maxBytes) {
            refuseTooLong(request, response, callback);
            return true;
        }
        Content.Source.asByteArrayAsync(
                request,
                maxBytes,
                Promise.Invocable.from(
                        InvocationType.BLOCKING,
                        body -> handleWhole(new Read(request, body), response, callback),
                        failure -> refuse(request, response, callback, failure)));
        return true;
    }

    /**
     * Clients send their whole body before they look for an answer; one that finds the line closed never learns why. So what
     * is somewhat too long is taken in and thrown away first.
     */
    private void refuseTooLong(Request request, Response response, Callback callback) {
        Callback answer = Callback.from(() -> Response.writeError(request, response, callback, 413), callback::failed);
        if (request.getLength() > (long) THROWN_AWAY * maxBytes) {
            answer.succeeded();
        } else {
            Content.Source.consumeAll(request, answer);
        }
    }

    private void handleWhole(Request request, Response response, Callback callback) {
        try {
            if (!super.handle(request, response, callback)) {
                Response.writeError(request, response, callback, 404);
            }
        } catch (Exception failure) {
            Response.writeError(request, response, callback, failure);
        }
    }

    /** More than is taken, or a peer that left before its body was complete. */
    private static void refuse(Request request, Response response, Callback callback, Throwable failure) {
        if (failure instanceof IllegalStateException) {
            Response.writeError(request, response, callback, 413);
        } else {
            callback.failed(failure);
        }
    }

    /** The request with its body in memory. */
    private static final class Read extends Request.Wrapper {
        private final Content.Source body;
        private final int length;

        Read(Request request, byte[] bytes) {
            super(request);
            body = Content.Source.from(ByteBuffer.wrap(bytes));
            length = bytes.length;
        }

        @Override
        public long getLength() {
            return length;
        }

        @Override
        public Content.Chunk read() {
            return body.read();
        }

        @Override
        public void demand(Runnable demandCallback) {
            body.demand(demandCallback);
        }

        @Override
        public void fail(Throwable failure) {
            body.fail(failure);
        }
    }
}
