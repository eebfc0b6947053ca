package dev.bellhop.bench;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * One keep-alive HTTP connection with at most one request under way. Whoever owns it gives it the bytes of whole requests
 * and is told of each answer. Used by one thread.
 */
final class Publisher implements AutoCloseable {
    private static final int MAX_ANSWER = 64 << 10;
    private static final String END_OF_HEAD = "\r\n\r\n";
    private static final String LAST_CHUNK = "\r\n0\r\n\r\n";

    /** Told of the answers, in the owner's thread. */
    interface Listener {
        /** @param answer head and body as text */
        void answered(Publisher publisher, int status, String answer);
    }

    private final SocketChannel channel;
    private final SelectionKey key;
    private final Listener listener;
    private final ByteBuffer answer = ByteBuffer.allocate(MAX_ANSWER);
    private ByteBuffer request;
    private boolean busy;

    /** Connects, which on loopback takes no time. */
    Publisher(InetSocketAddress address, Selector selector, Listener listener) throws IOException {
        this.listener = listener;
        channel = SocketChannel.open(address);
        Sockets.prepare(channel);
        key = channel.register(selector, SelectionKey.OP_READ, this);
    }

    boolean isBusy() {
        return busy;
    }

    /** Sends a request, from the buffer's position to its limit. The buffer must not change before the answer. */
    void send(ByteBuffer bytes) throws IOException {
        busy = true;
        request = bytes;
        write();
    }

    private void write() throws IOException {
        channel.write(request);
        key.interestOps(request.hasRemaining() ? SelectionKey.OP_READ | SelectionKey.OP_WRITE : SelectionKey.OP_READ);
    }

    /** Goes on as far as the socket allows now. */
    void proceed() throws IOException {
        if (key.isWritable()) {
            write();
        }
        if (!key.isReadable()) {
            return;
        }
        if (channel.read(answer) < 0) {
            throw new ProtocolFailure("The server closed the connection of a publisher.");
        }
        String text = new String(answer.array(), 0, answer.position(), StandardCharsets.ISO_8859_1);
        if (isWhole(text)) {
            answer.clear();
            busy = false;
            listener.answered(this, Integer.parseInt(text.substring(9, 12)), text);
        } else if (!answer.hasRemaining()) {
            throw new ProtocolFailure("The server answered a publisher with more than " + MAX_ANSWER + " bytes.");
        }
    }

    private static boolean isWhole(String text) {
        int head = text.indexOf(END_OF_HEAD);
        if (head < 0) {
            return false;
        }
        String fields = text.substring(0, head + 2).toLowerCase(Locale.ROOT);
        if (fields.contains("\r\ntransfer-encoding: chunked")) {
            return text.indexOf(LAST_CHUNK, head + 2) >= 0;
        }
        String name = "\r\ncontent-length:";
        int field = fields.indexOf(name);
        if (field < 0) {
            return true;
        }
        String length = fields.substring(field + name.length(), fields.indexOf("\r\n", field + 2));
        return text.length() >= head + END_OF_HEAD.length() + Integer.parseInt(length.trim());
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
