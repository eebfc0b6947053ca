package dev.bellhop.torture.history;

import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One thing that happened in a run; a line of the history. {@code at} is in nanoseconds since the run began, by the one
 * monotonic clock of the process that drives and records everything ({@link HistoryWriter#now}).
 *
 * <p>The order of lines matters where one thing is the cause of the next: what happens to one client is written in the order in
 * which it happened to it, an {@link Invoke} before its request is sent, its outcome after the answer came, {@link Restored}
 * before and {@link Cut} after the call that makes it true. Lines of different clients and operations may be mixed in any way.
 *
 * <p>Organisations, users and rooms go by the text that the services use; clients, sessions, operations and faults by numbers that
 * the harness gives out and never uses twice, small ones (they index arrays). Each kind of number counts from 0.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "e")
public sealed interface Entry {
    long at();

    // ---- the plan ----

    /**
     * Who belongs to an organisation before the first event of its log says otherwise. Once for each user, before the first
     * {@link Client}; not needed for those whose {@code member.added} is in the log.
     *
     * @param role ADMIN, HR, MANAGER or MEMBER
     */
    record Member(
            long at,
            String org,
            String user,
            String role,
            List<String> properties,
            @Nullable String department) implements Entry {}

    // ---- operations ----

    /**
     * One event that an operation makes, by names that are known before it is sent.
     *
     * @param type wire name of the event
     * @param key as {@link EventKeys} has it for the event that is to come
     */
    record Effect(String type, String key) {}

    /**
     * A request is about to be sent. All attempts with one Idempotency-Key, or that are repeated until they are answered, are one
     * operation.
     *
     * @param actor user id, or {@code service}, {@code public}, {@code sql}
     * @param what method and path; a path under {@code /ws/} is of the realtime service, and may overtake what is still on its way
     *     from the API
     * @param effects all that it is to make, but for the consequences that {@link EventKeys} names; none for one that is to be refused
     */
    record Invoke(long at, int op, String org, String actor, String what, List<Effect> effects) implements Entry {}

    /** It was answered 2xx: each of its effects is in the log, once. */
    record Ok(long at, int op, int status) implements Entry {}

    /** It was answered 4xx, or was rolled back on purpose: none of its effects is in the log. */
    record Refused(long at, int op, int status) implements Entry {}

    /** Nobody knows: no answer, a reset, 5xx. All of its effects are in the log, each once, or none is. */
    record Unknown(long at, int op, String why) implements Entry {}

    // ---- the log, read after the last fault was healed ----

    /** How far the log of an organisation reaches; events {@code floor + 1} to {@code head} can be read. */
    record LogState(long at, String org, String epoch, long floor, long head) implements Entry {}

    /**
     * An event as it stands in the store. Every event of every organisation, once; where retention takes events away during the
     * run, they have to be written down before. Ascending for each organisation.
     *
     * @param payload the JSON object as it is stored
     * @param hash {@link EventHash#ofEvent}
     */
    record Logged(
            long at,
            String org,
            String epoch,
            long position,
            UUID id,
            String type,
            List<String> rooms,
            String payload,
            long hash)
            implements Entry {}

    /**
     * Where retention stands, while the test has it take events away: a look at the store that began at {@code at} found everything up
     * to {@code floor} gone. Whoever is told at that time or before that what it missed is gone missed some of that.
     */
    record Floor(long at, String org, long floor) implements Entry {}

    /**
     * The same event as {@code GET /ws/history} of a node tells it.
     *
     * @param node name of the node that answered
     */
    record Replayed(long at, String node, String org, String epoch, long position, UUID id, long hash)
            implements Entry {}

    // ---- clients ----

    /**
     * A logical client: what has one memory of what it saw. A new tab, and one whose memory was wiped, is another client.
     *
     * @param kind WS or SSE
     * @param rooms those that it names whenever it connects, beside the ones that it joins by itself and those that it comes and
     *     goes to
     */
    record Client(long at, int client, String org, String user, String kind, List<String> rooms) implements Entry {}

    /**
     * A client begins to connect. A client has at most one session at a time that it listens to: the next {@code Opened} ends the
     * one before, which may stay half-open and is not read any more.
     *
     * @param session number of the connection, unique in the run
     * @param sid claim of its token, null where it has none
     * @param ver claim of its token
     * @param cursor position that it resumes from, -1 when it gives no cursor
     */
    record Opened(
            long at,
            int client,
            int session,
            String node,
            @Nullable String sid,
            long ver,
            long cursor) implements Entry {}

    /**
     * The frame {@code connected}.
     *
     * @param position and epoch of its cursor
     * @param replayed number of events that it announces
     * @param reason why it did not recover, else null
     */
    record Connected(
            long at,
            int client,
            int session,
            String epoch,
            long position,
            List<String> rooms,
            boolean recovered,
            long replayed,
            @Nullable String reason)
            implements Entry {}

    /**
     * One event in one frame, also when the client throws it away. By far the most frequent entry.
     *
     * @param epoch and position of its cursor, the epoch empty and the position -1 when it has none ({@code "replay":true})
     * @param hash {@link EventHash#ofFrame}
     * @param applied whether the client took it. False for one at or below its last position (a raw duplicate), and when the
     *     client was killed between reading and applying it; then its memory, position included, is that of before
     */
    record Received(long at, int client, int session, String epoch, long position, UUID id, long hash, boolean applied)
            implements Entry {}

    /** What a cursor in a frame that is no event tells. */
    enum Mark {
        PING,
        CAUGHT_UP
    }

    /** A {@code ping} or {@code caught_up}: all that is for the client up to there came before. */
    record Position(long at, int client, int session, String epoch, long position, Mark mark) implements Entry {}

    /**
     * The frame {@code subscribed}, asked for or not.
     *
     * @param since position that the client gave, -1 when it gave none or did not ask: then the room begins here, and nobody can
     *     say whether an event between the last known position and the next one belongs to it
     */
    record Subscribed(long at, int client, int session, String room, long since) implements Entry {}

    /**
     * The frame {@code unsubscribed}.
     *
     * @param reason client or permission_revoked
     */
    record Unsubscribed(long at, int client, int session, String room, String reason) implements Entry {}

    /**
     * The connection is over for the client.
     *
     * @param code of the close frame; 0 without one (a cut, a reset, the end of an SSE stream)
     * @param reason of the close frame; {@code cut} when the harness did it
     */
    record Closed(long at, int client, int session, int code, String reason) implements Entry {}

    /** The harness gives the client up; it owes nothing beyond what it has seen. Others read to the end of the log. */
    record Gone(long at, int client) implements Entry {}

    // ---- isolation and rights ----

    /**
     * Bytes that a client was sent hold a canary that it may not see.
     *
     * @param where frame, header, close reason, body …, with a piece of it
     */
    record Leak(long at, int client, String canary, String where) implements Entry {}

    /**
     * What a client's scan came to, once, at its end: without it nobody knows that the scan has eyes.
     *
     * @param bytes all that it was sent
     * @param own how often it saw a canary that it may see
     * @param foreign how many canaries it looked for that it may not see
     */
    record Scanned(long at, int client, long bytes, long own, int foreign) implements Entry {}

    /**
     * The call that takes a right away was answered 2xx. Sockets that it is about are closed, or out of the room, within the limit
     * of the run.
     *
     * @param user null for everybody in the organisation
     * @param sid the one session whose sockets end, null for all
     * @param room the room that they lose, null when they are closed
     */
    record Cut(
            long at,
            int op,
            String org,
            @Nullable String user,
            @Nullable String sid,
            @Nullable String room) implements Entry {}

    /** The call that gives it back is about to be sent: who comes from now on is not held against {@link Cut}s of before. */
    record Restored(long at, int op, String org, @Nullable String user) implements Entry {}

    // ---- faults ----

    /**
     * @param name as in the plan of the run, for example {@code F14}
     * @param kill whether a process ends by it without a chance to say good-bye
     * @param control whether the way of control events (api, relay, realtime, their stores) may be slowed down by it
     */
    record Fault(long at, int fault, String name, String target, boolean kill, boolean control) implements Entry {}

    /** It is over, and what was hit is ready again. */
    record Heal(long at, int fault) implements Entry {}

    // ---- the end ----

    /**
     * A record as somebody holds it at the end.
     *
     * @param source {@code db}, {@code rest}, or {@code client:} and the client's number
     * @param resource entity, application, onboarding, share, chat_message, call, member, department, property or notification
     * @param version of the record, of a member {@code ver}; 0 for what has none
     * @param mark {@link EventKeys#mark} of its text, null where it has none
     * @param hash of the record as JSON, by {@link EventHash#ofRecord}, 0 when not known or when
     *     the source has another shape
     * @param present false for one that the source knows to be deleted; only clients know that
     */
    record State(
            long at,
            String source,
            String org,
            String resource,
            String id,
            long version,
            @Nullable String mark,
            long hash,
            boolean present)
            implements Entry {}

    /**
     * Something that must not grow or stay behind.
     *
     * @param limit that {@code after} must not exceed
     */
    record Residue(long at, String name, double before, double after, double limit) implements Entry {}

    /** The harness did all it meant to do. */
    record End(long at) implements Entry {}
}
