package dev.bellhop.api.entities;

import dev.bellhop.api.http.Change;
import dev.bellhop.api.http.Fields;
import dev.bellhop.model.events.Entity;
import java.util.Set;
import java.util.UUID;

/** What a caller can say of an entity; null where it says nothing. */
record EntityDraft(
        String type, String name, String status, String email, String phone, UUID departmentId, String notes) {
    static final Set<String> TYPES = Set.of("candidate", "client", "contractor", "lead", "partner", "custom");
    static final Set<String> STATUSES =
            Set.of("new", "screening", "interview", "offer", "hired", "rejected", "archived");

    /** Reads a new entity; faults stay with the fields. */
    static EntityDraft of(Fields fields) {
        Fields contact = fields.object("contact");
        return new EntityDraft(
                fields.choice("type", TYPES),
                fields.line("name", Fields.NAME),
                fields.optionalChoice("status", STATUSES).orElse("new"),
                contact.optionalEmail("email").orElse(null),
                contact.optionalLine("phone", Fields.PHONE).orElse(null),
                fields.optionalId("department_id").orElse(null),
                fields.optionalProse("notes", Fields.PROSE).orElse(null));
    }

    /** A merge patch: what it does not mention stays, null removes what can be missing. */
    record Patch(
            Change<String> type,
            Change<String> name,
            Change<String> status,
            Change<String> email,
            Change<String> phone,
            Change<UUID> departmentId,
            Change<String> notes) {
        static Patch of(Fields fields) {
            boolean removesContact = fields.mentions("contact") && fields.isNull("contact");
            Fields contact = fields.object("contact");
            return new Patch(
                    fields.change("type", (f, n) -> f.choice(n, TYPES)),
                    fields.change("name", (f, n) -> f.line(n, Fields.NAME)),
                    fields.change("status", (f, n) -> f.choice(n, STATUSES)),
                    removesContact ? Change.to(null) : contact.removableChange("email", Fields::optionalEmail),
                    removesContact
                            ? Change.to(null)
                            : contact.removableChange("phone", (f, n) -> f.optionalLine(n, Fields.PHONE)),
                    fields.removableChange("department_id", Fields::optionalId),
                    fields.removableChange("notes", (f, n) -> f.optionalProse(n, Fields.PROSE)));
        }

        EntityDraft over(Entity current) {
            UUID department =
                    current.department() == null ? null : current.department().id();
            return new EntityDraft(
                    type.over(current.type()),
                    name.over(current.name()),
                    status.over(current.status()),
                    email.over(current.contact().email()),
                    phone.over(current.contact().phone()),
                    departmentId.over(department),
                    notes.over(current.notes()));
        }
    }
}
