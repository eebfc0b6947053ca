package dev.bellhop.torture;

import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/** Finds canaries in a stream of bytes, however it is cut into pieces. */
final class CanaryScan {
    static final int LENGTH = 18;

    private final byte[] found = new byte[LENGTH];
    private int matched;
    private byte previous;
    private long bytes;

    void feed(byte[] piece, int from, int to, Consumer<String> canary) {
        bytes += to - from;
        for (int i = from; i < to; i++) {
            byte b = piece[i];
            if (fits(b)) {
                found[matched++] = b;
                if (matched == LENGTH) {
                    matched = 0;
                    canary.accept(new String(found, StandardCharsets.US_ASCII));
                }
            } else {
                // A c is also a digit: it may have begun the next one.
                matched = b == 'c' ? 1 : b == 'n' && previous == 'c' ? 2 : 0;
                found[0] = 'c';
                found[1] = 'n';
            }
            previous = b;
        }
    }

    private boolean fits(byte b) {
        return switch (matched) {
            case 0 -> b == 'c';
            case 1 -> b == 'n';
            default -> (b >= '0' && b <= '9') || (b >= 'a' && b <= 'f');
        };
    }

    /** Another stream begins. */
    void restart() {
        matched = 0;
        previous = 0;
    }

    long bytes() {
        return bytes;
    }
}
