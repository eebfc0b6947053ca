package dev.bellhop.api.http;

import java.util.Optional;

/** What a text from outside may hold. Nothing is ever altered: a text is taken as it is or refused. */
final class Texts {
    private static final int NEXT_LINE = 0x85; // white space for Unicode and PostgreSQL, not for Java

    private Texts() {}

    /**
     * Judges a text of one line: a name, a title, an address.
     *
     * @return a machine-readable word for the fault, empty when there is none
     */
    static Optional<String> faultOfLine(String text, int maxCharacters) {
        if (text.codePoints().anyMatch(Texts::isControl)) {
            return Optional.of("control_character");
        }
        if (text.codePoints().anyMatch(Texts::isDirectionOverride)) {
            return Optional.of("bidi_control");
        }
        return faultOfAny(text, maxCharacters);
    }

    /** As {@link #faultOfLine} for a text of many lines, which may also hold tabs and write in any direction. */
    static Optional<String> faultOfProse(String text, int maxCharacters) {
        if (text.codePoints().anyMatch(c -> isControl(c) && c != '\t' && c != '\n' && c != '\r')) {
            return Optional.of("control_character");
        }
        return faultOfAny(text, maxCharacters);
    }

    private static Optional<String> faultOfAny(String text, int maxCharacters) {
        if (text.codePoints().anyMatch(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE)) {
            return Optional.of("lone_surrogate");
        }
        return text.codePointCount(0, text.length()) > maxCharacters ? Optional.of("too_long") : Optional.empty();
    }

    /** Whether nothing of it is seen: white space of any script, with and without a break, as PostgreSQL counts it. */
    static boolean isBlank(String text) {
        return text.codePoints().allMatch(c -> Character.isWhitespace(c) || Character.isSpaceChar(c) || c == NEXT_LINE);
    }

    private static boolean isControl(int c) {
        return c < 0x20 || c == 0x7f;
    }

    /** Unicode's bidirectional controls, with which a name can be made to read as another. */
    private static boolean isDirectionOverride(int c) {
        return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0x200e || c == 0x200f || c == 0x61c;
    }
}
