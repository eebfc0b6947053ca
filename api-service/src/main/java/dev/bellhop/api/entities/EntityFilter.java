package dev.bellhop.api.entities;

import dev.bellhop.api.http.ListQuery;
import dev.bellhop.api.http.Page.Position;
import dev.bellhop.model.events.Entity;
import dev.bellhop.model.wire.Timestamps;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/** Which entities a list shows, in which order, and where it goes on. */
record EntityFilter(
        Optional<String> type,
        Optional<String> status,
        Optional<UUID> departmentId,
        Optional<UUID> ownerId,
        Optional<String> search,
        Sort sort,
        Optional<Position> after,
        int limit) {
    static final Set<String> PARAMETERS = Set.of("type", "status", "department_id", "owner_id", "q", "sort");

    /** The orders that a list can have; newest first without a word. */
    enum Sort {
        NEWEST,
        OLDEST,
        NAME;

        static Sort of(ListQuery query) {
            String word = query.oneOf("sort", Set.of("created_at", "-created_at", "name"))
                    .orElse("-created_at");
            return switch (word) {
                case "created_at" -> OLDEST;
                case "name" -> NAME;
                default -> NEWEST;
            };
        }

        Position position(Entity entity) {
            String key = this == NAME ? entity.name() : Timestamps.format(entity.createdAt());
            return new Position(key, entity.id());
        }
    }

    /** Whether it is the whole list, in its usual order. */
    boolean isEmpty() {
        return type.isEmpty()
                && status.isEmpty()
                && departmentId.isEmpty()
                && ownerId.isEmpty()
                && search.isEmpty()
                && sort == Sort.NEWEST;
    }

    static EntityFilter of(ListQuery query) {
        return new EntityFilter(
                query.oneOf("type", EntityDraft.TYPES),
                query.oneOf("status", EntityDraft.STATUSES),
                query.id("department_id"),
                query.id("owner_id"),
                query.search(),
                Sort.of(query),
                query.position(),
                query.limit());
    }
}
