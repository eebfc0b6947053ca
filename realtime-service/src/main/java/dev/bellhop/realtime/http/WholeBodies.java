package dev.bellhop.realtime.http;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.Promise;
import org.eclipse.jetty.util.thread.Invocable.InvocationType;
import org.eclipse.jetty.util.thread.Scheduler;

/**
 * Reads the body of a request whole before a thread is given to it: a slow sender costs a buffer of what it has sent so far,
 * not a thread. Jetty's own eager handler keeps the network's buffers instead, and so refuses a body of half its limit.
 */
public final class WholeBodies extends Handler.Wrapper {
    /** Times the limit up to which a body is thrown away before it is refused. */
    private static final int THROWN_AWAY = 8;

    private final int maxBytes;
    private final Duration timeout;

    /**
     * @param maxBytes a longer body is answered with 413
     * @param timeout a body that takes longer is answered with 408
     */
    public WholeBodies(int maxBytes, Duration timeout, Handler next) {
        super(next);
        this.maxBytes = maxBytes;
        this.timeout = timeout;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        boolean hasBody = request.getLength() > 0 || request.getHeaders().contains(HttpHeader.TRANSFER_ENCODING);
        if (!hasBody) {
            return super.handle(request, response, callback);
        }
        // Whoever sets it answers: the body that came, or the time that is up.
        AtomicBoolean settled = new AtomicBoolean();
        if (request.getLength() > maxBytes) {
            refuseTooLong(settled, request, response, callback);
            return true;
        }
        Thread caller = Thread.currentThread();
        Content.Source.asByteArrayAsync(
                request,
                maxBytes,
                Promise.Invocable.from(
                        InvocationType.NON_BLOCKING,
                        body -> {
                            if (!settled.compareAndSet(false, true)) {
                                return;
                            }
                            Runnable whole = () -> handleWhole(new Read(request, body), response, callback);
                            if (Thread.currentThread() == caller) {
                                whole.run();
                            } else { // a thread that reads for everybody: it must not wait
                                request.getComponents().getExecutor().execute(whole);
                            }
                        },
                        failure -> {
                            if (settled.compareAndSet(false, true)) {
                                refuse(request, response, callback, failure);
                            }
                        }));
        if (!settled.get()) { // most bodies are there with their headers
            watch(settled, request, response, callback);
        }
        return true;
    }

    /**
     * Clients send their whole body before they look for an answer; one that finds the line closed never learns why. So what
     * is somewhat too long is taken in and thrown away first.
     */
    private void refuseTooLong(AtomicBoolean settled, Request request, Response response, Callback callback) {
        Runnable answer = () -> {
            if (settled.compareAndSet(false, true)) {
                Response.writeError(request, response, callback, 413);
            }
        };
        if (request.getLength() > (long) THROWN_AWAY * maxBytes) {
            answer.run();
            return;
        }
        Content.Source.consumeAll(request, Callback.from(answer, failure -> {
            if (settled.compareAndSet(false, true)) {
                callback.failed(failure);
            }
        }));
        if (!settled.get()) {
            watch(settled, request, response, callback);
        }
    }

    private void watch(AtomicBoolean settled, Request request, Response response, Callback callback) {
        Runnable timeUp = () -> {
            if (settled.compareAndSet(false, true)) {
                response.getHeaders().put(HttpHeader.CONNECTION, "close"); // what still comes is no request
                Response.writeError(request, response, callback, 408);
            }
        };
        Scheduler scheduler = request.getComponents().getScheduler();
        Scheduler.Task task = scheduler.schedule(timeUp, timeout.toNanos(), TimeUnit.NANOSECONDS);
        Request.addCompletionListener(request, failure -> task.cancel());
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
