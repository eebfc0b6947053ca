package dev.bellhop.model.events;

import java.util.UUID;

/**
 * What is left of a record.
 *
 * @param version one above the last version of the record, so that a client keeps the newest of what it hears
 */
public record Deleted(UUID id, String resourceType, long version) {}
