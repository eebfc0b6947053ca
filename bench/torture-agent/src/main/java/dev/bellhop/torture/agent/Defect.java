package dev.bellhop.torture.agent;

import java.util.Arrays;
import java.util.List;

/** Faults of the kind that a checker has to find, each in the one method that would be wrong. */
enum Defect {
    /** A delivery to one connection is lost. */
    DROP(
            "drop",
            "1/10000",
            Target.of("realtime.delivery.Subscriber", "offer(Bundle)", "realtime.delivery.DropDelivery")),
    /** A batch that comes again after its acknowledgement was lost is taken for new events. */
    DUPLICATE_AFTER_ACK_LOSS(
            "dup-after-ack-loss",
            "1/1",
            Target.of(
                    "realtime.ingest.IngestResource",
                    "receipt(Append,Outcome,UUID)",
                    "realtime.ingest.AppendDuplicates")),
    /** An event goes out after the one that follows it. */
    SWAP("swap", "1/1000", Target.of("realtime.delivery.OrgStream", "fanOut(List)", "realtime.delivery.SwapTwo")),
    /** The relay looks behind the highest row that it has seen and misses what commits late. */
    NAIVE_CURSOR(
            "naive-cursor",
            "1/1",
            Target.of("api.outbox.Sequencer", "number(Handle,Claimant,long)", "api.outbox.NaiveCursor")),
    /** As before, up to the oldest transaction under way: what began late and inserted early is missed. */
    XMIN_CURSOR(
            "xmin-cursor",
            "1/1",
            Target.of("api.outbox.Sequencer", "number(Handle,Claimant,long)", "api.outbox.XminCursor")),
    /** After a restart positions that were given out before are given out again, under the same epoch. */
    EPOCH_REUSED(
            "epoch-reused",
            "1/1",
            Target.of("realtime.log.PostgresEventLog", "append(UUID,List)", "realtime.log.ReuseInPostgres"),
            Target.of("realtime.log.RedisEventLog", "append(UUID,List)", "realtime.log.ReuseInRedis")),
    /** A connection gets what belongs to another organisation. */
    CROSS_ORG(
            "cross-org",
            "1/5000",
            Target.of("realtime.delivery.OrgStream", "offerTo(Collection,Bundle,List)", "realtime.delivery.CrossOrg")),
    /** Nobody's rights ever change. */
    REVOCATION_IGNORED(
            "revocation-ignored",
            "1/1",
            Target.of("realtime.rooms.Standing", "add(NewEvent)", "realtime.rooms.IgnoreRevocation")),
    /** What has no place in a connection's queue is dropped, and the connection stays. */
    SILENT_GAP(
            "silent-gap",
            "1/1",
            Target.of("realtime.delivery.SendQueue", "offer(Bundle)", "realtime.delivery.SilentGap")),
    /** A resume begins with the event that the client has: greater or equal, where it should be greater. */
    RESUME_REPEATS(
            "resume-repeats",
            "1/1",
            Target.of("realtime.delivery.Catchup", "resume(Subscriber)", "realtime.delivery.ResumeRepeats")),
    /** A resume begins one event too late. */
    RESUME_SKIPS(
            "resume-skips",
            "1/1",
            Target.of("realtime.delivery.Catchup", "resume(Subscriber)", "realtime.delivery.ResumeSkips")),
    /**
     * The fan-out goes on from the highest position that it has seen, as one would with a global id: what another node has
     * appended before, and is read later, is missed.
     */
    TAIL_BY_ID(
            "tail-by-id",
            "1/1",
            Target.of("realtime.delivery.OrgStream", "deliver(List)", "realtime.delivery.TailById")),
    /** A batch is acknowledged before it is durable. */
    ACK_BEFORE_COMMIT(
            "ack-before-commit",
            "1/1",
            Target.of("realtime.log.LogWriter", "append(UUID,Append)", "realtime.log.AckBeforeCommit"));

    private final String wireName;
    private final String frequency;

    @SuppressWarnings("ImmutableEnumChecker") // a List.of
    private final List<Target> targets;

    Defect(String wireName, String frequency, Target... targets) {
        this.wireName = wireName;
        this.frequency = frequency;
        this.targets = List.of(targets);
    }

    String wireName() {
        return wireName;
    }

    /** How often it shows unless it is said otherwise. */
    String frequency() {
        return frequency;
    }

    List<Target> targets() {
        return targets;
    }

    static List<String> wireNames() {
        return Arrays.stream(values()).map(Defect::wireName).toList();
    }

    static Defect named(String name) {
        return Arrays.stream(values())
                .filter(defect -> defect.wireName.equals(name))
                .findFirst()
                .orElseThrow(
                        () -> new IllegalArgumentException("no defect \"" + name + "\"; there are " + wireNames()));
    }
}
