package dev.bellhop.torture;

import java.io.ByteArrayOutputStream;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** RFC 6455 as a client that sends short texts. */
final class WebSocketLine extends Line {
    private static final int CONTINUATION = 0;
    private static final int TEXT = 1;
    private static final int CLOSE = 8;
    private static final int PING = 9;
    private static final int PONG = 10;
    /** Masking hides nothing on loopback; a fixed key is as good as any. */
    private static final byte[] MASK = {0x21, 0x43, 0x65, 0x07};

    private final ByteArrayOutputStream message = new ByteArrayOutputStream();

    /** @param query of the address, without a token */
    WebSocketLine(EventLoop loop, InetSocketAddress server, String query, String token, Listener listener) {
        super(
                loop,
                server,
                "GET /ws?" + query + " HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                        + "Sec-WebSocket-Protocol: bellhop.v1, bearer." + token + "\r\n\r\n",
                listener);
    }

    @Override
    boolean agrees(String head) {
        return head.startsWith("HTTP/1.1 101 ");
    }

    void send(String text) {
        frame(TEXT, text.getBytes(StandardCharsets.UTF_8));
    }

    private void frame(int opcode, byte[] payload) {
        ByteBuffer frame = ByteBuffer.allocate(8 + payload.length);
        frame.put((byte) (0x80 | opcode));
        if (payload.length < 126) {
            frame.put((byte) (0x80 | payload.length));
        } else {
            frame.put((byte) (0x80 | 126)).putShort((short) payload.length);
        }
        frame.put(MASK);
        for (int i = 0; i < payload.length; i++) {
            frame.put((byte) (payload[i] ^ MASK[i % 4]));
        }
        byte[] bytes = new byte[frame.position()];
        frame.flip().get(bytes);
        write(bytes);
    }

    @Override
    int take(byte[] bytes, int from, int to) {
        if (to - from < 2) {
            return 0;
        }
        int opcode = bytes[from] & 0x0f;
        boolean last = (bytes[from] & 0x80) != 0;
        int header = 2;
        long length = bytes[from + 1] & 0x7f;
        if (length == 126) {
            header = 4;
        } else if (length == 127) {
            header = 10;
        }
        if (to - from < header) {
            return 0;
        }
        if (header > 2) {
            length = 0;
            for (int i = 2; i < header; i++) {
                length = (length << 8) | (bytes[from + i] & 0xff);
            }
        }
        if (to - from - header < length) {
            return 0;
        }
        int begin = from + header;
        int end = begin + (int) length;
        listener().bytes(bytes, begin, end, opcode == CLOSE ? "close reason" : "frame");
        accept(opcode, last, bytes, begin, end);
        return end - from;
    }

    private void accept(int opcode, boolean last, byte[] bytes, int begin, int end) {
        switch (opcode) {
            case TEXT, CONTINUATION -> {
                message.write(bytes, begin, end - begin);
                if (last) {
                    String text = message.toString(StandardCharsets.UTF_8);
                    message.reset();
                    listener().text(text);
                }
            }
            case PING -> {
                byte[] data = new byte[end - begin];
                System.arraycopy(bytes, begin, data, 0, data.length);
                frame(PONG, data);
                listener().alive();
            }
            case CLOSE -> {
                boolean said = end - begin >= 2;
                int code = said ? ((bytes[begin] & 0xff) << 8) | (bytes[begin + 1] & 0xff) : 1005;
                String reason = said ? new String(bytes, begin + 2, end - begin - 2, StandardCharsets.UTF_8) : "";
                end(code, reason);
            }
            case PONG -> listener().alive();
            default -> end(0, "opcode " + opcode);
        }
    }
}
