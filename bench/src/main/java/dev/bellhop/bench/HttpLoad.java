package dev.bellhop.bench;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.HdrHistogram.Histogram;

/** Connections that each send the same request again as soon as the last one is answered. One thread. */
final class HttpLoad {
    private static final long LONGEST = Duration.ofMinutes(1).toNanos();
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final InetSocketAddress address;
    private final ByteBuffer request;
    private final int expected;
    private final Histogram times = new Histogram(LONGEST, 3);

    /** @param expected status of every answer */
    HttpLoad(InetSocketAddress address, String request, int expected) {
        this.address = address;
        this.request = ByteBuffer.wrap(request.getBytes(StandardCharsets.UTF_8));
        this.expected = expected;
    }

    /** @param seconds from the begin of the phase to the last answer */
    record Done(long count, double seconds, Histogram times) {
        double perSecond() {
            return seconds > 0 ? count / seconds : 0;
        }
    }

    Done run(int connections, Phase phase) throws BenchFailure, IOException {
        List<Caller> callers = new ArrayList<>();
        try (Selector selector = Selector.open()) {
            try {
                while (callers.size() < connections) {
                    callers.add(new Caller(selector));
                }
                for (Caller caller : callers) {
                    caller.send(phase);
                }
                while (callers.stream().anyMatch(Caller::isBusy)) {
                    if (System.nanoTime() - phase.end() > PATIENCE.toNanos()) {
                        throw new BenchFailure("The server does not answer a request.");
                    }
                    selector.select(HttpLoad::proceed, 50);
                    phase.look();
                }
                return new Done(times.getTotalCount(), phase.seconds(), times);
            } finally {
                for (Caller caller : callers) {
                    caller.connection.close();
                }
            }
        }
    }

    private static void proceed(SelectionKey key) {
        try {
            ((Publisher) key.attachment()).proceed();
        } catch (IOException e) {
            throw new ProtocolFailure("A caller lost its connection: " + e.getMessage() + ".");
        }
    }

    private final class Caller {
        private final Publisher connection;
        private long sentAt;
        private Phase phase;

        Caller(Selector selector) throws IOException {
            connection = new Publisher(address, selector, this::answered);
        }

        boolean isBusy() {
            return connection.isBusy();
        }

        void send(Phase within) {
            phase = within;
            sentAt = System.nanoTime();
            try {
                connection.send(request.duplicate());
            } catch (IOException e) {
                throw new ProtocolFailure("A caller lost its connection: " + e.getMessage() + ".");
            }
        }

        private void answered(Publisher from, int status, String answer) {
            long now = System.nanoTime();
            if (status != expected) {
                throw new ProtocolFailure("A request was answered with " + status + ": " + answer);
            }
            if (phase.counts(sentAt)) {
                times.recordValue(Math.min(now - sentAt, LONGEST));
            }
            if (!phase.isOver(now)) {
                send(phase);
            }
        }
    }
}
