package dev.bellhop.bench;

import java.nio.ByteBuffer;

/**
 * The marks in published messages: {@code @T<nanoseconds>.<number>@}, both decimal. The time is the one at which the message
 * was due, by the clock of the process that publishes and receives.
 */
final class Stamps {
    private static final long LOWEST_BITS = 0x0101010101010101L;
    private static final long HIGHEST_BITS = 0x8080808080808080L;
    private static final long AT_SIGNS = '@' * LOWEST_BITS;

    private Stamps() {}

    /**
     * Index of the first digit of the next stamp, or -1. Eight bytes at a step, since most of a message is no stamp.
     *
     * @param bytes in little-endian order
     */
    static int find(ByteBuffer bytes, int from, int to) {
        int index = from;
        while (index + 8 <= to) {
            long word = bytes.getLong(index) ^ AT_SIGNS; // a byte is zero where there is an @
            long zeros = (word - LOWEST_BITS) & ~word & HIGHEST_BITS; // exact in its lowest set bit
            if (zeros == 0) {
                index += 8;
                continue;
            }
            int at = index + (Long.numberOfTrailingZeros(zeros) >>> 3);
            if (at + 1 < to && bytes.get(at + 1) == 'T') {
                return at + 2;
            }
            index = at + 1;
        }
        for (; index + 1 < to; index++) {
            if (bytes.get(index) == '@' && bytes.get(index + 1) == 'T') {
                return index + 2;
            }
        }
        return -1;
    }

    /** Index behind the digits that begin at an index. */
    static int endOfDigits(ByteBuffer bytes, int from, int to) {
        int index = from;
        while (index < to && bytes.get(index) >= '0' && bytes.get(index) <= '9') {
            index++;
        }
        return index;
    }

    static long number(ByteBuffer bytes, int from, int to) {
        long number = 0;
        for (int index = from; index < to; index++) {
            number = number * 10 + (bytes.get(index) - '0');
        }
        return number;
    }
}
