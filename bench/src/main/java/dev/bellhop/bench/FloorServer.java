package dev.bellhop.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The least that a server can do: whoever connects gets every body that is posted, one write for each client and message,
 * in one thread. It checks no token, keeps nothing and answers a post when all clients were written to. What a real
 * server needs above this is what it is compared for.
 */
class FloorServer implements AutoCloseable {
    private static final int INPUT_BYTES = 64 << 10;
    private static final String MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    private static final byte[] DONE =
            "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    /** One connection: of a publisher, or of a client after its handshake. */
    static final class Peer {
        private final SocketChannel channel;
        private final Deque<ByteBuffer> waiting = new ArrayDeque<>();
        private ByteBuffer input = ByteBuffer.allocate(4096);
        private SelectionKey key;
        private boolean subscribed;

        private Peer(SocketChannel channel) {
            this.channel = channel;
        }

        /** Sends a whole frame or answer; what the socket does not take waits. */
        void send(ByteBuffer bytes) throws IOException {
            if (waiting.isEmpty()) {
                channel.write(bytes);
            }
            if (bytes.hasRemaining()) {
                waiting.add(ByteBuffer.allocate(bytes.remaining()).put(bytes).flip());
                key.interestOps(SelectionKey.OP_READ | SelectionKey.OP_WRITE);
            }
        }

        private void sendWaiting() throws IOException {
            while (!waiting.isEmpty()) {
                channel.write(waiting.peek());
                if (waiting.peek().hasRemaining()) {
                    return;
                }
                waiting.remove();
            }
            key.interestOps(SelectionKey.OP_READ);
        }
    }

    private final Selector selector = Selector.open();
    private final ServerSocketChannel listener = ServerSocketChannel.open();
    /** Pongs and closes of all clients. */
    private final ByteBuffer ignored = ByteBuffer.allocateDirect(4096);

    private final List<Peer> subscribers = new ArrayList<>();
    private final ByteBuffer frame = ByteBuffer.allocateDirect(INPUT_BYTES);

    /** @param port on the loopback interface; 0 takes a free one */
    FloorServer(int port) throws IOException {
        listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 4096);
        listener.configureBlocking(false);
        listener.register(selector, SelectionKey.OP_ACCEPT);
    }

    /** Serves until the process ends. The argument is the port. */
    public static void main(String[] arguments) throws IOException {
        try (FloorServer server = new FloorServer(Integer.parseInt(arguments[0]))) {
            server.serve();
        }
    }

    InetSocketAddress address() throws IOException {
        return (InetSocketAddress) listener.getLocalAddress();
    }

    /** Serves until {@link #close} is called from another thread. */
    void serve() throws IOException {
        try {
            while (selector.isOpen()) {
                selector.select(this::proceed);
            }
        } catch (ClosedSelectorException closed) {
            return; // between the question and the selection
        }
    }

    private void proceed(SelectionKey key) {
        if (!(key.attachment() instanceof Peer peer)) {
            accept();
            return;
        }
        try {
            if (key.isValid() && key.isWritable()) {
                peer.sendWaiting();
            }
            if (key.isValid() && key.isReadable()) {
                read(peer);
            }
        } catch (IOException gone) {
            leave(peer);
        }
    }

    private void accept() {
        try {
            SocketChannel channel = listener.accept();
            while (channel != null) {
                Peer peer = new Peer(channel);
                Sockets.prepare(channel);
                peer.key = channel.register(selector, SelectionKey.OP_READ, peer);
                channel = listener.accept();
            }
        } catch (IOException e) {
            throw new UncheckedIOException("the floor cannot take connections", e);
        }
    }

    private void read(Peer peer) throws IOException {
        int count = peer.channel.read(peer.input);
        if (count < 0) {
            leave(peer);
            return;
        }
        if (peer.subscribed) {
            ignored.clear();
            return;
        }
        if (!peer.input.hasRemaining()) {
            leave(peer); // no request of the benchmark is as long
            return;
        }
        String text = new String(peer.input.array(), 0, peer.input.position(), StandardCharsets.ISO_8859_1);
        int end = text.indexOf("\r\n\r\n");
        if (end < 0) {
            return;
        }
        int body = end + 4;
        Optional<String> key = field(text, "sec-websocket-key");
        if (key.isPresent()) {
            peer.input = ignored;
            peer.send(
                    ByteBuffer.wrap(("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                    + "Sec-WebSocket-Accept: " + accept(key.get()) + "\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII)));
            peer.subscribed = true;
            subscribers.add(peer);
            return;
        }
        int length = field(text, "content-length").map(Integer::parseInt).orElse(0);
        if (text.length() < body + length) {
            return;
        }
        frame(peer.input.array(), body, length);
        peer.input.clear();
        deliver(frame, List.copyOf(subscribers));
        peer.send(ByteBuffer.wrap(DONE));
    }

    private static Optional<String> field(String request, String name) {
        int at = request.toLowerCase(Locale.ROOT).indexOf("\r\n" + name + ":");
        if (at < 0) {
            return Optional.empty();
        }
        int from = at + name.length() + 3;
        return Optional.of(
                request.substring(from, request.indexOf("\r\n", from)).trim());
    }

    private static String accept(String key) {
        try {
            byte[] sum = MessageDigest.getInstance("SHA-1").digest((key + MAGIC).getBytes(StandardCharsets.US_ASCII));
            return Base64.getEncoder().encodeToString(sum);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-1", e);
        }
    }

    private void frame(byte[] body, int from, int length) {
        frame.clear();
        frame.put((byte) 0x81);
        if (length < 126) {
            frame.put((byte) length);
        } else {
            frame.put((byte) 126).putShort((short) length);
        }
        frame.put(body, from, length).flip();
    }

    /** @param text a whole text frame, the same buffer each time */
    void deliver(ByteBuffer text, List<Peer> clients) {
        for (Peer client : clients) {
            try {
                client.send(text.rewind());
            } catch (IOException gone) {
                leave(client);
            }
        }
    }

    private void leave(Peer peer) {
        subscribers.remove(peer);
        try {
            peer.channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException("a socket of the floor does not close", e);
        }
    }

    @Override
    public void close() throws IOException {
        for (SelectionKey key : selector.keys()) {
            key.channel().close();
        }
        selector.close();
    }
}
