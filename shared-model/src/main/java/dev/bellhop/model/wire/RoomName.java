package dev.bellhop.model.wire;

import com.fasterxml.jackson.annotation.JsonValue;
import dev.bellhop.model.security.Role;
import java.util.Optional;

/**
 * A room of one organisation, parsed: {@code org}, {@code global}, {@code property-ID}, {@code department-ID},
 * {@code user-ID} or {@code role-ROLE}. The organisation is never part of the name. An id is 1 to 64 of
 * {@code [A-Za-z0-9_-]}.
 */
public record RoomName(Kind kind, String id) {
    public static final RoomName ORG = new RoomName(Kind.ORG, "");
    public static final RoomName GLOBAL = new RoomName(Kind.GLOBAL, "");

    private static final int LONGEST_ID = 64;

    public enum Kind {
        ORG("org"),
        GLOBAL("global"),
        PROPERTY("property-"),
        DEPARTMENT("department-"),
        USER("user-"),
        ROLE("role-");

        private final String prefix;

        Kind(String prefix) {
            this.prefix = prefix;
        }
    }

    public static RoomName property(String id) {
        return new RoomName(Kind.PROPERTY, checked(id));
    }

    public static RoomName department(String id) {
        return new RoomName(Kind.DEPARTMENT, checked(id));
    }

    public static RoomName user(String id) {
        return new RoomName(Kind.USER, checked(id));
    }

    public static RoomName role(Role role) {
        return new RoomName(Kind.ROLE, role.name());
    }

    /** @return empty for a name outside the grammar */
    public static Optional<RoomName> parse(String name) {
        if (name == null || name.length() > 80) {
            return Optional.empty();
        }
        return switch (name) {
            case "org" -> Optional.of(ORG);
            case "global" -> Optional.of(GLOBAL);
            default -> parseWithId(name);
        };
    }

    private static Optional<RoomName> parseWithId(String name) {
        for (Kind kind : Kind.values()) {
            if (kind.prefix.endsWith("-") && name.startsWith(kind.prefix)) {
                String id = name.substring(kind.prefix.length());
                boolean known = kind == Kind.ROLE ? Role.parse(id).isPresent() : isId(id);
                return known ? Optional.of(new RoomName(kind, id)) : Optional.empty();
            }
        }
        return Optional.empty();
    }

    /** Whether the text may stand for a user, property or department in a token or a room name. */
    public static boolean isId(String text) {
        if (text == null || text.isEmpty() || text.length() > LONGEST_ID) {
            return false;
        }
        for (int i = 0; i < text.length(); i++) {
            if (!isOfId(text.charAt(i))) {
                return false;
            }
        }
        return true;
    }

    private static boolean isOfId(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    }

    private static String checked(String id) {
        if (!isId(id)) {
            throw new IllegalArgumentException("not an id of a room");
        }
        return id;
    }

    /** As a record's own, which the client compiler does not see through; each event looks its rooms up. */
    @Override
    public boolean equals(Object other) {
        return other instanceof RoomName room && kind == room.kind && id.equals(room.id);
    }

    @Override
    public int hashCode() {
        return 31 * kind.hashCode() + id.hashCode();
    }

    @JsonValue
    @Override
    public String toString() {
        return kind.prefix + id;
    }
}
