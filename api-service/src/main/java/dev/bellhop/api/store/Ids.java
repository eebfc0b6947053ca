package dev.bellhop.api.store;

import com.fasterxml.uuid.Generators;
import com.fasterxml.uuid.impl.TimeBasedEpochGenerator;
import java.util.HexFormat;
import java.util.Optional;
import java.util.UUID;

/** Identities of records and events: UUIDv7 (RFC 9562), so that new rows land at the end of their indexes. */
public final class Ids {
    private static final TimeBasedEpochGenerator GENERATOR = Generators.timeBasedEpochGenerator();
    private static final int LENGTH = 36;

    private Ids() {}

    public static UUID next() {
        return GENERATOR.generate();
    }

    /** @return empty for anything but the 36 characters of RFC 9562; {@link UUID#fromString} takes more */
    public static Optional<UUID> parse(String text) {
        return text != null && hasForm(text) ? Optional.of(UUID.fromString(text)) : Optional.empty();
    }

    /** By hand: two are looked at in every request, and a regular expression took a twentieth of its time. */
    private static boolean hasForm(String text) {
        if (text.length() != LENGTH) {
            return false;
        }
        for (int i = 0; i < LENGTH; i++) {
            char c = text.charAt(i);
            boolean dash = i == 8 || i == 13 || i == 18 || i == 23;
            if (dash ? c != '-' : !HexFormat.isHexDigit(c)) {
                return false;
            }
        }
        return true;
    }
}
