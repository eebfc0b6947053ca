package dev.bellhop.api.dashboard;

import java.time.Instant;
import java.util.Map;

/**
 * Counts over what the caller may see.
 *
 * @param applications by status, every status named
 * @param entities by status, every status named
 * @param lastActivityAt newest change of any of these, null when there is nothing
 */
public record Dashboard(
        Map<String, Long> applications, Onboardings onboardings, Map<String, Long> entities, Instant lastActivityAt) {

    /**
     * @param formsDone of the onboardings in progress
     * @param formsTotal of the same
     */
    public record Onboardings(long inProgress, long completed, long formsDone, long formsTotal) {}
}
