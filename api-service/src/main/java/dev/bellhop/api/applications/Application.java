package dev.bellhop.api.applications;

import dev.bellhop.model.events.ApplicationEvent;
import java.time.Instant;
import java.util.UUID;

/**
 * A job application at a property.
 *
 * @param status submitted, approved or rejected
 * @param reason of a rejection
 * @param decidedBy member who approved or rejected it, null before
 * @param onboardingId what the approval started, null before
 */
public record Application(
        UUID id,
        UUID propertyId,
        String applicantName,
        String email,
        String phone,
        String position,
        String message,
        String status,
        String reason,
        UUID decidedBy,
        Instant decidedAt,
        UUID onboardingId,
        Instant createdAt,
        Instant updatedAt,
        long version) {

    /** What the event says: no address of the applicant and nothing of their letter. */
    ApplicationEvent.Payload payload() {
        return new ApplicationEvent.Payload(
                id, propertyId, applicantName, status, position, reason, createdAt, updatedAt, version);
    }
}
