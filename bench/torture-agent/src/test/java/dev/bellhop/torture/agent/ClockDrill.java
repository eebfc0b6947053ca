package dev.bellhop.torture.agent;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.util.concurrent.TimeUnit;

/** A process that says how far every way to ask for now is off from System.currentTimeMillis, each time that it changes. */
public final class ClockDrill {
    private static final Duration PAUSE = Duration.ofMillis(100);

    private ClockDrill() {}

    /** @param arguments for how many seconds */
    public static void main(String[] arguments) throws InterruptedException {
        long beginMillis = System.currentTimeMillis();
        long beginNanos = System.nanoTime();
        Clock clock = Clock.systemUTC();
        String said = "";
        long length = Duration.ofSeconds(Long.parseLong(arguments[0])).toNanos();
        long nanos = 0;
        while (nanos < length) {
            String jumped = System.getProperty(ClockShift.OFFSET, "");
            long system = System.currentTimeMillis();
            nanos = System.nanoTime() - beginNanos;
            String line = "off by " + seconds(Instant.now().toEpochMilli() - system) + " "
                    + seconds(clock.instant().toEpochMilli() - system) + " "
                    + seconds(clock.millis() - system) + " "
                    + seconds(ZonedDateTime.now(clock).toInstant().toEpochMilli() - system) + " s, timers by "
                    + seconds(TimeUnit.NANOSECONDS.toMillis(nanos) - (system - beginMillis)) + " s";
            // What was asked before and after a jump, or with a pause in between, says nothing.
            boolean atOnce = System.nanoTime() - beginNanos - nanos < PAUSE.toNanos()
                    && jumped.equals(System.getProperty(ClockShift.OFFSET, ""));
            if (atOnce && !line.equals(said)) {
                System.out.println(line);
                said = line;
            }
            TimeUnit.MILLISECONDS.sleep(20);
        }
    }

    private static long seconds(long millis) {
        return Math.round(millis / 1000.0);
    }
}
