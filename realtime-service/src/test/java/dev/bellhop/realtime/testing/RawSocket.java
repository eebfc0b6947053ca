package dev.bellhop.realtime.testing;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** A bare TCP connection that speaks HTTP and WebSocket byte by byte, wrongly where a test wants it. Waits at most 15 seconds. */
public final class RawSocket implements AutoCloseable {
    public static final int TEXT = 0x81;
    public static final int BINARY = 0x82;
    public static final int CLOSE = 0x88;
    public static final int PING = 0x89;
    public static final int PONG = 0x8A;

    private static final int PATIENCE_MS = 15_000;

    /** A frame of the server; the opcode with the FIN bit, as the constants here. */
    public record Received(int opcode, ByteBuffer payload) {
        public String text() {
            return StandardCharsets.UTF_8.decode(payload.duplicate()).toString();
        }
    }

    private final Socket socket = new Socket();
    private final DataInputStream in;
    private final OutputStream out;

    public RawSocket(int port) {
        this(port, 0);
    }

    /** @param receiveBytes kernel buffer for what is not read; 0 for the default */
    public RawSocket(int port, int receiveBytes) {
        try {
            if (receiveBytes > 0) {
                socket.setReceiveBufferSize(receiveBytes);
            }
            socket.setTcpNoDelay(true);
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), PATIENCE_MS);
            socket.setSoTimeout(PATIENCE_MS);
            in = new DataInputStream(new java.io.BufferedInputStream(socket.getInputStream()));
            out = socket.getOutputStream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A socket after a good handshake, before its first frame. */
    public static RawSocket upgraded(int port, String pathAndQuery) {
        return upgraded(new RawSocket(port), pathAndQuery);
    }

    public static RawSocket upgraded(RawSocket raw, String pathAndQuery) {
        String head = raw.askToUpgrade(pathAndQuery).head();
        if (!head.startsWith("HTTP/1.1 101 ")) {
            throw new AssertionError(head);
        }
        return raw;
    }

    /** Sends a good handshake; what is answered is still to be read. */
    public RawSocket askToUpgrade(String pathAndQuery) {
        return send(upgrade(pathAndQuery, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13"));
    }

    /** A request for an upgrade with these further headers. */
    public static String upgrade(String pathAndQuery, String... headers) {
        return "GET " + pathAndQuery + " HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + String.join(
                        "",
                        java.util.Arrays.stream(headers)
                                .map(line -> line + "\r\n")
                                .toList())
                + "\r\n";
    }

    public RawSocket send(String text) {
        return send(text.getBytes(StandardCharsets.UTF_8));
    }

    public RawSocket send(byte[] bytes) {
        try {
            out.write(bytes);
            out.flush();
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Sends until the peer has closed, which a peer that refuses early may do before everything is out. */
    public RawSocket sendAsFarAsItGoes(byte[] bytes) {
        try {
            out.write(bytes);
            out.flush();
        } catch (IOException closedByPeer) {
            // what it had to say is still to be read
            return this;
        }
        return this;
    }

    /** A masked frame with that first byte (FIN, RSV, opcode). */
    public RawSocket frame(int firstByte, byte[] payload) {
        return send(masked(firstByte, payload));
    }

    public RawSocket frame(int firstByte, String payload) {
        return frame(firstByte, payload.getBytes(StandardCharsets.UTF_8));
    }

    public static byte[] masked(int firstByte, byte[] payload) {
        ByteBuffer frame = ByteBuffer.allocate(payload.length + 14);
        frame.put((byte) firstByte);
        if (payload.length < 126) {
            frame.put((byte) (0x80 | payload.length));
        } else if (payload.length < 65_536) {
            frame.put((byte) 0xFE).putShort((short) payload.length);
        } else {
            frame.put((byte) 0xFF).putLong(payload.length);
        }
        byte[] mask = {0x11, 0x22, 0x33, 0x44};
        frame.put(mask);
        for (int i = 0; i < payload.length; i++) {
            frame.put((byte) (payload[i] ^ mask[i % 4]));
        }
        byte[] bytes = new byte[frame.position()];
        frame.flip().get(bytes);
        return bytes;
    }

    /** The head of an HTTP answer, up to and without the blank line. */
    public String head() {
        StringBuilder head = new StringBuilder();
        for (String line = line(); !line.isEmpty(); line = line()) {
            head.append(line).append('\n');
        }
        return head.toString();
    }

    /** A whole HTTP answer: head, blank line, body of the length that the head gives. */
    public String answer() {
        String head = head();
        String lower = head.toLowerCase(Locale.ROOT);
        int at = lower.indexOf("content-length: ");
        if (at < 0) {
            return head;
        }
        int length =
                Integer.parseInt(head.substring(at + 16, head.indexOf('\n', at)).trim());
        return head + "\n" + new String(bytes(length), StandardCharsets.UTF_8);
    }

    /** What one read of the socket brings: as much as has arrived, up to 8 KB. */
    public String arrived() {
        byte[] bytes = new byte[8192];
        try {
            return new String(bytes, 0, in.read(bytes), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The next line without its end. */
    public String line() {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        try {
            for (int c = in.read(); c != '\n'; c = in.read()) {
                if (c < 0) {
                    throw new EOFException("the peer has closed after \"" + line + "\"");
                }
                line.write(c);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        String text = line.toString(StandardCharsets.UTF_8);
        return text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
    }

    private byte[] bytes(int count) {
        byte[] bytes = new byte[count];
        try {
            in.readFully(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes;
    }

    /** The next frame of the server. */
    public Received read() {
        try {
            int opcode = in.readUnsignedByte();
            int length = in.readUnsignedByte();
            if (length == 126) {
                length = in.readUnsignedShort();
            } else if (length == 127) {
                length = Math.toIntExact(in.readLong());
            }
            return new Received(opcode, ByteBuffer.wrap(bytes(length)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The next text frame of that type; others before it are passed over. */
    public String readText(String type) {
        Received frame = read();
        while (frame.opcode() != TEXT || !frame.text().startsWith("{\"type\":\"" + type + "\"")) {
            if (frame.opcode() == CLOSE) {
                throw new AssertionError("closed: " + closedBy(frame));
            }
            frame = read();
        }
        return frame.text();
    }

    /** How the server ends it: the code and reason of its close frame, 1006 when the line just ends. */
    public TestSocket.Closed closed() {
        try {
            Received frame = read();
            while (frame.opcode() != CLOSE) {
                frame = read();
            }
            return closedBy(frame);
        } catch (UncheckedIOException ended) {
            if (ended.getCause() instanceof SocketTimeoutException) {
                throw new AssertionError("still open", ended);
            }
            return new TestSocket.Closed(1006, "");
        }
    }

    private static TestSocket.Closed closedBy(Received frame) {
        ByteBuffer payload = frame.payload().duplicate();
        int code = payload.remaining() < 2 ? 1005 : payload.getShort() & 0xFFFF;
        return new TestSocket.Closed(
                code, StandardCharsets.UTF_8.decode(payload).toString());
    }

    /** Whether the line has ended; what is still to be read is thrown away. */
    public boolean ends() {
        try {
            in.transferTo(OutputStream.nullOutputStream());
            return true;
        } catch (SocketTimeoutException stillOpen) {
            return false;
        } catch (IOException reset) {
            return true;
        }
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
