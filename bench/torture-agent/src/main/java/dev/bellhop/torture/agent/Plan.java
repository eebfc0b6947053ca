package dev.bellhop.torture.agent;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What was ordered for this process, and what the rewritten methods ask. */
public final class Plan {
    private static final Pattern ORDER = Pattern.compile("([A-Za-z.-]+)=([a-z-]+)(?::([0-9]{1,7}))?(?:@(.+))?");
    /** As after {@code kill -9}. */
    private static final int KILLED = 137;

    /** What a failpoint does when it is due. */
    private record Failure(String point, String action, long delayMillis, Frequency frequency) {
        void happen() {
            if (!frequency.isDue()) {
                return;
            }
            switch (action) {
                case "halt" -> {
                    System.err.println("torture-agent: " + point + " halts");
                    Runtime.getRuntime().halt(KILLED);
                }
                case "throw" -> throw new InjectedFault(point);
                default -> pause();
            }
        }

        private void pause() {
            try {
                TimeUnit.MILLISECONDS.sleep(delayMillis);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static final Map<String, List<Failure>> FAILURES = new ConcurrentHashMap<>();
    private static final Map<String, Frequency> DEFECTS = new ConcurrentHashMap<>();
    /** Null for one that is right. */
    private static volatile ClockShift clock;

    private Plan() {}

    /**
     * Takes orders, {@code point=action@frequency} or {@code defect=name@frequency} or {@code clock=direction:milliseconds@after+for} or
     * {@code seed=number}, separated by semicolons.
     *
     * @return the names of the points and defects
     * @throws IllegalArgumentException for anything else
     */
    static List<String> take(String orders) {
        List<String> wanted = new ArrayList<>();
        long seed = ThreadLocalRandom.current().nextLong(1_000_000);
        for (String order : orders.split(";", -1)) {
            if (order.startsWith("seed=")) {
                seed = Long.parseLong(order.substring("seed=".length()));
            } else if (!order.isBlank()) {
                wanted.add(order);
            }
        }
        Random random = new Random(seed);
        System.err.println("torture-agent: seed=" + seed + ";" + String.join(";", wanted));
        List<String> names = new ArrayList<>();
        for (String order : wanted) {
            take(order, new Random(random.nextLong())).ifPresent(names::add);
        }
        return names;
    }

    private static Optional<String> take(String text, Random random) {
        Matcher order = ORDER.matcher(text);
        if (!order.matches()) {
            throw new IllegalArgumentException("\"" + text + "\" is not an order");
        }
        String frequency = order.group(4);
        if (order.group(1).equals("clock")) {
            clock = ClockShift.parse(text);
            return Optional.empty();
        }
        if (order.group(1).equals("defect")) {
            String standard = frequency == null ? Defect.named(order.group(2)).frequency() : frequency;
            DEFECTS.put(order.group(2), Frequency.parse(standard, random));
            return Optional.of(order.group(2));
        }
        String action = order.group(2);
        String millis = order.group(3);
        boolean whole = action.equals("delay") ? millis != null : millis == null;
        if (!whole || !List.of("halt", "throw", "delay").contains(action)) {
            throw new IllegalArgumentException("\"" + text + "\": an action is halt, throw or delay:MILLISECONDS");
        }
        Failure failure = new Failure(
                order.group(1),
                action,
                millis == null ? 0 : Long.parseLong(millis),
                frequency == null ? Frequency.ALWAYS : Frequency.parse(frequency, random));
        FAILURES.computeIfAbsent(order.group(1), point -> new ArrayList<>()).add(failure);
        return Optional.of(order.group(1));
    }

    /** The one that was ordered. */
    static Optional<ClockShift> clock() {
        return Optional.ofNullable(clock);
    }

    /** A failpoint is passed. */
    public static void pass(String point) {
        FAILURES.getOrDefault(point, List.of()).forEach(Failure::happen);
    }

    /** Whether a defect is to show now. */
    public static boolean isDue(String defect) {
        Frequency frequency = DEFECTS.get(defect);
        return frequency != null && frequency.isDue();
    }

    /** Thrown by a failpoint. */
    static final class InjectedFault extends RuntimeException {
        private static final long serialVersionUID = 1;

        InjectedFault(String point) {
            super("injected at " + point);
        }
    }
}
