package dev.bellhop.torture.history;

import java.nio.charset.StandardCharsets;
import java.util.UUID;

/**
 * Reads the entries that a history has millions of without a JSON parser, several times as fast: their fields come in one order,
 * as {@link Line} writes them. Anything else is left to the parser. Not thread-safe.
 */
final class ReceivedLine {
    private static final byte[] START = ascii("{\"e\":\"received\",\"at\":");
    private static final byte[] CLIENT = ascii(",\"client\":");
    private static final byte[] SESSION = ascii(",\"session\":");
    private static final byte[] EPOCH = ascii(",\"epoch\":\"");
    private static final byte[] POSITION = ascii("\",\"position\":");
    private static final byte[] ID = ascii(",\"id\":\"");
    private static final byte[] HASH = ascii("\",\"hash\":");
    private static final byte[] APPLIED = ascii(",\"applied\":true}");
    private static final byte[] NOT_APPLIED = ascii(",\"applied\":false}");
    private static final int ID_LENGTH = 36;

    private byte[] bytes;
    private int to;
    /** Of the next byte, -1 once something was not as expected. */
    private int index;

    private String epoch = "";

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    static boolean startsAt(byte[] bytes, int from, int to) {
        return to - from > START.length && matches(START, bytes, from);
    }

    /** @return null when it is not written in that way */
    Entry.Received read(byte[] line, int from, int end) {
        bytes = line;
        to = end;
        index = from;
        skip(START);
        long at = number();
        skip(CLIENT);
        long client = number();
        skip(SESSION);
        long session = number();
        skip(EPOCH);
        readEpoch();
        skip(POSITION);
        long position = number();
        skip(ID);
        UUID id = id();
        skip(HASH);
        long hash = number();
        boolean applied = index >= 0 && index + APPLIED.length == to;
        skip(applied ? APPLIED : NOT_APPLIED);
        return index == to
                ? new Entry.Received(
                        at, Math.toIntExact(client), Math.toIntExact(session), epoch, position, id, hash, applied)
                : null;
    }

    private static boolean matches(byte[] expected, byte[] bytes, int from) {
        for (int offset = 0; offset < expected.length; offset++) {
            if (bytes[from + offset] != expected[offset]) {
                return false;
            }
        }
        return true;
    }

    private void skip(byte[] expected) {
        boolean there = index >= 0 && index + expected.length <= to && matches(expected, bytes, index);
        index = there ? index + expected.length : -1;
    }

    private long number() {
        if (index < 0) {
            return 0;
        }
        boolean negative = index < to && bytes[index] == '-';
        int first = negative ? index + 1 : index;
        long number = 0;
        int next = first;
        while (next < to && next < first + 18 && bytes[next] >= '0' && bytes[next] <= '9') {
            number = number * 10 + (bytes[next++] - '0');
        }
        index = next == first ? -1 : next;
        return negative ? -number : number;
    }

    /** The same one as a rule as in the line before. */
    private void readEpoch() {
        int end = Math.max(index, 0);
        while (end < to && bytes[end] != '"' && bytes[end] != '\\') {
            end++;
        }
        if (index < 0 || end == to || bytes[end] == '\\') {
            index = -1;
            return;
        }
        boolean same = end - index == epoch.length();
        for (int offset = 0; same && offset < epoch.length(); offset++) {
            same = bytes[index + offset] == epoch.charAt(offset);
        }
        if (!same) {
            epoch = new String(bytes, index, end - index, StandardCharsets.UTF_8);
        }
        index = end;
    }

    private UUID id() {
        if (index < 0 || index + ID_LENGTH > to) {
            index = -1;
            return null;
        }
        long high = 0;
        long low = 0;
        int digits = 0;
        for (int offset = 0; offset < ID_LENGTH; offset++) {
            byte next = bytes[index + offset];
            if (offset == 8 || offset == 13 || offset == 18 || offset == 23) {
                if (next != '-') {
                    index = -1;
                    return null;
                }
                continue;
            }
            int digit = Character.digit(next, 16);
            if (digit < 0) {
                index = -1;
                return null;
            }
            if (digits++ < 16) {
                high = high << 4 | digit;
            } else {
                low = low << 4 | digit;
            }
        }
        index += ID_LENGTH;
        return new UUID(high, low);
    }
}
