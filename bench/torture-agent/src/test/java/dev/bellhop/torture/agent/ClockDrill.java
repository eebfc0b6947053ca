package dev.bellhop.torture.agent;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.util.concurrent.TimeUnit;

/** A process that says how far every way to ask for now is off from System.currentTimeMillis, each time that it changes. */
public final class ClockDrill {
    private ClockDrill() {}

    /** @param arguments for how many seconds */
    public static void main(String[] arguments) throws InterruptedException {
        long beginMillis = System.currentTimeMillis();
        long beginNanos = System.nanoTime();
        Clock clock = Clock.systemUTC();
        String said = "";
        Duration length = Duration.ofSeconds(Long.parseLong(arguments[0]));
        while (System.nanoTime() - beginNanos < length.toNanos()) {
            long system = System.currentTimeMillis();
            String offset = Long.getLong(ClockShift.OFFSET, 0L).toString();
            String line = "off by " + seconds(Instant.now().toEpochMilli() - system) + " "
                    + seconds(clock.instant().toEpochMilli() - system) + " "
                    + seconds(clock.millis() - system) + " "
                    + seconds(ZonedDateTime.now(clock).toInstant().toEpochMilli() - system) + " s, timers by "
                    + seconds(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - beginNanos) - (system - beginMillis))
                    + " s";
            // Asked again: a jump in between would make a line of its own.
            if (offset.equals(Long.getLong(ClockShift.OFFSET, 0L).toString()) && !line.equals(said)) {
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
