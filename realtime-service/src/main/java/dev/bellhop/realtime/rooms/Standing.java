package dev.bellhop.realtime.rooms;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.model.events.EventType;
import dev.bellhop.model.security.Principal;
import dev.bellhop.model.security.Role;
import dev.bellhop.model.wire.CloseCode;
import dev.bellhop.model.wire.Json;
import dev.bellhop.model.wire.RoomName;
import dev.bellhop.realtime.log.NewEvent;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.StreamSupport;

/**
 * What the control events of one organisation say about the tokens that are about: whose rights have changed since, and which
 * count no longer. It is the fold of those events over {@link #WINDOW}, so it needs no store of its own. One thread adds,
 * any thread judges.
 */
public final class Standing {
    /** No token lives longer than this, so what happened before has no token left to speak about. */
    public static final Duration WINDOW = Duration.ofHours(13);

    /** Whether a token still counts, and for what. */
    public sealed interface Verdict {
        /** @param principal with the rights of now, which may differ from the token's */
        record Good(Principal principal) implements Verdict {}

        record Refused(CloseCode reason) implements Verdict {}
    }

    /**
     * The newest that was said about a member.
     *
     * @param version of the membership, or -1 where the producer gave none: then the time decides
     * @param role null where nothing was said, as the others
     */
    private record Member(
            long version, Instant at, boolean active, Role role, List<String> properties, List<String> departments) {
        boolean isNewerThan(Principal token) {
            return version < 0 ? !token.issuedAt().isAfter(at) : version > token.version();
        }

        boolean isAtLeastAsNewAs(Principal token) {
            return version < 0 ? !token.issuedAt().isAfter(at) : version >= token.version();
        }
    }

    /** All sessions of a user ended, but perhaps one. */
    private record Logout(long version, Instant at, Optional<String> exceptSession) {
        boolean covers(Principal token) {
            return !(exceptSession.isPresent() && exceptSession.equals(token.sessionId()))
                    && (version < 0 ? !token.issuedAt().isAfter(at) : token.version() < version);
        }
    }

    private final Map<String, Member> members = new ConcurrentHashMap<>();
    private final Map<String, Instant> endedSessions = new ConcurrentHashMap<>();
    private final Map<String, Logout> logouts = new ConcurrentHashMap<>();
    private volatile boolean disabled;

    /** Whether an event is one that changes somebody's standing. */
    public static boolean isControl(String type) {
        return EventType.isReserved(type);
    }

    /**
     * Takes in a control event; events come in log order.
     *
     * @return the user whom it concerns, empty when it concerns all
     */
    public Optional<String> add(NewEvent event) {
        JsonNode payload;
        try {
            payload = Json.tree(event.payload());
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("the log holds a payload that is not JSON, event " + event.id(), e);
        }
        Optional<String> user = Optional.ofNullable(payload.path("user_id").textValue());
        switch (event.type()) {
            case "organization.disabled" -> disabled = true;
            case "organization.enabled" -> disabled = false;
            case "session.revoked" -> user.ifPresent(id -> addLogout(id, payload, event.occurredAt()));
            case "member.added", "member.updated", "member.removed" ->
                user.ifPresent(id -> addMember(id, payload, event));
            default -> {
                return Optional.of(""); // a reserved name without a meaning concerns nobody
            }
        }
        return user;
    }

    private void addLogout(String userId, JsonNode payload, Instant at) {
        String session = payload.path("sid").textValue();
        if (session == null) {
            Optional<String> except =
                    Optional.ofNullable(payload.path("except_sid").textValue());
            logouts.put(userId, new Logout(version(payload), at, except));
        } else {
            endedSessions.put(session, at);
            endedSessions.values().removeIf(end -> end.isBefore(at.minus(WINDOW)));
        }
    }

    private void addMember(String userId, JsonNode payload, NewEvent event) {
        Member said = new Member(
                version(payload),
                event.occurredAt(),
                !event.type().equals("member.removed")
                        && !"disabled".equals(payload.path("status").textValue()),
                Role.parse(payload.path("role").textValue()).orElse(null),
                ids(payload.path("property_ids")),
                department(payload));
        members.merge(userId, said, (old, now) -> now.version() >= 0 && now.version() < old.version() ? old : now);
    }

    private static long version(JsonNode payload) {
        return payload.path("ver").asLong(-1);
    }

    private static List<String> ids(JsonNode list) {
        return list.isArray()
                ? StreamSupport.stream(list.spliterator(), false)
                        .map(JsonNode::asText)
                        .filter(RoomName::isId)
                        .toList()
                : null;
    }

    private static List<String> department(JsonNode payload) {
        if (!payload.has("department_id")) {
            return null;
        }
        String id = payload.path("department_id").textValue();
        return RoomName.isId(id) ? List.of(id) : List.of();
    }

    public Verdict judge(Principal token) {
        if (disabled) {
            return new Verdict.Refused(CloseCode.ORG_DISABLED);
        }
        Member member = members.get(token.userId());
        if (member != null && !member.active() && member.isAtLeastAsNewAs(token)) {
            return new Verdict.Refused(CloseCode.USER_DISABLED);
        }
        Logout logout = logouts.get(token.userId());
        boolean sessionEnded = token.sessionId().isPresent()
                && endedSessions.containsKey(token.sessionId().get());
        if (sessionEnded || (logout != null && logout.covers(token))) {
            return new Verdict.Refused(CloseCode.TOKEN_REVOKED);
        }
        return new Verdict.Good(member != null && member.isNewerThan(token) ? withRightsOf(member, token) : token);
    }

    private static Principal withRightsOf(Member member, Principal token) {
        return token.withRights(
                member.role() == null ? token.role() : member.role(),
                member.properties() == null ? token.properties() : member.properties(),
                member.departments() == null ? token.departments() : member.departments());
    }
}
