package dev.bellhop.realtime.ingest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The second net for sensitive data: an event carries none by its own record, and what comes all the same is caught here, by
 * the name of its field and by the look of its value, whether or not HTML is stripped.
 *
 * <ul>
 *   <li>Fields named like a credential become {@value #REDACTED}, whatever they hold; null stays null.
 *   <li>Fields named like an identity or account number keep their last four characters, and of less than eight none; what is
 *       masked already stays. A date of birth keeps its year.
 *   <li>Anywhere else: social security numbers, payment card numbers, JSON Web Tokens, webhook secrets, bearer tokens, and
 *       user and password of an address.
 * </ul>
 *
 * <p>One number in ten of any kind passes the check of a card number (Luhn). To spare ids and times, a card number must
 * also begin as the issuers' ranges do and be as long as their cards are, and must stand by itself: written in one piece or
 * in the groups that are printed on cards, without letters around it, not behind a plus (a phone) and not behind a decimal
 * point. So times since 1970 in milli-, micro- or nanoseconds, which begin with 1, are none. A JSON number is taken for a card
 * up to 16 digits: what is longer does not fit the numbers of JavaScript and is an id.
 */
final class Redactor extends JsonRewrite {
    static final String REDACTED = "[REDACTED]";
    private static final String MASK = "****";

    private enum Sensitivity {
        NONE,
        SECRET,
        NUMBER,
        BIRTH
    }

    private static final Map<String, Sensitivity> NAMES = new HashMap<>();
    private static final int LONGEST_NAME = 24;
    private static final long SMALLEST_CARD = 1_000_000_000_000L;
    private static final long LARGEST_NUMERIC_CARD = 9_999_999_999_999_999L;
    private static final Pattern NO_DIGITS = Pattern.compile("[^0-9]+");

    static {
        for (String name : List.of(
                "password",
                "passwd",
                "pwd",
                "passwordhash",
                "secret",
                "clientsecret",
                "token",
                "accesstoken",
                "refreshtoken",
                "idtoken",
                "authorization",
                "cookie",
                "setcookie",
                "apikey",
                "privatekey",
                "signingkey",
                "session",
                "sessionid",
                "otp",
                "mfa",
                "pin",
                "cvv",
                "cvc",
                "securityanswer")) {
            NAMES.put(name, Sensitivity.SECRET);
        }
        for (String name : List.of(
                "ssn",
                "socialsecuritynumber",
                "taxid",
                "itin",
                "ein",
                "passport",
                "driverslicense",
                "bankaccount",
                "accountnumber",
                "routingnumber",
                "iban",
                "creditcard",
                "cardnumber",
                "pan",
                "alienregistrationnumber",
                "i94number")) {
            NAMES.put(name, Sensitivity.NUMBER);
        }
        NAMES.put("dob", Sensitivity.BIRTH);
        NAMES.put("dateofbirth", Sensitivity.BIRTH);
    }

    private static final Pattern YEAR = Pattern.compile("(?<![0-9])(?:19|20)[0-9]{2}(?![0-9])");
    private static final Pattern MASKED = Pattern.compile("[*•#xX][*•#xX\\s.-]{2,62}[0-9A-Za-z]{0,4}");
    private static final Pattern SSN = Pattern.compile("(?<![0-9A-Za-z_])[0-9]{3}-[0-9]{2}-([0-9]{4})(?![0-9A-Za-z_])");

    /** Spaces and dashes as people and phones write them; the dash comes last, for a class of characters. */
    private static final String SEPARATORS = " .\u00a0\u2007\u2009\u202f\u2010\u2011\u2013-";

    /** In one piece; or 4-4-4-4 with up to three more, 4-6-5 and 4-6-4, 4-3-3-3, with one separator throughout. */
    private static final Pattern CARD = Pattern.compile("(?<![0-9A-Za-z_+])(?<![0-9][.])(?:[0-9]{13,19}"
            + "|[0-9]{4}([" + SEPARATORS + "])[0-9]{4}\\1[0-9]{4}\\1[0-9]{4}(?:\\1[0-9]{1,3})?"
            + "|[0-9]{4}([" + SEPARATORS + "])[0-9]{6}\\2[0-9]{4,5}"
            + "|[0-9]{4}([" + SEPARATORS + "])[0-9]{3}\\3[0-9]{3}\\3[0-9]{3})(?![0-9A-Za-z_])");

    /** Beginnings and lengths of ISO/IEC 7812 as the issuers use them. */
    private static final Pattern ISSUED = Pattern.compile(
            "4(?:[0-9]{12}|[0-9]{15}|[0-9]{18})" // Visa
                    + "|3[47][0-9]{13}" // American Express
                    + "|3(?:0|6|8|9)[0-9]{12,17}" // Diners Club
                    + "|35[0-9]{14,17}" // JCB
                    + "|2(?:22[1-9]|2[3-9][0-9]|[3-6][0-9]{2}|7[01][0-9]|720)[0-9]{12}" // Mastercard
                    + "|220[0-4][0-9]{12,15}" // Mir
                    + "|5[1-5][0-9]{14}" // Mastercard
                    + "|(?:50|5[6-9]|6[0-9])[0-9]{11,17}"); // Maestro, Discover, UnionPay, RuPay

    private static final Pattern BEARER =
            Pattern.compile("(?<![0-9A-Za-z_])(?:(Bearer\\s++)\\S+|((?i:Bearer)\\s++)[0-9A-Za-z._~+/=-]{16,})");
    private static final Pattern WEBHOOK_SECRET = Pattern.compile("whsec_\\S+");
    /** The runs cannot hold a slash, so that they end before the next address begins. */
    private static final Pattern USER_AND_PASSWORD = Pattern.compile("://[^\\s/?#:@]*+:[^\\s/?#]+@");

    private final Sensitivity context;
    private final Redactor numbers;
    private final Redactor births;

    Redactor() {
        context = Sensitivity.NONE;
        numbers = new Redactor(Sensitivity.NUMBER);
        births = new Redactor(Sensitivity.BIRTH);
    }

    /** For all that stands below a field of that kind. */
    private Redactor(Sensitivity context) {
        this.context = context;
        numbers = this;
        births = this;
    }

    @Override
    JsonNode field(String name, JsonNode value) {
        Sensitivity sensitivity = sensitivity(name);
        return sensitivity == Sensitivity.NONE ? apply(value) : hide(sensitivity, value);
    }

    private static Sensitivity sensitivity(String name) {
        StringBuilder letters = new StringBuilder(LONGEST_NAME);
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (c == '_' || c == '-' || c == '.') {
                continue;
            }
            if (letters.length() == LONGEST_NAME) {
                return Sensitivity.NONE;
            }
            letters.append(c >= 'A' && c <= 'Z' ? (char) (c + 32) : c);
        }
        return NAMES.getOrDefault(letters.toString(), Sensitivity.NONE);
    }

    private JsonNode hide(Sensitivity sensitivity, JsonNode value) {
        if (value.isNull()) {
            return value;
        }
        if (sensitivity == Sensitivity.SECRET) {
            return REDACTED.equals(value.textValue()) ? value : TextNode.valueOf(REDACTED);
        }
        if (value.isContainerNode()) {
            return (sensitivity == Sensitivity.NUMBER ? numbers : births).apply(value);
        }
        if (value.isBoolean()) {
            return value;
        }
        String text = value.asText();
        String rest = sensitivity == Sensitivity.NUMBER ? lastFour(text) : year(text);
        return rest.equals(text) ? value : TextNode.valueOf(rest);
    }

    private static String lastFour(String text) {
        if (text.isBlank() || MASKED.matcher(text).matches()) {
            return text;
        }
        StringBuilder last = new StringBuilder();
        int shown = 0;
        for (int i = 0; i < text.length(); i++) {
            if (Character.isLetterOrDigit(text.charAt(i))) {
                last.append(text.charAt(i));
                shown++;
            }
        }
        return shown < 8 ? MASK : MASK + last.substring(shown - 4);
    }

    private static String year(String text) {
        Matcher year = YEAR.matcher(text);
        if (year.find()) {
            return year.group();
        }
        return text.isBlank() ? text : REDACTED;
    }

    @Override
    String name(String name) {
        return withoutSensitiveParts(name);
    }

    @Override
    JsonNode leaf(JsonNode value) {
        if (context != Sensitivity.NONE) {
            return hide(context, value);
        }
        if (value.isTextual()) {
            String text = value.textValue();
            String rest = withoutSensitiveParts(text);
            return rest.equals(text) ? value : TextNode.valueOf(rest);
        }
        if (value.isIntegralNumber() && value.canConvertToLong()) {
            long number = value.longValue();
            if (number >= SMALLEST_CARD && number <= LARGEST_NUMERIC_CARD && isCard(Long.toString(number))) {
                return TextNode.valueOf(MASK
                        + Long.toString(number).substring(Long.toString(number).length() - 4));
            }
        }
        return value;
    }

    /** One look at each character tells which of the patterns are worth a try; for most texts none is. */
    private static String withoutSensitiveParts(String text) {
        int digits = 0;
        boolean card = false;
        boolean ssn = false;
        boolean bearer = false;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (isDigit(c)) {
                digits++;
                card |= digits >= 13;
                continue;
            }
            if (c == '-') {
                ssn |= i >= 3 && i + 7 < text.length() && text.charAt(i + 3) == '-' && isDigit(text.charAt(i + 7));
            } else if (c == 'B' || c == 'b') {
                bearer |= text.regionMatches(true, i, "bearer", 0, 6);
            }
            // A card may have one separator after a digit, and nothing else.
            if (!isSeparator(c) || i == 0 || !isDigit(text.charAt(i - 1))) {
                digits = 0;
            }
        }
        String rest = text;
        if (ssn) {
            rest = SSN.matcher(rest).replaceAll("***-**-$1");
        }
        if (card) {
            rest = withoutCards(rest);
        }
        if (rest.contains("eyJ")) {
            rest = withoutJsonWebTokens(rest);
        }
        if (rest.contains("whsec_")) {
            rest = WEBHOOK_SECRET.matcher(rest).replaceAll(REDACTED);
        }
        if (bearer) {
            rest = BEARER.matcher(rest).replaceAll("$1$2" + REDACTED);
        }
        if (rest.contains("://")) {
            rest = USER_AND_PASSWORD.matcher(rest).replaceAll("://" + REDACTED + "@");
        }
        return rest;
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    private static boolean isSeparator(char c) {
        return SEPARATORS.indexOf(c) >= 0;
    }

    private static String withoutCards(String text) {
        Matcher cards = CARD.matcher(text);
        StringBuilder rest = new StringBuilder(text.length());
        int kept = 0;
        for (boolean found = cards.find(); found; ) {
            String digits = NO_DIGITS.matcher(cards.group()).replaceAll("");
            if (isCard(digits)) {
                rest.append(text, kept, cards.start())
                        .append(MASK)
                        .append(digits, digits.length() - 4, digits.length());
                kept = cards.end();
                found = cards.find();
            } else {
                // A group of other digits may stand in front of a card.
                found = cards.find(cards.start() + 1);
            }
        }
        return kept == 0 ? text : rest.append(text, kept, text.length()).toString();
    }

    private static boolean isCard(String digits) {
        return ISSUED.matcher(digits).matches() && passesLuhn(digits);
    }

    /** ISO/IEC 7812-1, annex B. */
    private static boolean passesLuhn(String digits) {
        int sum = 0;
        for (int i = 0; i < digits.length(); i++) {
            int digit = digits.charAt(digits.length() - 1 - i) - '0';
            int weighed = i % 2 == 0 ? digit : 2 * digit;
            sum += weighed > 9 ? weighed - 9 : weighed;
        }
        return sum % 10 == 0;
    }

    /** As {@code eyJ[\w-]+\.[\w-]+\.[\w-]*}, but without going back: where one part fails, all starts within it fail. */
    private static String withoutJsonWebTokens(String text) {
        StringBuilder rest = new StringBuilder(text.length());
        int kept = 0;
        for (int start = text.indexOf("eyJ"); start >= 0; ) {
            int header = wordEnd(text, start + 3);
            int next = Math.max(header, start + 3);
            if (header > start + 3 && text.startsWith(".", header)) {
                int claims = wordEnd(text, header + 1);
                if (claims > header + 1 && text.startsWith(".", claims)) {
                    next = wordEnd(text, claims + 1);
                    rest.append(text, kept, start).append(REDACTED);
                    kept = next;
                }
            }
            start = text.indexOf("eyJ", next);
        }
        return kept == 0 ? text : rest.append(text, kept, text.length()).toString();
    }

    private static int wordEnd(String text, int from) {
        int i = from;
        while (i < text.length() && isWord(text.charAt(i))) {
            i++;
        }
        return i;
    }

    private static boolean isWord(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    }
}
