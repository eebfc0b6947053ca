package dev.bellhop.model.wire;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Times on the wire: RFC 3339, UTC, exactly six fractional digits and {@code Z}. */
public final class Timestamps {
    private static final DateTimeFormatter MICROSECONDS =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);

    private static final Pattern RFC_3339 =
            Pattern.compile("([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}:[0-9]{2}:[0-9]{2})(\\.[0-9]{1,9})?[0-9]*"
                    + "(?:[Zz]|([+-])([01][0-9]|2[0-3]):([0-5][0-9]))");

    private Timestamps() {}

    public static String format(Instant time) {
        LocalDateTime local = LocalDateTime.ofEpochSecond(time.getEpochSecond(), time.getNano(), ZoneOffset.UTC);
        if (local.getYear() < 0 || local.getYear() > 9999) {
            return MICROSECONDS.format(time);
        }
        byte[] text = "0000-00-00T00:00:00.000000Z".getBytes(StandardCharsets.US_ASCII);
        digits(text, 4, local.getYear());
        digits(text, 7, local.getMonthValue());
        digits(text, 10, local.getDayOfMonth());
        digits(text, 13, local.getHour());
        digits(text, 16, local.getMinute());
        digits(text, 19, local.getSecond());
        digits(text, 26, local.getNano() / 1000);
        return new String(text, StandardCharsets.US_ASCII);
    }

    /** By hand, because a page of a list has hundreds of times and a formatter takes as long as the query. */
    private static void digits(byte[] text, int end, int number) {
        int rest = number;
        for (int i = end - 1; rest > 0; i--) {
            text[i] = (byte) ('0' + rest % 10);
            rest /= 10;
        }
    }

    /**
     * Reads any RFC 3339 time but a leap second, cut to microseconds, which is what PostgreSQL keeps.
     *
     * @throws DateTimeParseException when it is none
     */
    public static Instant parse(String text) {
        Matcher time = RFC_3339.matcher(text);
        if (!time.matches()) {
            throw new DateTimeParseException("not an RFC 3339 time", text, 0);
        }
        String fraction = time.group(3) == null ? "" : time.group(3);
        Instant local = LocalDateTime.parse(time.group(1) + "T" + time.group(2) + fraction)
                .toInstant(ZoneOffset.UTC)
                .truncatedTo(ChronoUnit.MICROS);
        if (time.group(4) == null) {
            return local;
        }
        // By hand, because java.time knows no offset beyond 18 hours and the RFC does.
        Duration offset = Duration.ofHours(Long.parseLong(time.group(5))).plusMinutes(Long.parseLong(time.group(6)));
        return time.group(4).equals("+") ? local.minus(offset) : local.plus(offset);
    }
}
