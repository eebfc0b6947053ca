package dev.bellhop.realtime.rooms;

import dev.bellhop.model.security.Principal;
import dev.bellhop.model.security.Role;
import dev.bellhop.model.wire.RoomName;
import java.util.LinkedHashSet;
import java.util.Set;

/** The only answer to "may this user see this room". Rooms lie in the user's own organisation by construction. */
public final class RoomPolicy {
    private RoomPolicy() {}

    /** The rooms that a connection is in without asking. */
    public static Set<RoomName> joinedByItself(Principal principal) {
        Set<RoomName> rooms = new LinkedHashSet<>();
        rooms.add(RoomName.ORG);
        rooms.add(RoomName.user(principal.userId()));
        rooms.add(RoomName.role(principal.role()));
        if (principal.role().seesAllProperties()) {
            rooms.add(RoomName.GLOBAL);
        }
        if (principal.role() == Role.MANAGER) {
            principal.properties().forEach(id -> rooms.add(RoomName.property(id)));
        }
        principal.departments().forEach(id -> rooms.add(RoomName.department(id)));
        return rooms;
    }

    public static boolean mayJoin(Principal principal, RoomName room) {
        return switch (room.kind()) {
            case ORG -> true;
            case GLOBAL -> principal.role().seesAllProperties();
            case PROPERTY -> principal.managesProperty(room.id());
            case DEPARTMENT ->
                principal.role().seesAllProperties() || principal.departments().contains(room.id());
            case USER -> principal.userId().equals(room.id());
            case ROLE -> principal.role().name().equals(room.id());
        };
    }
}
