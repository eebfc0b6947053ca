package dev.bellhop.bench;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** The published message: a JSON object of a fixed number of bytes with a stamp and padding. */
final class Message {
    private static final byte[] BEGIN = "{\"stamp\":\"@T".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] MIDDLE = "@\",\"pad\":\"".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] END = "\"}".getBytes(StandardCharsets.US_ASCII);

    /** Both numbers have at most 19 digits, and a dot stands between them. */
    private static final int LEAST = BEGIN.length + 2 * 19 + 1 + MIDDLE.length + END.length;

    private final int size;

    /** @throws IllegalArgumentException for a size that has no room for the stamp */
    Message(int size) {
        if (size < LEAST) {
            throw new IllegalArgumentException("a message has at least " + LEAST + " bytes");
        }
        this.size = size;
    }

    int size() {
        return size;
    }

    /** Writes the message with the given stamp at an index, without making an object. */
    void write(ByteBuffer target, int index, long time, long number) {
        int at = put(target, index, BEGIN);
        at = putDecimal(target, at, time);
        target.put(at++, (byte) '.');
        at = putDecimal(target, at, number);
        at = put(target, at, MIDDLE);
        int end = index + size - END.length;
        while (at < end) {
            target.put(at++, (byte) 'x');
        }
        put(target, end, END);
    }

    private static int put(ByteBuffer target, int index, byte[] bytes) {
        target.put(index, bytes);
        return index + bytes.length;
    }

    private static int putDecimal(ByteBuffer target, int index, long value) {
        int digits = 1;
        for (long rest = value / 10; rest > 0; rest /= 10) {
            digits++;
        }
        long rest = value;
        for (int at = index + digits - 1; at >= index; at--) {
            target.put(at, (byte) ('0' + rest % 10));
            rest /= 10;
        }
        return index + digits;
    }
}
