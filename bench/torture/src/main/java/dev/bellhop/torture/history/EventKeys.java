package dev.bellhop.torture.history;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which operation an event belongs to. The type of an event and its key are unique in a run, but for
 * {@code organization.disabled} and {@code .enabled}, which are counted; and the generator knows the key before it sends the request.
 *
 * <table>
 * <caption>Keys</caption>
 * <tr><th>type</th><th>key</th></tr>
 * <tr><td>{@code entity.created, .updated, department.…, property.…, member.added, .updated}</td><td>mark in {@code name}; so each
 *     PATCH gives a new name, also one that is about something else</td></tr>
 * <tr><td>{@code entity.deleted, department.deleted, property.deleted}</td><td>{@code id}</td></tr>
 * <tr><td>{@code member.removed}</td><td>{@code user_id}</td></tr>
 * <tr><td>{@code application.submitted}</td><td>mark in {@code applicant_name}</td></tr>
 * <tr><td>{@code application.approved, .rejected, onboarding.started}</td><td>{@code application_id}</td></tr>
 * <tr><td>{@code onboarding.form_submitted}</td><td>{@code onboarding_id/form}; so each form is handed in once</td></tr>
 * <tr><td>{@code onboarding.completed}</td><td>{@code onboarding_id}</td></tr>
 * <tr><td>{@code share.created}</td><td>{@code resource_id/receiver}, the receiver by the room; so nothing is shared twice with one
 *     user</td></tr>
 * <tr><td>{@code share.revoked}</td><td>{@code share_id}</td></tr>
 * <tr><td>{@code chat.message}</td><td>mark in {@code text}</td></tr>
 * <tr><td>{@code call.created}</td><td>mark in {@code recording_url}</td></tr>
 * <tr><td>{@code call.updated}</td><td>mark in {@code summary}; so each PATCH gives a new summary</td></tr>
 * <tr><td>{@code system.notification, user.notification}</td><td>mark in {@code message}</td></tr>
 * <tr><td>{@code session.revoked}</td><td>{@code sid} for the end of one session, {@code user_id/except_sid} for a change of the
 *     password (once in a session), {@code user_id#ver} for the end of all</td></tr>
 * <tr><td>{@code organization.disabled, .enabled}</td><td>the organisation's id; one such operation at a time, and only when it
 *     changes something</td></tr>
 * <tr><td>{@code outbox.parked}</td><td>{@code event_id}</td></tr>
 * <tr><td>any other</td><td>mark in {@code mark}</td></tr>
 * </table>
 *
 * <p>Where a mark is missing, the key is {@code id@version}, which nothing expects.
 *
 * <p><b>Consequences</b> come with an effect in one transaction, and the operation does not name them (it may: then they are
 * demanded). The checker takes each only when its cause is in the log.
 * <ul>
 *   <li>{@code share.revoked} and {@code call.updated} (its entity null, its summary that of before) by {@code entity.deleted}
 *   <li>{@code session.revoked} with {@code user_id#ver} by {@code member.updated} to disabled and by {@code member.removed}
 * </ul>
 */
public final class EventKeys {
    private static final Pattern MARK = Pattern.compile("\\bmk[0-9a-f]{12}\\b");

    /**
     * The record that an event changes.
     *
     * @param type as in {@link Entry.State#resource}
     * @param version 0 where the payload has none; of a member {@code ver}
     * @param mark that the record's text has from now on, empty for none or when the event does not tell
     * @param gone whether the record is deleted by it
     */
    public record Subject(String type, String id, long version, Optional<String> mark, boolean gone) {}

    private EventKeys() {}

    /** The mark with a number, below 2^48: {@code mk} and twelve hexadecimal digits. To be set off by spaces or punctuation. */
    public static String mark(long number) {
        String digits = Long.toHexString(number);
        return "mk" + "0".repeat(12 - digits.length()) + digits;
    }

    /** The first mark in a text; empty also for null. */
    public static Optional<String> markIn(String text) {
        if (text == null) {
            return Optional.empty();
        }
        Matcher found = MARK.matcher(text);
        return found.find() ? Optional.of(found.group()) : Optional.empty();
    }

    public static String keyOf(String type, List<String> rooms, JsonNode payload) {
        return switch (type) {
            case "entity.deleted", "department.deleted", "property.deleted" -> text(payload, "id");
            case "member.removed" -> text(payload, "user_id");
            case "application.approved", "application.rejected", "onboarding.started" ->
                text(payload, "application_id");
            case "onboarding.form_submitted" -> text(payload, "onboarding_id") + "/" + text(payload, "form");
            case "onboarding.completed" -> text(payload, "onboarding_id");
            case "share.created" -> share(text(payload, "resource_id"), receiver(rooms));
            case "share.revoked" -> text(payload, "share_id");
            case "session.revoked" -> session(payload);
            case "organization.disabled", "organization.enabled" -> text(payload, "org_id");
            case "outbox.parked" -> text(payload, "event_id");
            default -> {
                Subject subject = subjectOf(type, payload);
                yield subject.mark().orElse(subject.id() + "@" + subject.version());
            }
        };
    }

    /** Key of the {@code share.created} that a request to {@code POST /shares} makes. */
    public static String share(String resourceId, String receiverId) {
        return resourceId + "/" + receiverId;
    }

    private static String receiver(List<String> rooms) {
        return rooms.size() == 1 && rooms.get(0).startsWith("user-")
                ? rooms.get(0).substring("user-".length())
                : rooms.toString();
    }

    private static String session(JsonNode payload) {
        if (payload.hasNonNull("sid")) {
            return text(payload, "sid");
        }
        return payload.hasNonNull("except_sid")
                ? text(payload, "user_id") + "/" + text(payload, "except_sid")
                : text(payload, "user_id") + "#" + payload.path("ver").asText();
    }

    public static Subject subjectOf(String type, JsonNode payload) {
        String family = type.substring(0, Math.max(0, type.indexOf('.')));
        boolean gone = type.endsWith(".deleted") || type.equals("share.revoked") || type.equals("member.removed");
        return switch (family) {
            case "entity", "department", "property" -> subject(family, "id", "version", "name", gone, payload);
            case "application" -> subject(family, "application_id", "version", "applicant_name", gone, payload);
            case "onboarding" -> subject(family, "onboarding_id", "version", "employee_name", gone, payload);
            case "share" -> subject(family, "share_id", "version", "resource_name", gone, payload);
            case "chat" -> subject("chat_message", "id", "version", "text", gone, payload);
            case "call" ->
                subject(
                        family,
                        "id",
                        "version",
                        type.equals("call.created") ? "recording_url" : "summary",
                        gone,
                        payload);
            case "member", "session" -> subject("member", "user_id", "ver", "name", gone, payload);
            case "system", "user" -> subject("notification", "id", "version", "message", gone, payload);
            case "organization" -> subject(family, "org_id", "version", "name", gone, payload);
            case "outbox" -> subject("event", "event_id", "version", "reason", gone, payload);
            default -> subject(family, "id", "version", "mark", gone, payload);
        };
    }

    private static Subject subject(
            String type, String id, String version, String textWithMark, boolean gone, JsonNode payload) {
        return new Subject(
                type,
                text(payload, id),
                payload.path(version).asLong(0),
                markIn(payload.path(textWithMark).textValue()),
                gone);
    }

    private static String text(JsonNode payload, String field) {
        return payload.path(field).asText("");
    }
}
