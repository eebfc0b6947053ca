package dev.bellhop.api.http;

import dev.bellhop.api.http.Page.Position;
import dev.bellhop.api.store.Ids;
import dev.bellhop.model.problem.Problem;
import dev.bellhop.model.security.Secret;
import java.nio.charset.StandardCharsets;
import java.security.InvalidKeyException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Cursors that go out with a page and come back for the next one. A cursor is good only for the list it came from, with
 * the same caller, filters and sort: all of them are under its authentication code. Thread-safe.
 */
public final class Cursors {
    private static final int MAC_BYTES = 16;
    private static final int MAX_LENGTH = 2_000;

    private final SecretKeySpec key;

    /** @param secret of the service; the key of the cursors is derived from it and is of no other use */
    public Cursors(Secret secret) {
        this.key = new SecretKeySpec(
                mac(new SecretKeySpec(secret.bytes(), "HmacSHA256"), "bellhop list cursor, version 1"), "HmacSHA256");
    }

    /** @param list everything that the cursor is bound to, in one text */
    String encode(String list, Position position) {
        byte[] row = (position.id() + position.key()).getBytes(StandardCharsets.UTF_8);
        byte[] cursor = Arrays.copyOf(code(list, row), MAC_BYTES + row.length);
        System.arraycopy(row, 0, cursor, MAC_BYTES, row.length);
        return text(cursor);
    }

    private static String text(byte[] cursor) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(cursor);
    }

    /** @throws Problem 400 for a cursor that this service did not make for this list */
    Position decode(String list, String cursor) {
        byte[] bytes;
        try {
            bytes = Base64.getUrlDecoder().decode(cursor.length() > MAX_LENGTH ? "" : cursor);
        } catch (IllegalArgumentException e) {
            throw invalid();
        }
        // The decoder takes padding, and passes over bits of the last character that say nothing.
        if (bytes.length < MAC_BYTES + 36 || !text(bytes).equals(cursor)) {
            throw invalid();
        }
        byte[] row = Arrays.copyOfRange(bytes, MAC_BYTES, bytes.length);
        if (!MessageDigest.isEqual(code(list, row), Arrays.copyOf(bytes, MAC_BYTES))) {
            throw invalid();
        }
        String idAndKey = new String(row, StandardCharsets.UTF_8);
        return new Position(
                idAndKey.substring(36), Ids.parse(idAndKey.substring(0, 36)).orElseThrow(Cursors::invalid));
    }

    private byte[] code(String list, byte[] row) {
        return Arrays.copyOf(mac(key, list + "\n" + Base64.getEncoder().encodeToString(row)), MAC_BYTES);
    }

    private static byte[] mac(SecretKeySpec key, String text) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(key);
            return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException | InvalidKeyException e) {
            throw new IllegalStateException("every Java platform has HmacSHA256", e);
        }
    }

    private static Problem invalid() {
        return Problem.badRequest("invalid_cursor", "The cursor does not belong to this list.");
    }
}
