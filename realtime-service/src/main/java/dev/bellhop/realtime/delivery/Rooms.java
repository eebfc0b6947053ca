package dev.bellhop.realtime.delivery;

import dev.bellhop.model.wire.RoomName;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Who is in which room of one organisation. A room is there while it has a member. Changed only by its stream; the sizes may
 * be read by anybody.
 */
final class Rooms {
    private final Map<RoomName, Set<Subscriber>> members = new HashMap<>();
    private final ConcurrentHashMap<RoomName, Integer> sizes = new ConcurrentHashMap<>();

    void add(RoomName room, Subscriber subscriber) {
        Set<Subscriber> set = members.computeIfAbsent(room, name -> new LinkedHashSet<>(2));
        set.add(subscriber);
        sizes.put(room, set.size());
    }

    void remove(RoomName room, Subscriber subscriber) {
        Set<Subscriber> set = members.get(room);
        if (set == null || !set.remove(subscriber)) {
            return;
        }
        if (set.isEmpty()) {
            members.remove(room);
            sizes.remove(room);
        } else {
            sizes.put(room, set.size());
        }
    }

    Collection<Subscriber> in(RoomName room) {
        return members.getOrDefault(room, Set.of());
    }

    /** Everybody who is in at least one of the rooms, each once. */
    Collection<Subscriber> inAny(List<RoomName> names) {
        if (names.size() == 1) {
            return in(names.get(0));
        }
        Set<Subscriber> all = new LinkedHashSet<>();
        names.forEach(room -> all.addAll(in(room)));
        return all;
    }

    /** Members of one room; from any thread. */
    int size(RoomName room) {
        return sizes.getOrDefault(room, 0);
    }

    /** Rooms and their numbers of members; from any thread, each number current at some moment of the call. */
    Map<RoomName, Integer> sizes() {
        return Map.copyOf(sizes);
    }
}
