package dev.bellhop.api.auth;

import io.javalin.router.EndpointMetadata;

/**
 * Put to a busy route of {@link Access#MEMBERS}: its write checks the caller in its own transaction ({@link Claimed}), so that the
 * gate does not have to, and many calls are checked with one query. What asks for the caller before that has them checked as usual.
 */
public final class LateCheck implements EndpointMetadata {}
