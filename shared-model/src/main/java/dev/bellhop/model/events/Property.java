package dev.bellhop.model.events;

import java.time.Instant;
import java.util.UUID;

/** A property of an organisation; the answer of the REST API and the payload of its events. */
public record Property(UUID id, String name, Instant createdAt, Instant updatedAt, long version) {}
