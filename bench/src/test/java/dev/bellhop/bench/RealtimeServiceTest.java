package dev.bellhop.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellhop.bench.LoadClient.Delivered;
import dev.bellhop.bench.LoadClient.Opened;
import dev.bellhop.bench.LoadClient.Publishing;
import dev.bellhop.bench.LoadClient.Recovered;
import dev.bellhop.db.PostgresExtension;
import dev.bellhop.realtime.Config;
import dev.bellhop.realtime.RealtimeService;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What the benchmark counts is what the realtime service did. */
@Timeout(60)
class RealtimeServiceTest {
    private static final String EVENT_SECRET = "whsec_YmVuY2htYXJrIGJlbmNobWFyayBiZW5jaG1hcms=";
    private static final Message MESSAGE = new Message(200);
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    @RegisterExtension
    static final PostgresExtension postgres = new PostgresExtension();

    private final Clients clients = new Clients();
    private RealtimeService service;

    @BeforeEach
    void start() {
        service = RealtimeService.start(Config.from(Map.of(
                "BELLHOP_HOST",
                "127.0.0.1",
                "BELLHOP_REALTIME_PORT",
                "0",
                "BELLHOP_DATABASE_URL",
                postgres.url(),
                "BELLHOP_JWT_SECRET",
                clients.secret(),
                "BELLHOP_EVENT_SECRETS",
                EVENT_SECRET)));
    }

    @AfterEach
    void stop() {
        service.close();
    }

    private InetSocketAddress address() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), service.port());
    }

    @Test
    void everyMessageReachesEveryClientAlsoOneThatComesBack() throws IOException {
        try (LoadClient client = new LoadClient(address(), new BellhopWire(clients), MESSAGE, PATIENCE)) {
            client.follow();
            Opened opened = client.open(50, 16, PATIENCE);
            assertThat(opened.ready()).as(opened.fault()).isEqualTo(50);

            Delivered delivered = client.publish(new Publishing(4, 0, 16, 200, PATIENCE));
            assertThat(delivered.isExact()).as(delivered + client.fault()).isTrue();
            assertThat(delivered.received()).isEqualTo(50 * 200);

            client.cut();
            client.publish(Publishing.count(20));
            Recovered recovered = client.recover(20, 16, PATIENCE);
            assertThat(recovered.opened().ready())
                    .as(recovered.opened().fault())
                    .isEqualTo(50);
            assertThat(recovered.delivered().isExact())
                    .as(recovered.delivered() + client.fault())
                    .isTrue();
            assertThat(recovered.delivered().received()).isEqualTo(50 * 20);
            assertThat(logged()).isEqualTo(220);
        }
    }

    @Test
    void clientsThatAreCutOffAgainAndAgainMissNothing() throws IOException {
        try (LoadClient client = new LoadClient(address(), new BellhopWire(clients), MESSAGE, PATIENCE)) {
            client.follow();
            Opened opened = client.open(20, 16, PATIENCE);
            assertThat(opened.ready()).as(opened.fault()).isEqualTo(20);

            Delivered delivered = client.publishThroughCuts(
                    Publishing.atRate(1, 50, Duration.ofSeconds(2)), Duration.ofMillis(400), Duration.ofMillis(100));
            assertThat(delivered.published()).isEqualTo(100);
            assertThat(delivered.expected()).isEqualTo(20 * 100);
            assertThat(delivered.isExact()).as(delivered + client.fault()).isTrue();
            assertThat(delivered.latencies().getMaxValue())
                    .as("somebody was away when a message came")
                    .isGreaterThan(Duration.ofMillis(50).toNanos());
        }
    }

    @Test
    void everyEventOfABatchIsInTheLog() throws IOException, BenchFailure {
        Ingest ingest = new Ingest(clients.organization(), EVENT_SECRET);
        long posted = ingest.post(address(), Duration.ofMillis(300)).events();
        assertThat(posted).isPositive();
        assertThat(logged()).isEqualTo(posted);
    }

    private long logged() {
        return postgres.jdbi()
                .withHandle(handle -> handle.select(
                                "select count(*) from realtime.event where org_id = ?", clients.organization())
                        .mapTo(Long.class)
                        .one());
    }
}
