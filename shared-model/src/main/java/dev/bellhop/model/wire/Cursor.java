package dev.bellhop.model.wire;

import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * "Everything of one organisation's log up to this position." Opaque to clients: {@code 1.<epoch>.<position>.<fingerprint>},
 * 1 to 200 characters of {@code [A-Za-z0-9._~-]}.
 *
 * @param epoch of the log that the position belongs to, 1 to 40 of {@code [a-z0-9]}
 * @param position of the last event that is behind the cursor; 0 is the start of the log
 * @param fingerprint of the id of the event at that position, so that a log that was restored and then filled with other
 *     events is not taken for the one that the client read; 0 at position 0
 */
public record Cursor(String epoch, long position, int fingerprint) {
    private static final Pattern WIRE = Pattern.compile("1\\.([a-z0-9]{1,40})\\.([0-9]{1,18})\\.([0-9a-f]{8})");

    /** @return empty for text that this code did not make */
    public static Optional<Cursor> parse(String text) {
        if (text == null || text.length() > 200) {
            return Optional.empty();
        }
        Matcher parts = WIRE.matcher(text);
        return parts.matches()
                ? Optional.of(new Cursor(
                        parts.group(1), Long.parseLong(parts.group(2)), Integer.parseUnsignedInt(parts.group(3), 16)))
                : Optional.empty();
    }

    /** Four bytes of a hash of an event id (the finaliser of MurmurHash3, which spreads every bit of a UUIDv7). */
    public static int fingerprint(UUID eventId) {
        long mixed = eventId.getMostSignificantBits() * 0x9E3779B97F4A7C15L ^ eventId.getLeastSignificantBits();
        mixed = (mixed ^ mixed >>> 33) * 0xff51afd7ed558ccdL;
        mixed = (mixed ^ mixed >>> 33) * 0xc4ceb9fe1a85ec53L;
        return (int) (mixed ^ mixed >>> 33);
    }

    @Override
    public String toString() {
        String hex = Integer.toHexString(fingerprint);
        return "1." + epoch + "." + position + "." + "0".repeat(8 - hex.length()) + hex;
    }
}
