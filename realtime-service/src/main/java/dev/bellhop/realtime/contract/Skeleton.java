package dev.bellhop.realtime.contract;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.bellhop.model.wire.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Objects;

/** The part of a contract that is written by hand: a resource in {@code contract/}. */
final class Skeleton {
    private Skeleton() {}

    static ObjectNode read(String name) {
        try (InputStream file = Objects.requireNonNull(Skeleton.class.getResourceAsStream("/contract/" + name), name)) {
            return (ObjectNode) Json.mapper().readTree(file);
        } catch (IOException e) {
            throw new UncheckedIOException("contract/" + name + " of this jar cannot be read", e);
        }
    }
}
