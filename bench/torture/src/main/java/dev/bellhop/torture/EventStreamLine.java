package dev.bellhop.torture;

import java.io.ByteArrayOutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** Server-sent events over HTTP/1.1, chunked or until the end of the connection. */
final class EventStreamLine extends Line {
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();
    private boolean chunked;
    /** Bytes that the current chunk still has; -2 stands for the line break behind it. */
    private int left;

    /** @param query of the address, without a token */
    EventStreamLine(EventLoop loop, InetSocketAddress server, String query, String token, Listener listener) {
        super(
                loop,
                server,
                "GET /events?" + query + " HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n"
                        + "Authorization: Bearer " + token + "\r\n\r\n",
                listener);
    }

    @Override
    boolean agrees(String head) {
        chunked = head.toLowerCase(Locale.ROOT).contains("\r\ntransfer-encoding: chunked");
        return head.startsWith("HTTP/1.1 200 ");
    }

    @Override
    int take(byte[] bytes, int from, int to) {
        if (!chunked) {
            body(bytes, from, to);
            return to - from;
        }
        if (left == 0) {
            return chunkHead(bytes, from, to);
        }
        if (left == -2) {
            if (to - from < 2) {
                return 0;
            }
            left = 0;
            return 2;
        }
        int count = Math.min(left, to - from);
        body(bytes, from, from + count);
        left = left == count ? -2 : left - count;
        return count;
    }

    private int chunkHead(byte[] bytes, int from, int to) {
        for (int i = from; i + 1 < to; i++) {
            if (bytes[i] == '\r') {
                String size = new String(bytes, from, i - from, StandardCharsets.US_ASCII);
                left = Integer.parseInt(size, 16);
                if (left == 0) {
                    end(0, "end of stream");
                }
                return i + 2 - from;
            }
        }
        return 0;
    }

    private void body(byte[] bytes, int from, int to) {
        listener().bytes(bytes, from, to, "stream");
        for (int i = from; i < to && !isOver(); i++) {
            if (bytes[i] == '\n') {
                line(line.toString(StandardCharsets.UTF_8));
                line.reset();
            } else {
                line.write(bytes[i]);
            }
        }
    }

    private void line(String text) {
        if (text.startsWith("data: ")) {
            listener().text(text.substring("data: ".length()));
        } else {
            listener().alive();
        }
    }
}
