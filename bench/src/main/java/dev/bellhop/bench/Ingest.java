package dev.bellhop.bench;

import dev.bellhop.model.security.Secret;
import dev.bellhop.model.security.Signature;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.HdrHistogram.Histogram;

/** Posts signed batches of events as fast as they are answered. */
final class Ingest {
    private static final int EVENTS = 100;
    private static final int PRODUCERS = 4;
    private static final Message PAYLOAD = new Message(200);
    private static final long LONGEST = Duration.ofMinutes(5).toNanos();
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final String organization;
    private final Signature signature;
    private long event;
    private long events;
    private Histogram times = new Histogram(LONGEST, 3);

    /** @param secret of Standard Webhooks, that the server knows */
    Ingest(UUID organization, String secret) {
        this.organization = organization.toString();
        this.signature = new Signature(List.of(Secret.ofWebhook(secret)));
    }

    /** @param seconds from the first request to the last answer */
    record Posted(long events, double seconds, Histogram times) {
        double perSecond() {
            return seconds > 0 ? events / seconds : 0;
        }
    }

    /**
     * Posts for a while and waits for the last answers.
     *
     * @throws BenchFailure when a batch is refused, or not taken whole
     */
    Posted post(InetSocketAddress address, Duration duration) throws BenchFailure, IOException {
        events = 0;
        times = new Histogram(LONGEST, 3);
        try (Selector selector = Selector.open()) {
            List<Producer> producers = new ArrayList<>();
            try {
                while (producers.size() < PRODUCERS) {
                    producers.add(new Producer(address, selector));
                }
                long begin = System.nanoTime();
                while (System.nanoTime() - begin < duration.toNanos()) {
                    for (Producer producer : producers) {
                        producer.sendNext(address);
                    }
                    selector.select(Ingest::proceed, 50);
                }
                while (producers.stream().anyMatch(Producer::isBusy)) {
                    if (System.nanoTime() - begin > duration.plus(PATIENCE).toNanos()) {
                        throw new BenchFailure("The server does not answer a batch.");
                    }
                    selector.select(Ingest::proceed, 50);
                }
                return new Posted(events, (System.nanoTime() - begin) / 1e9, times);
            } finally {
                for (Producer producer : producers) {
                    producer.publisher.close();
                }
            }
        }
    }

    private static void proceed(SelectionKey key) {
        try {
            ((Publisher) key.attachment()).proceed();
        } catch (IOException e) {
            throw new ProtocolFailure("A producer lost its connection: " + e.getMessage() + ".");
        }
    }

    private final class Producer {
        private final Publisher publisher;
        private long sentAt;

        Producer(InetSocketAddress address, Selector selector) throws IOException {
            publisher = new Publisher(address, selector, this::answered);
        }

        boolean isBusy() {
            return publisher.isBusy();
        }

        void sendNext(InetSocketAddress address) throws IOException {
            if (!publisher.isBusy()) {
                byte[] body = nextBatch();
                sentAt = System.nanoTime();
                publisher.send(request(address, body));
            }
        }

        private void answered(Publisher from, int status, String answer) {
            if (status != 200 || !answer.contains("\"accepted\":" + EVENTS)) {
                throw new ProtocolFailure("A batch was not taken whole: " + answer);
            }
            events += EVENTS;
            times.recordValue(Math.min(System.nanoTime() - sentAt, LONGEST));
        }
    }

    /** Events that were never posted before: their ids count up. */
    private byte[] nextBatch() {
        ByteBuffer payload = ByteBuffer.allocate(PAYLOAD.size());
        StringBuilder body =
                new StringBuilder(64 << 10).append("{\"org_id\":\"").append(organization);
        body.append("\",\"events\":[");
        String time = Instant.now().toString();
        long run = System.nanoTime() >>> 16 & 0xFFFF_FFFFL;
        for (int index = 0; index < EVENTS; index++) {
            event++;
            PAYLOAD.write(payload, 0, 0, event);
            body.append(index == 0 ? "" : ",")
                    .append("{\"id\":\"")
                    .append(new UUID(run << 16 | 0x7000, 0x8000_0000_0000_0000L | event))
                    .append("\",\"type\":\"bench.message\",\"rooms\":[\"org\"],\"occurred_at\":\"")
                    .append(time)
                    .append("\",\"payload\":")
                    .append(new String(payload.array(), StandardCharsets.US_ASCII))
                    .append('}');
        }
        return body.append("]}").toString().getBytes(StandardCharsets.US_ASCII);
    }

    private ByteBuffer request(InetSocketAddress address, byte[] body) {
        String id = "bench-" + event;
        Instant time = Instant.now();
        byte[] head = ("POST /events HTTP/1.1\r\n"
                        + "Host: " + address.getHostString() + ":" + address.getPort() + "\r\n"
                        + "Content-Type: application/json\r\n"
                        + "Content-Length: " + body.length + "\r\n"
                        + Signature.ID_HEADER + ": " + id + "\r\n"
                        + Signature.TIMESTAMP_HEADER + ": " + time.getEpochSecond() + "\r\n"
                        + Signature.SIGNATURE_HEADER + ": " + signature.sign(id, time, body) + "\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII);
        return ByteBuffer.allocate(head.length + body.length)
                .put(head)
                .put(body)
                .flip();
    }
}
