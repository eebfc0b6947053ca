package dev.bellhop.torture.agent;

import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How often something is to happen: each time, with a probability ({@code 0.02}, {@code 2%}, {@code 1/10000}), or once, the
 * n-th time ({@code 3}). Thread-safe.
 */
final class Frequency {
    static final Frequency ALWAYS = new Frequency(1, 0, new Random(0));

    private static final Pattern NUMBER = Pattern.compile("[1-9][0-9]{0,17}");
    private static final Pattern FRACTION = Pattern.compile("([0-9]{1,9})/([1-9][0-9]{0,8})");
    private static final Pattern PERCENT = Pattern.compile("([0-9]{1,3}(?:\\.[0-9]+)?)%");
    private static final Pattern DECIMAL = Pattern.compile("[01]?\\.[0-9]+");

    private final double probability;
    private final long only;
    private final Random random;
    private final AtomicLong times = new AtomicLong();

    private Frequency(double probability, long only, Random random) {
        this.probability = probability;
        this.only = only;
        this.random = random;
    }

    /** @throws IllegalArgumentException for anything else than the forms above */
    static Frequency parse(String text, Random random) {
        if (NUMBER.matcher(text).matches()) {
            return new Frequency(0, Long.parseLong(text), random);
        }
        double probability = probability(text);
        if (!(probability > 0 && probability <= 1)) {
            throw new IllegalArgumentException("\"" + text + "\" is neither a probability nor a number");
        }
        return new Frequency(probability, 0, random);
    }

    private static double probability(String text) {
        Matcher fraction = FRACTION.matcher(text);
        if (fraction.matches()) {
            return Double.parseDouble(fraction.group(1)) / Double.parseDouble(fraction.group(2));
        }
        Matcher percent = PERCENT.matcher(text);
        if (percent.matches()) {
            return Double.parseDouble(percent.group(1)) / 100;
        }
        return DECIMAL.matcher(text).matches() ? Double.parseDouble(text) : -1;
    }

    boolean isDue() {
        return only > 0 ? times.incrementAndGet() == only : probability >= 1 || random.nextDouble() < probability;
    }
}
