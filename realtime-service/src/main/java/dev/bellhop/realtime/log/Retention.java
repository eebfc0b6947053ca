package dev.bellhop.realtime.log;

import java.time.Duration;

/**
 * Takes old events out of the log: those that are both older than an age and beyond a count. It goes in steps, so that appends
 * wait milliseconds at most. Several nodes may run it.
 */
public interface Retention {
    /**
     * What stays.
     *
     * @param events newest of each organisation that stay whatever their age
     * @param controls for how long control events are kept beyond that: as long as a token may live
     */
    record Kept(Duration age, int events, Duration controls) {}

    /** @return how many events were taken out of all organisations */
    long run();
}
