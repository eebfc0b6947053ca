package dev.bellhop.realtime.connections;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SocketChannelEndPoint;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.Scheduler;
import org.eclipse.jetty.websocket.core.CoreSession;

/**
 * A socket on which two write in turns: Jetty, as ever, and a send queue, whose bytes are whole WebSocket frames that were
 * encoded once for everybody and go straight to the kernel. A turn ends when all its bytes are with the kernel, so that a
 * frame of one never stands inside a frame of the other. Each of the two has one write in flight at most.
 */
final class InterleavingEndPoint extends SocketChannelEndPoint {
    private final Object turn = new Object();
    /** Guarded by {@link #turn}. */
    private boolean taken;
    /** The other's write; null when it has none. Guarded by {@link #turn}. */
    private Runnable next;

    InterleavingEndPoint(SocketChannel channel, ManagedSelector selector, SelectionKey key, Scheduler scheduler) {
        super(channel, selector, key, scheduler);
    }

    /**
     * Writes whole frames. After a close frame nothing may follow (RFC 6455 section 5.5.1): then they are dropped.
     *
     * @param later completed when the bytes did not go at once, with their fate
     * @return whether they went at once
     */
    boolean writeFrames(CoreSession session, Callback later, ByteBuffer... frames) {
        Runnable whenItIsOurTurn = () -> {
            if (writeFramesNow(session, later, frames)) {
                later.succeeded();
            }
        };
        return takeTurn(whenItIsOurTurn) && writeFramesNow(session, later, frames);
    }

    private boolean writeFramesNow(CoreSession session, Callback later, ByteBuffer... frames) {
        try {
            if (!session.isOutputOpen() || flushAll(frames)) {
                giveTurn();
                return true;
            }
        } catch (IOException e) {
            giveTurn();
            later.failed(e);
            return false;
        }
        Completion completion = new Completion(later);
        super.write(new Turn(completion), frames);
        return completion.wasAtOnce();
    }

    /** One buffer, the usual case, takes a shorter way through the JDK than a list of one. */
    private boolean flushAll(ByteBuffer... frames) throws IOException {
        if (frames.length > 1) {
            return flush(frames);
        }
        getChannel().write(frames[0]);
        notIdle();
        return !frames[0].hasRemaining();
    }

    @Override
    public void write(Callback callback, ByteBuffer... buffers) {
        Callback inTurn = new Turn(callback);
        if (takeTurn(() -> super.write(inTurn, buffers))) {
            super.write(inTurn, buffers);
        }
    }

    /** @return false when the other has it; the write is called when it is done */
    private boolean takeTurn(Runnable write) {
        synchronized (turn) {
            if (taken) {
                next = write;
                return false;
            }
            taken = true;
            return true;
        }
    }

    private void giveTurn() {
        Runnable write;
        synchronized (turn) {
            write = next;
            next = null;
            taken = write != null;
        }
        if (write != null) {
            write.run();
        }
    }

    /** A write that gives the turn away before it is said to be done, so that the other comes next. */
    private final class Turn extends Callback.Nested {
        Turn(Callback callback) {
            super(callback);
        }

        @Override
        public void succeeded() {
            giveTurn();
            super.succeeded();
        }

        @Override
        public void failed(Throwable cause) {
            giveTurn();
            super.failed(cause);
        }
    }
}
