package dev.bellhop.api.auth;

import dev.bellhop.model.security.Role;
import io.javalin.security.RouteRole;

/** Who may call a route at all; every route names exactly one. What a caller may do with a record, its resource decides. */
public enum Access implements RouteRole {
    /** Without login. */
    PUBLIC,
    /** Every member of an organisation. */
    MEMBERS,
    /** Who decides on applications and shares records: everybody but MEMBER. */
    REVIEWERS,
    /** ADMIN and HR. */
    HR,
    ADMIN,
    /** Machines. */
    SERVICE;

    boolean admits(Role role) {
        return switch (this) {
            case PUBLIC -> true;
            case MEMBERS -> role != Role.SERVICE;
            case REVIEWERS -> role != Role.SERVICE && role != Role.MEMBER;
            case HR -> role == Role.ADMIN || role == Role.HR;
            case ADMIN -> role == Role.ADMIN;
            case SERVICE -> role == Role.SERVICE;
        };
    }
}
