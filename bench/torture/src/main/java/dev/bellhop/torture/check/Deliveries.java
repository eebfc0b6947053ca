package dev.bellhop.torture.check;

/** What came to clients, counted. */
final class Deliveries {
    private long raw;
    private long applied;
    private long rawDuplicates;
    private long resets;
    private long expired;

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

    /** A resume from what retention had taken away. */
    void expired() {
        expired++;
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

    /** Resumes that were refused for another reason than {@linkplain #expired() retention}. */
    long resets() {
        return resets;
    }

    long expiredResumes() {
        return expired;
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
