package dev.bellhop.model.events;

import java.util.UUID;

/**
 * The record that an event speaks of, for those who look it up later; never part of a frame.
 *
 * @param type as in {@link Deleted}, for example {@code entity}
 */
public record Subject(String type, UUID id) {}
