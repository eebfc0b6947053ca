package dev.bellhop.torture.check;

/** What came to clients, counted. */
final class Deliveries {
    private long raw;
    private long applied;
    private long rawDuplicates;
    private long resets;

    /** To who was connected when the request was sent, without a fault; with one; to who came later. */
    private final Latencies quiet = new Latencies();

    private final Latencies inFault = new Latencies();
    private final Latencies resumed = new Latencies();

    void raw() {
        raw++;
    }

    void applied() {
        applied++;
    }

    void rawDuplicate() {
        rawDuplicates++;
    }

    void reset() {
        resets++;
    }

    /** @param nanos from the sending of the request to the receipt of its event */
    void latency(boolean live, boolean fault, long nanos) {
        Latencies kind = live ? (fault ? inFault : quiet) : resumed;
        kind.add(nanos);
    }

    long received() {
        return raw;
    }

    long appliedByClients() {
        return applied;
    }

    long duplicates() {
        return rawDuplicates;
    }

    long resets() {
        return resets;
    }

    Latencies quiet() {
        return quiet;
    }

    Latencies inFault() {
        return inFault;
    }

    Latencies resumed() {
        return resumed;
    }
}
