package dev.bellhop.model.security;

import java.util.Optional;

/** What a token's bearer is in the organisation. SERVICE is a machine and belongs to none. */
public enum Role {
    ADMIN,
    HR,
    MANAGER,
    MEMBER,
    SERVICE;

    /** @return empty for anything but the exact upper-case name */
    public static Optional<Role> parse(String name) {
        for (Role role : values()) {
            if (role.name().equals(name)) {
                return Optional.of(role);
            }
        }
        return Optional.empty();
    }

    /** Whether the role sees every property and department of its organisation. */
    public boolean seesAllProperties() {
        return this == ADMIN || this == HR;
    }
}
