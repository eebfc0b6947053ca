package dev.bellhop.torture.check;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.torture.history.Entry;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.ToLongFunction;
import java.util.stream.LongStream;

/**
 * Who may be in which room of one organisation, by position of its log: what the members were at the beginning and what the
 * control events say since. An event at a position is already under the rights that it makes.
 */
final class Rights {
    private static final List<String> SEES_ALL = List.of("HR", "ADMIN");

    /** What somebody is from a position on. */
    private record Standing(long from, boolean active, String role, Set<String> properties, String department) {}

    private static final Standing NOBODY = new Standing(0, false, "", Set.of(), "");

    /** The organisation is let in or kept out from a position on. */
    private record Status(long from, boolean active) {}

    /** All sessions of a user end at a position, but those whose token is as new as {@code ver}, and one. */
    private record Logout(long at, long ver, String exceptSid) {}

    private final Map<String, List<Standing>> members = new HashMap<>();
    private final Map<String, Long> endedSessions = new HashMap<>();
    private final Map<String, List<Logout>> logouts = new HashMap<>();
    private final List<Status> statuses = new ArrayList<>(List.of(new Status(0, true)));
    private final Map<String, long[]> changesOfUsers = new HashMap<>();
    private int changes;

    void begin(Entry.Member member) {
        members.computeIfAbsent(member.user(), none -> new ArrayList<>())
                .add(new Standing(
                        0,
                        true,
                        member.role(),
                        new HashSet<>(member.properties()),
                        member.department() == null ? "" : member.department()));
    }

    /** Events come in the order of the log. */
    void add(long position, String type, JsonNode payload) {
        String user = payload.path("user_id").asText();
        switch (type) {
            case "organization.disabled", "organization.enabled" -> {
                statuses.add(new Status(position, type.equals("organization.enabled")));
                changes++;
            }
            case "session.revoked" -> {
                revoke(position, user, payload);
                changes++;
            }
            case "member.added", "member.updated", "member.removed" -> {
                addMember(position, type, user, payload);
                changes += type.equals("member.added") ? 0 : 1;
            }
            default -> {
                // says nothing about rights
            }
        }
    }

    private void revoke(long position, String user, JsonNode payload) {
        if (payload.hasNonNull("sid")) {
            endedSessions.putIfAbsent(payload.path("sid").asText(), position);
        } else {
            logouts.computeIfAbsent(user, none -> new ArrayList<>())
                    .add(new Logout(
                            position,
                            payload.path("ver").asLong(Long.MAX_VALUE),
                            payload.path("except_sid").asText("")));
        }
    }

    private void addMember(long position, String type, String user, JsonNode payload) {
        Set<String> properties = new HashSet<>();
        payload.path("property_ids").forEach(id -> properties.add(id.asText()));
        boolean active = !type.equals("member.removed")
                && !payload.path("status").asText().equals("disabled");
        members.computeIfAbsent(user, none -> new ArrayList<>())
                .add(new Standing(
                        position,
                        active,
                        payload.path("role").asText(),
                        properties,
                        payload.path("department_id").asText("")));
    }

    /** Control events that took or gave something. */
    int changes() {
        return changes;
    }

    boolean knows(String user) {
        return members.containsKey(user);
    }

    /** Whether somebody may be connected, with whatever token. */
    boolean mayConnect(String user, long position) {
        return active(user, position).isPresent();
    }

    private Optional<Standing> active(String user, long position) {
        return standing(user, position).filter(standing -> standing.active && isActive(position));
    }

    /** Whether the organisation, the member and the session are good at a position. */
    boolean isGood(String user, String sid, long ver, long position) {
        if (!mayConnect(user, position)) {
            return false;
        }
        if (endOf(sid) <= position) {
            return false;
        }
        for (Logout logout : logouts.getOrDefault(user, List.of())) {
            if (logout.at <= position && ver < logout.ver && !logout.exceptSid.equals(sid)) {
                return false;
            }
        }
        return true;
    }

    boolean mayBeIn(String room, String user, long position) {
        Standing standing = active(user, position).orElse(NOBODY);
        boolean seesAll = SEES_ALL.contains(standing.role);
        int dash = room.indexOf('-');
        String id = room.substring(dash + 1);
        return switch (dash < 0 ? room : room.substring(0, dash)) {
            case "org" -> standing.active;
            case "global" -> seesAll;
            case "property" -> seesAll || (standing.role.equals("MANAGER") && standing.properties.contains(id));
            case "department" -> seesAll || standing.department.equals(id);
            case "user" -> standing.active && id.equals(user);
            case "role" -> id.equals(standing.role);
            default -> false;
        };
    }

    /** Rooms that a member joins by itself. */
    Set<String> ownRooms(String user, long position) {
        Standing standing = active(user, position).orElse(NOBODY);
        Set<String> rooms = new HashSet<>();
        if (!standing.active) {
            return rooms;
        }
        rooms.addAll(List.of("org", "user-" + user, "role-" + standing.role));
        if (SEES_ALL.contains(standing.role)) {
            rooms.add("global");
        }
        if (standing.role.equals("MANAGER")) {
            standing.properties.forEach(id -> rooms.add("property-" + id));
        }
        if (!standing.department.isEmpty()) {
            rooms.add("department-" + standing.department);
        }
        return rooms;
    }

    /** Positions at which something changes for somebody, ascending; the first is 0. Nothing may be added any more. */
    long[] changesOf(String user) {
        return changesOfUsers.computeIfAbsent(user, this::findChanges);
    }

    private long[] findChanges(String user) {
        LongStream standings = members.getOrDefault(user, List.of()).stream().mapToLong(Standing::from);
        LongStream ends = logouts.getOrDefault(user, List.of()).stream().mapToLong(Logout::at);
        LongStream all = LongStream.concat(LongStream.of(0), LongStream.concat(standings, ends));
        return LongStream.concat(all, statuses.stream().mapToLong(Status::from))
                .sorted()
                .distinct()
                .toArray();
    }

    /** Position at which a session ended by itself; {@link Long#MAX_VALUE} for one that did not. */
    long endOf(String sid) {
        return sid == null ? Long.MAX_VALUE : endedSessions.getOrDefault(sid, Long.MAX_VALUE);
    }

    private boolean isActive(long position) {
        return lastUpTo(statuses, Status::from, position).orElseThrow().active();
    }

    private Optional<Standing> standing(String user, long position) {
        return lastUpTo(members.getOrDefault(user, List.of()), Standing::from, position);
    }

    /** @param ascending by the position from which they count */
    private static <T> Optional<T> lastUpTo(List<T> ascending, ToLongFunction<T> from, long position) {
        int low = 0;
        int high = ascending.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (from.applyAsLong(ascending.get(middle)) <= position) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low == 0 ? Optional.empty() : Optional.of(ascending.get(low - 1));
    }
}
