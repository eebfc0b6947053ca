package dev.bellhop.api.onboarding;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.model.events.OnboardingEvent;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/**
 * A new employee's way into the house.
 *
 * @param userId the employee as a member, null until there is one
 * @param status in_progress or completed
 * @param steps in their order
 */
public record Onboarding(
        UUID id,
        UUID applicationId,
        UUID propertyId,
        UUID userId,
        String employeeName,
        String status,
        OnboardingEvent.Progress progress,
        List<Step> steps,
        Instant createdAt,
        Instant updatedAt,
        Instant completedAt,
        long version) {

    /**
     * @param submittedAt null while the form is missing
     * @param form as it was submitted; null while it is missing, and in lists
     */
    public record Step(
            String step,
            Instant submittedAt,
            @JsonInclude(JsonInclude.Include.NON_NULL) JsonNode form) {}

    /** The same with the steps that were read beside it, and the progress that follows from them. */
    Onboarding with(List<Step> read) {
        int done =
                (int) read.stream().filter(step -> step.submittedAt() != null).count();
        return new Onboarding(
                id,
                applicationId,
                propertyId,
                userId,
                employeeName,
                status,
                new OnboardingEvent.Progress(done, read.size()),
                read,
                createdAt,
                updatedAt,
                completedAt,
                version);
    }

    Onboarding masked() {
        return with(steps.stream()
                .map(step -> new Step(
                        step.step(), step.submittedAt(), step.form() == null ? null : Masking.masked(step.form())))
                .toList());
    }

    /** @param form the step whose form came in, null for other events */
    OnboardingEvent.Payload payload(String form) {
        return new OnboardingEvent.Payload(
                id,
                applicationId,
                propertyId,
                userId,
                employeeName,
                status,
                form,
                progress,
                createdAt,
                updatedAt,
                version);
    }
}
