package dev.bellhop.api.http;

import java.util.List;
import java.util.UUID;

/**
 * A part of a list.
 *
 * @param nextCursor null at the end
 */
public record Page<T>(List<T> items, String nextCursor) {
    /** The row after which a page goes on: its sort key as text, and its id. */
    public record Position(String key, UUID id) {}
}
