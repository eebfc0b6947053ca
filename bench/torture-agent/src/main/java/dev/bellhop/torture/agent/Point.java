package dev.bellhop.torture.agent;

import java.util.Arrays;
import java.util.List;

/** Places at which a process can be made to die, wait or fail. */
enum Point {
    /** The row that is spoken of is locked and written, the event is not. */
    API_BEFORE_OUTBOX("api.beforeOutbox", entry("api.outbox.Outbox", "appendAll(Handle,UUID,List)")),
    /** F1: the row and its event are written and not committed. */
    API_BEFORE_COMMIT("api.beforeCommit", exit("api.outbox.Outbox", "appendAll(Handle,UUID,List)")),
    /** F2: committed, and the caller does not know it. */
    API_AFTER_COMMIT("api.afterCommit", Target.of("api.outbox.OutboxRelay", "wakeUp()", "torture.agent.AtCommit")),
    /** F6: events have their numbers, and nobody has sent them. Numbering is one step, so nothing is seen of it before its commit. */
    RELAY_IN_SEQUENCE(
            "relay.inSequence", Target.of("api.outbox.OutboxRelay", "start(Stream,List)", "torture.agent.AtReady")),
    /** F3. */
    RELAY_BEFORE_POST("relay.beforePost", entry("api.outbox.EventPoster", "post(Batch)")),
    /** F4: whatever became of the post. */
    RELAY_AFTER_POST("relay.afterPost", exit("api.outbox.EventPoster", "post(Batch)")),
    /** F5: acknowledged, and not yet marked as sent, which is one step. */
    RELAY_IN_MARK("relay.inMark", entry("api.outbox.OutboxStore", "markSent(UUID,long,boolean)")),
    /** F7: the signature holds, nothing is in the log. */
    RT_BEFORE_APPEND("rt.beforeAppend", entry("realtime.log.LogWriter", "append(UUID,Append)")),
    /** F8: written and not committed; where an append is one step, as usual in PostgreSQL and always in Redis, just before it. */
    RT_IN_APPEND(
            "rt.inAppend",
            entry("realtime.log.PostgresEventLog", "appendAtOnce(Connection,UUID,List,List)"),
            exit("realtime.log.PostgresEventLog$Appending", "run()"),
            exit("realtime.log.RedisEventLog", "nameOrganisation(UUID)")),
    /** F9: in the log, and the sender does not know it. */
    RT_BEFORE_ACK("rt.beforeAck", entry("realtime.ingest.IngestResource", "receipt(Append,Outcome,UUID)")),
    /** F10. */
    RT_BEFORE_FANOUT(
            "rt.beforeFanout", Target.of("realtime.delivery.OrgStream", "fanOut(List)", "torture.agent.AtFanOut")),
    /** F11: a connection was written to, others wait for the same. */
    RT_MID_FANOUT("rt.midFanout", exit("realtime.delivery.OrgStream", "flush(Subscriber)"));

    private final String wireName;

    @SuppressWarnings("ImmutableEnumChecker") // a List.of
    private final List<Target> targets;

    Point(String wireName, Target... targets) {
        this.wireName = wireName;
        this.targets = List.of(targets);
    }

    private static Target entry(String type, String method) {
        return Target.of(type, method, "torture.agent.AtEntry");
    }

    private static Target exit(String type, String method) {
        return Target.of(type, method, "torture.agent.AtExit");
    }

    String wireName() {
        return wireName;
    }

    List<Target> targets() {
        return targets;
    }

    static List<String> wireNames() {
        return Arrays.stream(values()).map(Point::wireName).toList();
    }
}
