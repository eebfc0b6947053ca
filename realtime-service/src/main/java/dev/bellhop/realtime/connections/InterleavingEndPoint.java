package dev.bellhop.realtime.connections;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SocketChannelEndPoint;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.Scheduler;
import org.eclipse.jetty.websocket.core.CoreSession;

/**
 * A socket on which two write in turns: Jetty, as ever, and a send queue, whose bytes are whole WebSocket frames that were
 * encoded once for everybody and go straight to the kernel. A turn ends when all its bytes are with the kernel, so that a
 * frame of one never stands inside a frame of the other. Each of the two has one write in flight at most.
 *
 * <p>The answer to an upgrade leaves together with the first frame, which nearly always follows at once: one packet less, and one
 * time less that the client wakes up.
 */
final class InterleavingEndPoint extends SocketChannelEndPoint {
    /** How the answer to an upgrade begins (RFC 9110 section 15.2.2), and no frame of a server does (RFC 6455 section 5.2). */
    private static final byte[] SWITCHING_PROTOCOLS = "HTTP/1.1 101 ".getBytes(StandardCharsets.US_ASCII);

    private final Object turn = new Object();
    /** Guarded by {@link #turn}. */
    private boolean taken;
    /** The other's write; null when it has none. Guarded by {@link #turn}. */
    private Runnable next;
    /**
     * The answer to the upgrade, until something leaves; null before and after. Only touched by whoever has the turn, or under
     * {@link #turn} while nobody has it.
     */
    private ByteBuffer answer;

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

    private boolean writeFramesNow(CoreSession session, Callback later, ByteBuffer... encoded) {
        ByteBuffer[] frames = behindAnswer(encoded);
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
        if (isAnswer(buffers)) {
            hold(buffers);
            callback.succeeded();
            return;
        }
        Callback inTurn = new Turn(callback);
        if (takeTurn(() -> super.write(inTurn, behindAnswer(buffers)))) {
            super.write(inTurn, behindAnswer(buffers));
        }
    }

    // ---- the answer to the upgrade ----

    private static boolean isAnswer(ByteBuffer... buffers) {
        if (buffers.length == 0 || buffers[0].remaining() < SWITCHING_PROTOCOLS.length) {
            return false;
        }
        for (int i = 0; i < SWITCHING_PROTOCOLS.length; i++) {
            if (buffers[0].get(buffers[0].position() + i) != SWITCHING_PROTOCOLS[i]) {
                return false;
            }
        }
        return true;
    }

    /** Copies it: the buffers are Jetty's. */
    private void hold(ByteBuffer... buffers) {
        ByteBuffer copy = ByteBuffer.allocate(
                Arrays.stream(buffers).mapToInt(ByteBuffer::remaining).sum());
        for (ByteBuffer buffer : buffers) {
            copy.put(buffer);
        }
        synchronized (turn) {
            answer = copy.flip();
        }
    }

    /** For whoever has the turn. */
    private ByteBuffer[] behindAnswer(ByteBuffer... buffers) {
        if (answer == null) {
            return buffers;
        }
        ByteBuffer[] all = new ByteBuffer[buffers.length + 1];
        all[0] = answer;
        answer = null;
        System.arraycopy(buffers, 0, all, 1, buffers.length);
        return all;
    }

    /** Writes the answer to the upgrade now: what it would leave with has to wait. Does nothing when it has left. */
    void release() {
        try {
            synchronized (turn) {
                // Who has the turn takes it along. What the kernel does not take, of a line that was silent, leaves
                // with the next.
                if (answer != null && !taken && flush(answer)) {
                    answer = null;
                }
            }
        } catch (IOException e) {
            close(e);
        }
    }

    // ---- turns ----

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
