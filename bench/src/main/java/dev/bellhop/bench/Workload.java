package dev.bellhop.bench;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** What is measured. */
enum Workload {
    FAN_1K("fan1k", "Fan-out to 1,000 clients, as fast as acknowledged"),
    FAN_5K("fan5k", "Fan-out to 5,000 clients, as fast as acknowledged"),
    FAN_1K_4("fan1k-4", "Fan-out to 1,000 clients, 4 messages in flight"),
    RATE_1K("rate1k", "10 messages/s to 1,000 clients"),
    IDLE_10K("idle10k", "10,000 idle clients"),
    STORM("storm", "5,000 clients connect at once, 256 handshakes under way"),
    RECONNECT("reconnect", "1,000 clients come back and have missed 20 messages, four times"),
    RETURN_5K("return5k", "5,000 clients are cut off at once, come back and have missed 20 messages"),
    CUTS("cuts", "1,000 clients, each cut off every 15 s for 2 s, while 120 messages come in 60 s"),
    HOLD_15K("hold15k", "15,000 clients of one node"),
    STALLED("stalled", "200 messages/s of 12,000 bytes to 100 clients, without and with one more that does not read"),
    INGEST("ingest", "Signed batches of 100 events, no clients"),
    API_WRITES("api-writes", "16 writers, each POST /entities with its event in the outbox"),
    API_LIST("api-list", "GET /entities, a page of 50 out of 100,000"),
    API_LATENCY("api-latency", "50 writes/s, from the write to the frame on a client's socket");

    private final String id;
    private final String title;

    Workload(String id, String title) {
        this.id = id;
        this.title = title;
    }

    /** Its name on the command line. */
    String id() {
        return id;
    }

    String title() {
        return title;
    }

    /** The figures that are also given as ratios. */
    List<String> compared() {
        return switch (this) {
            case FAN_1K, FAN_5K, FAN_1K_4 -> List.of(Figures.DELIVERIES, Figures.P99);
            case RATE_1K -> List.of(Figures.P50, Figures.P99);
            case IDLE_10K -> List.of(Figures.RESIDENT);
            case STORM -> List.of(Figures.COLD, Figures.WARM);
            case RECONNECT -> List.of(Figures.FIRST_RETURNS, Figures.RETURNS);
            case RETURN_5K -> List.of(Figures.RETURNS);
            case CUTS -> List.of(Figures.DELIVERED, Figures.P99);
            case HOLD_15K -> List.of(Figures.DELIVERIES, Figures.RESIDENT);
            case INGEST -> List.of(Figures.EVENTS);
            case API_WRITES -> List.of(Figures.WRITES);
            case API_LIST -> List.of(Figures.P50, Figures.P99);
            case STALLED, API_LATENCY -> List.of();
        };
    }

    /** Whether it is about the API service and what is behind it, not about one server that is compared with others. */
    boolean isOfApi() {
        return this == API_WRITES || this == API_LIST || this == API_LATENCY;
    }

    /** @throws BenchFailure when there is none of that name */
    static Workload of(String id) throws BenchFailure {
        return Arrays.stream(values())
                .filter(workload -> workload.id.equals(id))
                .findFirst()
                .orElseThrow(() -> new BenchFailure("There is no test \"" + id + "\"; there are " + ids() + "."));
    }

    private static String ids() {
        return Arrays.stream(values()).map(Workload::id).collect(Collectors.joining(", "));
    }
}
