package dev.bellhop.realtime.delivery;

import dev.bellhop.model.wire.RoomName;
import dev.bellhop.model.wire.ServerMessage;
import dev.bellhop.model.wire.ServerMessage.PresentUser;
import dev.bellhop.model.wire.ServerMessage.UserName;
import dev.bellhop.realtime.log.SpanStore;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Predicate;

/**
 * Who is in the rooms that somebody watches: by user, not by connection, and with a grace in which a user may be away (a
 * reload, a tunnel) without being said to have left. Belongs to its stream; not thread-safe.
 */
final class Presence {
    /** Most users of one answer. */
    private static final int MAX_USERS = 1000;

    /** A user that the watchers of a room know of. */
    private static final class Present {
        final String name;
        int connections;
        /** As they were counted the time before. */
        int connectionsBefore;

        Instant since;
        /** {@link System#nanoTime} since when there is no connection; only meaningful with none. */
        long awaySince;

        void countAgain() {
            connectionsBefore = connections;
            connections = 0;
        }

        Present(String name, Instant since) {
            this.name = name;
            this.since = since;
        }
    }

    /** A room that somebody watches. */
    private static final class Watched {
        final Set<Subscriber> watchers = new HashSet<>();
        final Map<String, Present> users = new LinkedHashMap<>();
        boolean dirty = true;
        boolean somebodyAway;

        /** @param joined takes in who was not known to be here */
        void saw(String userId, String name, Instant since, List<UserName> joined) {
            Present user = users.get(userId);
            if (user == null) {
                user = new Present(name, since);
                users.put(userId, user);
                joined.add(new UserName(userId, name));
            }
            user.connections++;
            user.since = since.isBefore(user.since) ? since : user.since;
        }
    }

    private final Rooms rooms;
    private final Duration grace;
    private final Map<RoomName, Watched> watched = new HashMap<>();
    /** Connections of the other nodes as they were found last. */
    private List<SpanStore.Open> elsewhere = List.of();

    Presence(Rooms rooms, Duration grace) {
        this.rooms = rooms;
        this.grace = grace;
    }

    /** Somebody entered or left. */
    void changed(RoomName room) {
        Watched there = watched.get(room);
        if (there != null) {
            there.dirty = true;
        }
    }

    /** @param found connections of the organisation on other nodes */
    void elsewhere(List<SpanStore.Open> found) {
        if (!found.isEmpty() || !elsewhere.isEmpty()) {
            elsewhere = found;
            watched.values().forEach(there -> there.dirty = true);
        }
    }

    void stopWatching(Subscriber subscriber) {
        watched.values().removeIf(there -> there.watchers.remove(subscriber) && there.watchers.isEmpty());
    }

    /** @param allowed whether it may still watch a room */
    void stopWatching(Subscriber subscriber, Predicate<RoomName> allowed) {
        watched.entrySet()
                .removeIf(there -> !allowed.test(there.getKey())
                        && there.getValue().watchers.remove(subscriber)
                        && there.getValue().watchers.isEmpty());
    }

    boolean isWatched() {
        return !watched.isEmpty();
    }

    /** Everybody in the room, for one that watches it from now on. */
    ServerMessage answer(Subscriber watcher, RoomName room, String ref, BiConsumer<Subscriber, ServerMessage> say) {
        Watched there = watched.computeIfAbsent(room, name -> new Watched());
        update(room, there, say); // so that what the watcher is told next is the difference to this answer
        there.watchers.add(watcher);
        List<PresentUser> users = there.users.entrySet().stream()
                .limit(MAX_USERS)
                .map(entry -> new PresentUser(
                        entry.getKey(), entry.getValue().name, entry.getValue().connections, entry.getValue().since))
                .toList();
        return ServerMessage.presence(room, users, there.users.size(), ref);
    }

    /** Tells the watchers what has changed; called about once a second. */
    void tick(BiConsumer<Subscriber, ServerMessage> say) {
        watched.forEach((room, there) -> {
            if (there.dirty || there.somebodyAway) {
                update(room, there, say);
            }
        });
    }

    private void update(RoomName room, Watched there, BiConsumer<Subscriber, ServerMessage> say) {
        long now = System.nanoTime();
        there.dirty = false;
        there.users.values().forEach(Present::countAgain);
        List<UserName> joined = new ArrayList<>();
        for (Subscriber subscriber : rooms.in(room)) {
            Subscriber.Who who = subscriber.owner.who();
            there.saw(who.userId(), who.name(), who.since(), joined);
        }
        String name = room.toString();
        for (SpanStore.Open other : elsewhere) {
            if (other.rooms().contains(name)) {
                there.saw(other.userId(), other.name(), other.connectedAt(), joined);
            }
        }
        for (Present user : there.users.values()) {
            if (user.connections == 0 && user.connectionsBefore > 0) {
                user.awaySince = now;
            }
        }
        List<UserName> left = removeLeft(there, now);
        there.somebodyAway = there.users.values().stream().anyMatch(user -> user.connections == 0);
        if (!joined.isEmpty()) {
            there.watchers.forEach(watcher -> say.accept(watcher, ServerMessage.presenceJoined(room, joined)));
        }
        if (!left.isEmpty()) {
            there.watchers.forEach(watcher -> say.accept(watcher, ServerMessage.presenceLeft(room, left)));
        }
    }

    private List<UserName> removeLeft(Watched there, long now) {
        List<UserName> left = new ArrayList<>();
        for (Iterator<Map.Entry<String, Present>> users = there.users.entrySet().iterator(); users.hasNext(); ) {
            Map.Entry<String, Present> user = users.next();
            boolean gone = user.getValue().connections == 0 && now - user.getValue().awaySince >= grace.toNanos();
            if (gone) {
                users.remove();
                left.add(new UserName(user.getKey(), user.getValue().name));
            }
        }
        return left;
    }
}
