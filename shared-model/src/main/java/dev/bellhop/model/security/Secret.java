package dev.bellhop.model.security;

import java.nio.charset.StandardCharsets;
import java.util.Base64;

/** Key material that cannot be printed by accident. */
public final class Secret {
    private static final String WEBHOOK_PREFIX = "whsec_";

    private final byte[] key;

    private Secret(byte[] key) {
        this.key = key;
    }

    /**
     * The UTF-8 bytes of a text.
     *
     * @throws IllegalArgumentException under 32 bytes, the least that RFC 7518 section 3.2 allows for HS256
     */
    public static Secret ofText(String text) {
        byte[] key = text.getBytes(StandardCharsets.UTF_8);
        if (key.length < 32) {
            throw new IllegalArgumentException("needs at least 32 bytes");
        }
        return new Secret(key);
    }

    /**
     * A Standard Webhooks secret: {@code whsec_} and the base64 of 24 to 64 bytes.
     *
     * @throws IllegalArgumentException when it is none
     */
    public static Secret ofWebhook(String text) {
        if (!text.startsWith(WEBHOOK_PREFIX)) {
            throw new IllegalArgumentException("needs to start with whsec_");
        }
        byte[] key;
        try {
            key = Base64.getDecoder().decode(text.substring(WEBHOOK_PREFIX.length()));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("needs base64 after whsec_", e);
        }
        if (key.length < 24 || key.length > 64) {
            throw new IllegalArgumentException("needs 24 to 64 bytes after whsec_");
        }
        return new Secret(key);
    }

    /** For whoever computes with it; not to be logged. */
    public byte[] bytes() {
        return key.clone();
    }

    @Override
    public String toString() {
        return "***";
    }
}
