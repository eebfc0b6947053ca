package dev.bellhop.realtime.log;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * Where all nodes write down which connection was in which rooms when, and that they live. The spans that have not ended, of nodes
 * that live, are who is connected. Calls block on the store and are safe from any thread; what they throw means that it could not
 * be reached.
 */
public interface SpanStore {
    /** A node that was not heard of for so long is gone. */
    Duration LEASE = Duration.ofSeconds(5);

    /**
     * A node that lives.
     *
     * @param deliveries events that it handed to connections since its start
     */
    record Lease(UUID node, long deliveries) {}

    /** Says that a node lives. @return the others that do */
    List<Lease> renew(UUID node, long deliveries);

    /** The node ends now; nobody waits for its lease to run out. */
    void giveUp(UUID node);

    void write(UUID node, List<Span> begun, List<Span.End> ended);

    /** Ends what the store takes for open connections of a node and is not, after some ends could not be written. */
    void endAllBut(UUID node, Set<UUID> open);

    /** A connection of another node that lives. */
    record Open(
            UUID orgId,
            String connectionId,
            String userId,
            String name,
            String role,
            String transport,
            String address,
            Instant connectedAt,
            List<String> rooms) {}

    /**
     * Who is connected to nodes other than this one.
     *
     * @param orgId empty for all organisations
     */
    List<Open> open(UUID exceptOf, Optional<UUID> orgId);

    /**
     * A span as it was stored; the last three are empty while it lasts. Of one whose node was killed it is known when the
     * node was last alive, and not up to which position it came.
     */
    record Stored(
            UUID connectionId,
            String role,
            List<String> properties,
            List<String> departments,
            List<String> rooms,
            long fromPosition,
            boolean resumed,
            Instant startedAt,
            Optional<Long> toPosition,
            Optional<Instant> endedAt,
            Optional<String> endedBy) {}

    /** The spans of a user in the time that is kept, oldest first. */
    List<Stored> of(UUID orgId, String userId);

    /** Removes at most a batch of spans that began longer ago and have ended. @return how many */
    int deleteOlderThan(Duration age);
}
