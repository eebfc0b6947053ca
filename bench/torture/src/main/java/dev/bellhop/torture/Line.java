package dev.bellhop.torture;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.function.BooleanSupplier;

/**
 * One connection of a client to the realtime service, down to the bytes: the HTTP exchange that begins it and what follows. All
 * of it on the thread of the {@link EventLoop}.
 */
abstract class Line {
    /** Of one answer that is no stream; more is none of ours. */
    private static final int MAX_HEAD = 64 << 10;

    /** Told in the order in which things come. After {@code ended} nothing more is. */
    interface Listener {
        /** Raw bytes, before anything is made of them. */
        void bytes(byte[] bytes, int from, int to, String where);

        /** The server has agreed to the stream. */
        void open();

        void text(String text);

        /** A sign of life that is no text. */
        void alive();

        /** @param code of the close frame, or 0 */
        void ended(int code, String reason);
    }

    private final EventLoop loop;
    private final Listener listener;
    private final SocketChannel channel;
    private final SelectionKey key;
    private ByteBuffer outgoing;
    /** What came and is not understood yet. */
    private byte[] pending = new byte[0];

    private boolean agreed;
    private boolean over;
    /** Bytes that may be read until the allowance is renewed; negative for no bound. */
    private int allowance = -1;

    Line(EventLoop loop, InetSocketAddress server, String request, Listener listener) {
        this.loop = loop;
        this.listener = listener;
        this.outgoing = ByteBuffer.wrap(request.getBytes(StandardCharsets.US_ASCII));
        try {
            channel = SocketChannel.open();
            channel.configureBlocking(false);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            // Small, so that a client that does not read is felt by the server.
            channel.setOption(StandardSocketOptions.SO_RCVBUF, 16 << 10);
            key = channel.register(loop.selector(), SelectionKey.OP_CONNECT, this);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        try {
            if (channel.connect(server)) {
                key.interestOps(SelectionKey.OP_READ | SelectionKey.OP_WRITE);
            }
        } catch (IOException e) {
            loop.execute(() -> end(0, "io " + e.getClass().getSimpleName()));
        }
    }

    /** The channel can do something. */
    final void ready() {
        try {
            if (!key.isValid()) {
                return;
            }
            if (key.isConnectable() && channel.finishConnect()) {
                key.interestOps(SelectionKey.OP_READ);
                flush();
            } else if (key.isReadable()) {
                read();
            } else if (key.isWritable()) {
                flush();
            }
        } catch (IOException e) {
            end(0, "io " + e.getClass().getSimpleName());
        }
    }

    private void read() throws IOException {
        ByteBuffer buffer = loop.buffer();
        if (allowance >= 0) {
            buffer.limit(Math.min(buffer.limit(), allowance));
        }
        int count = channel.read(buffer);
        if (count < 0) {
            end(0, "end of stream");
            return;
        }
        if (allowance >= 0) {
            allowance -= count;
            if (allowance == 0) {
                key.interestOpsAnd(~SelectionKey.OP_READ);
            }
        }
        int kept = pending.length;
        pending = Arrays.copyOf(pending, kept + count);
        buffer.flip().get(pending, kept, count);
        int used = 0;
        if (!agreed) {
            int end = headEnd();
            if (end < 0) {
                if (pending.length > MAX_HEAD) {
                    end(0, "endless head");
                }
                return;
            }
            listener.bytes(pending, 0, end, "header");
            String head = new String(pending, 0, end, StandardCharsets.ISO_8859_1);
            if (!agrees(head)) {
                listener.bytes(pending, end, pending.length, "body");
                end(0, refusal(head, new String(pending, end, pending.length - end, StandardCharsets.UTF_8)));
                return;
            }
            agreed = true;
            used = end;
            listener.open();
        }
        while (!over && used < pending.length) {
            int taken = take(pending, used, pending.length);
            if (taken == 0) {
                break;
            }
            used += taken;
        }
        pending = Arrays.copyOfRange(pending, Math.min(used, pending.length), pending.length);
    }

    private int headEnd() {
        for (int i = 3; i < pending.length; i++) {
            if (pending[i] == '\n' && pending[i - 1] == '\r' && pending[i - 2] == '\n' && pending[i - 3] == '\r') {
                return i + 1;
            }
        }
        return -1;
    }

    private static String refusal(String head, String body) {
        String status = head.substring(head.indexOf(' ') + 1, Math.min(head.length(), head.indexOf(' ') + 4));
        return "status " + status + (body.contains("token-expired") ? " token_expired" : "");
    }

    /** @param head status line and headers of the server's answer */
    abstract boolean agrees(String head);

    /** @return how many bytes were understood; 0 when more are needed */
    abstract int take(byte[] bytes, int from, int to);

    /** Nothing that came is of interest any more. */
    final boolean isOver() {
        return over;
    }

    final Listener listener() {
        return listener;
    }

    final void write(byte[] bytes) {
        ByteBuffer both = ByteBuffer.allocate(outgoing.remaining() + bytes.length);
        both.put(outgoing).put(bytes).flip();
        outgoing = both;
        try {
            if (!channel.isConnectionPending()) {
                flush();
            }
        } catch (IOException e) {
            loop.execute(() -> end(0, "io " + e.getClass().getSimpleName()));
        }
    }

    private void flush() throws IOException {
        channel.write(outgoing);
        if (outgoing.hasRemaining()) {
            key.interestOpsOr(SelectionKey.OP_WRITE);
        } else {
            key.interestOpsAnd(~SelectionKey.OP_WRITE);
        }
    }

    /** Stops reading for good: the peer sees a client that is there and does nothing. Closed after {@code life}. */
    final void freeze(Duration life) {
        over = true;
        key.cancel();
        loop.after(life, this::closeChannel);
    }

    /** Reads so many bytes every 100 ms for as long as that holds. */
    final void slowDown(int bytes, BooleanSupplier still) {
        if (over || !key.isValid()) {
            return;
        }
        if (!still.getAsBoolean()) {
            allowance = -1;
            key.interestOpsOr(SelectionKey.OP_READ);
            return;
        }
        allowance = bytes;
        if (!channel.isConnectionPending()) {
            key.interestOpsOr(SelectionKey.OP_READ);
        }
        loop.after(Duration.ofMillis(100), () -> slowDown(bytes, still));
    }

    /** Ends with a RST; the listener is not told. */
    final void reset() {
        over = true;
        try {
            channel.setOption(StandardSocketOptions.SO_LINGER, 0);
        } catch (ClosedChannelException gone) {
            return;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        closeChannel();
    }

    final void end(int code, String reason) {
        if (!over) {
            over = true;
            closeChannel();
            listener.ended(code, reason);
        }
    }

    private void closeChannel() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
