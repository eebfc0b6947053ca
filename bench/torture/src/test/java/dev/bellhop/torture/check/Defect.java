package dev.bellhop.torture.check;

/** Ways in which systems like this one are really wrong, and the invariant that has to notice first of all. */
enum Defect {
    DELIVERY_DROPPED(Invariant.I2),
    DUPLICATE_AFTER_LOST_ACK(Invariant.I1),
    DELIVERIES_SWAPPED(Invariant.I3),
    /** The relay polls {@code id > last}, and ids are committed out of order. */
    RELAY_BY_ID(Invariant.I1),
    /** The relay waits for older transactions, by transaction id, and still remembers a row id. */
    RELAY_BY_ID_AND_XMIN(Invariant.I1),
    /** The log is gone with the process, and the new one says that it is the same. */
    EPOCH_REUSED(Invariant.I4),
    FAN_OUT_ACROSS_ORGANIZATIONS(Invariant.I6),
    REVOCATION_IGNORED(Invariant.I7),
    /** A queue overflows, and the connection stays. */
    SLOW_CONSUMER_SKIPPED(Invariant.I2),
    /** A resume begins with the event at the cursor. */
    RESUME_OFF_BY_ONE(Invariant.I3),
    /** Nodes follow the log by an id that is common to all organisations. */
    TAIL_BY_GLOBAL_ID(Invariant.I2),
    ACKNOWLEDGED_BEFORE_COMMIT(Invariant.I1),

    // Beyond those twelve, so that each invariant has failed once.

    /** A resume begins one event too late. */
    RESUME_SKIPS(Invariant.I2),
    /** What a room brought before it was joined comes without its first event. */
    ROOM_REPLAY_SKIPS(Invariant.I2),
    /** What a room brought before it was joined comes with what the client had from another room. */
    ROOM_REPLAY_REPEATS(Invariant.I3),
    /** What was rolled back is published all the same. */
    ROLLED_BACK_AND_PUBLISHED(Invariant.I1),
    /** The relay leaves some of what it finds for later. */
    RELAY_WITHOUT_ORDER(Invariant.I5),
    /** One node has another log. */
    HISTORY_OF_ITS_OWN(Invariant.I4),
    /** A resume is refused though the log holds everything. */
    RESUME_REFUSED(Invariant.I8),
    /** A resume from what retention took goes on with what is left. */
    RETENTION_PASSED_OVER(Invariant.I2),
    /** A row changes and no event says so. */
    CHANGE_WITHOUT_EVENT(Invariant.I9),
    OUTBOX_NOT_EMPTY(Invariant.I10);

    private final Invariant broken;

    Defect(Invariant broken) {
        this.broken = broken;
    }

    Invariant broken() {
        return broken;
    }
}
