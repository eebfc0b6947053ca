package dev.bellhop.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellhop.bench.LoadClient.Delivered;
import dev.bellhop.bench.LoadClient.Opened;
import dev.bellhop.bench.LoadClient.Publishing;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class LoadClientTest {
    private static final Message MESSAGE = new Message(200);
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final Duration QUIET = Duration.ofMillis(200);
    private static final Executor SERVER = task -> new Thread(task, "floor").start();

    /** Counts the messages, so that a test can do something else with one of them. */
    private abstract static class FaultyServer extends FloorServer {
        private int messages;

        FaultyServer() throws IOException {
            super(0);
        }

        @Override
        final void deliver(ByteBuffer text, List<Peer> clients) {
            messages++;
            deliver(messages, text, clients);
        }

        /** @param number from 1 */
        abstract void deliver(int number, ByteBuffer text, List<Peer> clients);

        final void deliverWell(ByteBuffer text, List<Peer> clients) {
            super.deliver(text, clients);
        }
    }

    @Test
    void countsEveryMessageAtEveryClient() throws IOException {
        Delivered delivered = deliveredBy(new FloorServer(0), new Publishing(4, 0, 16, 500, PATIENCE));
        assertThat(delivered.isExact()).isTrue();
        assertThat(delivered.published()).isEqualTo(500);
        assertThat(delivered.received()).isEqualTo(5000);
        assertThat(delivered.latencies().getTotalCount()).isEqualTo(5000);
        assertThat(delivered.frames()).isEqualTo(5000);
    }

    @Test
    void publishesAtARate() throws IOException {
        Delivered delivered = deliveredBy(new FloorServer(0), Publishing.atRate(2, 100, Duration.ofMillis(500)));
        assertThat(delivered.isExact()).isTrue();
        assertThat(delivered.published()).isEqualTo(50);
    }

    @Test
    void noticesALoss() throws IOException {
        Delivered delivered = deliveredBy(
                new FaultyServer() {
                    @Override
                    void deliver(int number, ByteBuffer text, List<Peer> clients) {
                        deliverWell(text, number == 10 ? clients.subList(0, 7) : clients);
                    }
                },
                Publishing.count(50));
        assertThat(delivered.missing()).isEqualTo(3);
        assertThat(delivered.duplicated()).isZero();
        assertThat(delivered.reordered()).isZero();
    }

    @Test
    void noticesADuplicate() throws IOException {
        Delivered delivered = deliveredBy(
                new FaultyServer() {
                    @Override
                    void deliver(int number, ByteBuffer text, List<Peer> clients) {
                        deliverWell(text, clients);
                        if (number == 10) {
                            deliverWell(text, clients.subList(0, 2));
                        }
                    }
                },
                Publishing.count(50));
        assertThat(delivered.missing()).isZero();
        assertThat(delivered.duplicated()).isEqualTo(2);
        assertThat(delivered.reordered()).isZero();
    }

    @Test
    void noticesTwoMessagesInTheWrongOrder() throws IOException {
        Delivered delivered = deliveredBy(
                new FaultyServer() {
                    private ByteBuffer kept = ByteBuffer.allocate(0);

                    @Override
                    void deliver(int number, ByteBuffer text, List<Peer> clients) {
                        if (number == 10) {
                            kept = ByteBuffer.allocate(text.rewind().remaining())
                                    .put(text);
                            return;
                        }
                        deliverWell(text, clients);
                        if (number == 11) {
                            deliverWell(kept, clients);
                        }
                    }
                },
                Publishing.count(50));
        assertThat(delivered.missing()).isZero();
        assertThat(delivered.duplicated()).isZero();
        assertThat(delivered.reordered()).isEqualTo(10);
    }

    /** Ten clients of a server that runs meanwhile. */
    private static Delivered deliveredBy(FloorServer server, Publishing publishing) throws IOException {
        CompletableFuture<Void> served = CompletableFuture.runAsync(() -> serve(server), SERVER);
        try (LoadClient client = new LoadClient(server.address(), new FloorWire(), MESSAGE, QUIET)) {
            Opened opened = client.open(10, 4, PATIENCE);
            assertThat(opened.ready()).as(opened.fault()).isEqualTo(10);
            return client.publish(publishing);
        } finally {
            server.close();
            served.join();
        }
    }

    private static void serve(FloorServer server) {
        try {
            server.serve();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void noticesClientsThatTheServerDisconnects() throws IOException {
        FloorServer server = new FloorServer(0);
        CompletableFuture<Void> served = CompletableFuture.runAsync(() -> serve(server), SERVER);
        try (LoadClient client = new LoadClient(server.address(), new FloorWire(), MESSAGE, QUIET)) {
            client.open(3, 1, PATIENCE);
            server.close();
            served.join();
            client.idle(QUIET);
            assertThat(client.dropped()).isEqualTo(3);
            assertThat(client.fault()).startsWith("client ");
        }
    }
}
