package dev.bellhop.model.security;

import java.nio.charset.StandardCharsets;
import java.security.InvalidKeyException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Signed posts between services, after Standard Webhooks 1.0.0 with symmetric keys: HMAC-SHA256 over
 * {@code id.timestamp.body}, the body byte for byte as it travels. Stricter than the reference libraries: an id holds no
 * dot, a timestamp is exactly ten digits, and at most {@value #MAX_SIGNATURES} signatures are looked at. Thread-safe.
 */
public final class Signature {
    public static final String ID_HEADER = "webhook-id";
    public static final String TIMESTAMP_HEADER = "webhook-timestamp";
    public static final String SIGNATURE_HEADER = "webhook-signature";

    /** How far the sender's clock may be off, either way. */
    public static final Duration TOLERANCE = Duration.ofMinutes(5);

    private static final int MAX_SIGNATURES = 4;
    private static final int MAX_HEADER = 1024;
    private static final String VERSION = "v1,";
    private static final Pattern ID = Pattern.compile("[A-Za-z0-9_-]{1,64}");
    private static final Pattern SECONDS = Pattern.compile("[0-9]{10}");

    /** Why a post was refused; for logs and counters, the caller is told only that it was. */
    public enum Verdict {
        VALID,
        BAD_HEADER,
        BAD_TIMESTAMP,
        BAD_MAC
    }

    private final List<Secret> secrets;

    /**
     * @param secrets one, or several while one is replaced: the first signs, all verify
     * @throws IllegalArgumentException for an empty list
     */
    public Signature(List<Secret> secrets) {
        if (secrets.isEmpty()) {
            throw new IllegalArgumentException("needs a secret");
        }
        this.secrets = List.copyOf(secrets);
    }

    /** The value of the signature header for one attempt to send. */
    public String sign(String id, Instant timestamp, byte[] body) {
        byte[] mac = mac(secrets.get(0), id, Long.toString(timestamp.getEpochSecond()), body);
        return VERSION + Base64.getEncoder().encodeToString(mac);
    }

    /**
     * Judges a post by its literal header values; null stands for a header that is missing or was sent twice.
     *
     * @param body the bytes as received
     */
    public Verdict verify(String id, String timestamp, String signatures, byte[] body, Instant now) {
        if (id == null || timestamp == null || signatures == null) {
            return Verdict.BAD_HEADER;
        }
        if (!ID.matcher(id).matches() || signatures.length() > MAX_HEADER) {
            return Verdict.BAD_HEADER;
        }
        if (!SECONDS.matcher(timestamp).matches()) {
            return Verdict.BAD_TIMESTAMP;
        }
        long skew = Math.abs(now.getEpochSecond() - Long.parseLong(timestamp));
        if (skew > TOLERANCE.toSeconds()) {
            return Verdict.BAD_TIMESTAMP;
        }
        return macMatches(id, timestamp, signatures, body) ? Verdict.VALID : Verdict.BAD_MAC;
    }

    /** Compares with every secret and does not stop at a match, so that time tells nothing about which one it was. */
    private boolean macMatches(String id, String timestamp, String signatures, byte[] body) {
        String[] offered = signatures.split(" ", -1);
        if (offered.length > MAX_SIGNATURES) {
            return false;
        }
        boolean matches = false;
        for (Secret secret : secrets) {
            byte[] expected = mac(secret, id, timestamp, body);
            for (String signature : offered) {
                matches |= MessageDigest.isEqual(expected, decoded(signature));
            }
        }
        return matches;
    }

    private static byte[] decoded(String signature) {
        if (!signature.startsWith(VERSION)) {
            return new byte[32];
        }
        try {
            return Base64.getDecoder().decode(signature.substring(VERSION.length()));
        } catch (IllegalArgumentException notBase64) {
            return new byte[32];
        }
    }

    private static byte[] mac(Secret secret, String id, String timestamp, byte[] body) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret.bytes(), "HmacSHA256"));
            mac.update((id + "." + timestamp + ".").getBytes(StandardCharsets.UTF_8));
            return mac.doFinal(body);
        } catch (NoSuchAlgorithmException | InvalidKeyException e) {
            throw new IllegalStateException("every Java platform has HmacSHA256", e);
        }
    }
}
