package dev.bellhop.realtime.log;

import java.security.SecureRandom;

/** Names of logs: 80 random bits, so that no two logs ever share one. */
final class Epochs {
    private static final String ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";
    private static final int LENGTH = 16;
    private static final SecureRandom RANDOM = new SecureRandom();

    private Epochs() {}

    static String next() {
        StringBuilder epoch = new StringBuilder(LENGTH);
        for (int i = 0; i < LENGTH; i++) {
            epoch.append(ALPHABET.charAt(RANDOM.nextInt(ALPHABET.length())));
        }
        return epoch.toString();
    }
}
