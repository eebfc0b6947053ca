package dev.bellhop.bench;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** The published message: a JSON object of a fixed number of bytes with a stamp and padding. */
final class Message {
    private static final String BEGIN = "{\"stamp\":\"@T";
    private static final String MIDDLE = "@\",\"pad\":\"";
    private static final String END = "\"}";

    /** Both numbers have at most 19 digits, and a dot stands between them. */
    private static final int LEAST = BEGIN.length() + 2 * 19 + 1 + MIDDLE.length() + END.length();

    private final byte[] begin;
    private final byte[] middle;
    private final byte[] end;
    private final int size;

    /** @throws IllegalArgumentException for a size that has no room for the stamp */
    Message(int size) {
        if (size < LEAST) {
            throw new IllegalArgumentException("a message has at least " + LEAST + " bytes");
        }
        this.size = size;
        this.begin = BEGIN.getBytes(StandardCharsets.US_ASCII);
        this.middle = MIDDLE.getBytes(StandardCharsets.US_ASCII);
        this.end = END.getBytes(StandardCharsets.US_ASCII);
    }

    private Message(byte[] begin, byte[] middle, byte[] end, int size) {
        this.begin = begin;
        this.middle = middle;
        this.end = end;
        this.size = size;
    }

    /** The same message as the content of a JSON string: longer by the backslashes. */
    Message inString() {
        byte[] escapedBegin = escaped(begin);
        byte[] escapedMiddle = escaped(middle);
        byte[] escapedEnd = escaped(end);
        int more = escapedBegin.length
                + escapedMiddle.length
                + escapedEnd.length
                - (begin.length + middle.length + end.length);
        return new Message(escapedBegin, escapedMiddle, escapedEnd, size + more);
    }

    private static byte[] escaped(byte[] text) {
        return new String(text, StandardCharsets.US_ASCII).replace("\"", "\\\"").getBytes(StandardCharsets.US_ASCII);
    }

    int size() {
        return size;
    }

    /** Writes the message with the given stamp at an index, without making an object. */
    void write(ByteBuffer target, int index, long time, long number) {
        int at = put(target, index, begin);
        at = putDecimal(target, at, time);
        target.put(at++, (byte) '.');
        at = putDecimal(target, at, number);
        at = put(target, at, middle);
        int last = index + size - end.length;
        while (at < last) {
            target.put(at++, (byte) 'x');
        }
        put(target, last, end);
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
