package dev.bellhop.torture.agent;

import java.lang.instrument.ClassDefinition;
import java.lang.instrument.Instrumentation;
import java.lang.instrument.UnmodifiableClassException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A clock that jumps and comes back under a process that goes on: for a while, what java.time takes for now is off. Timers, which
 * run by System.nanoTime, are not, and neither is who asks System.currentTimeMillis itself: it is native.
 *
 * @param after from the start of the JVM
 */
record ClockShift(Duration offset, Duration after, Duration lasting) {
    /** Milliseconds. A system property, since the classes of the JDK see none of the agent's. */
    static final String OFFSET = "torture.clock";

    private static final Pattern ORDER =
            Pattern.compile("clock=(ahead|behind):([0-9]{1,7})@([0-9]{1,3})\\+([0-9]{1,3})");

    /** All that java.time asks of the system: what is now as an Instant, and as milliseconds of a Clock. */
    private static final List<Target> TARGETS = List.of(
            new Target("java.time.Clock", "currentInstant()", NowAsInstant.class.getName()),
            new Target("java.time.Clock$SystemClock", "millis()", NowAsMillis.class.getName()));

    /** @throws IllegalArgumentException for what is no such order */
    static ClockShift parse(String text) {
        Matcher order = ORDER.matcher(text);
        if (!order.matches()) {
            throw new IllegalArgumentException(
                    "\"" + text + "\": a clock is ahead:MILLISECONDS@AFTER+FOR or behind:MILLISECONDS@AFTER+FOR");
        }
        Duration offset = Duration.ofMillis(Long.parseLong(order.group(2)));
        return new ClockShift(
                order.group(1).equals("ahead") ? offset : offset.negated(),
                Duration.ofSeconds(Long.parseLong(order.group(3))),
                Duration.ofSeconds(Long.parseLong(order.group(4))));
    }

    /** Lets it jump later, by itself. */
    void arm(Instrumentation instrumentation) {
        Rewriting rewriting = new Rewriting(ClassLoader.getSystemClassLoader());
        TARGETS.forEach(target -> rewriting.plant("clock", target));
        List<ClassDefinition> classes = new ArrayList<>();
        rewriting.classFiles().forEach((type, file) -> classes.add(new ClassDefinition(loaded(type), file)));
        try {
            instrumentation.redefineClasses(classes.toArray(ClassDefinition[]::new));
        } catch (ClassNotFoundException | UnmodifiableClassException e) {
            throw new IllegalStateException("the JVM does not let the clock be changed", e);
        }
        Thread thread = new Thread(this::jump, "torture-clock");
        thread.setDaemon(true);
        thread.start();
    }

    private static Class<?> loaded(String type) {
        try {
            return Class.forName(type, false, Clock.class.getClassLoader());
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException("there is no class " + type, e);
        }
    }

    private void jump() {
        try {
            TimeUnit.NANOSECONDS.sleep(after.toNanos());
            System.err.println("torture-agent: the clock jumps by " + offset);
            System.setProperty(OFFSET, Long.toString(offset.toMillis()));
            TimeUnit.NANOSECONDS.sleep(lasting.toNanos());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            System.clearProperty(OFFSET);
            System.err.println("torture-agent: the clock is right again");
        }
    }
}
