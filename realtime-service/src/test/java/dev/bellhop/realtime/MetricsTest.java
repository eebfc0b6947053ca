package dev.bellhop.realtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.bellhop.realtime.testing.Person;
import dev.bellhop.realtime.testing.RunningRealtime;
import dev.bellhop.realtime.testing.TestSocket;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import okhttp3.Request;
import okhttp3.Response;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** {@code GET /metrics}. Slow consumers are counted in JettyTrapsTest, which makes one. */
class MetricsTest {
    @RegisterExtension
    static final RunningRealtime realtime =
            new RunningRealtime().with("BELLHOP_MAX_CONNECTIONS_PER_USER", "3").with("BELLHOP_RETENTION_EVENTS", "0");

    private final UUID org = UUID.randomUUID();

    private static String scrape() {
        Request request = new Request.Builder().url(realtime.url("/metrics")).build();
        try (Response response = realtime.http().newCall(request).execute()) {
            assertThat(response.code()).isEqualTo(200);
            assertThat(response.header("Content-Type")).startsWith("text/plain");
            return response.body().string();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A figure by its name and labels as they are written; 0 while nobody has counted. */
    private static double figure(String name) {
        Matcher line =
                Pattern.compile("(?m)^" + Pattern.quote(name) + " (\\S+)$").matcher(scrape());
        return line.find() ? Double.parseDouble(line.group(1)) : 0;
    }

    @Test
    @DisplayName("S1-116 S2-071 a histogram tells how long an event takes from its commit to the sockets")
    void latency() {
        TestSocket socket = realtime.connect(Person.member(org));
        double before = figure("bellhop_delivery_latency_seconds_count");
        realtime.broadcast(org, "org", "custom.tick", Map.of("n", 1));
        socket.next("custom.tick");
        await().untilAsserted(() ->
                assertThat(figure("bellhop_delivery_latency_seconds_count")).isEqualTo(before + 1));
        assertThat(figure("bellhop_delivery_latency_seconds_sum")).isPositive().isLessThan(5);
        assertThat(scrape())
                .contains("bellhop_delivery_latency_seconds_bucket{le=\"0.001\"}")
                .contains("bellhop_delivery_latency_seconds_bucket{le=\"0.25\"}")
                .contains("bellhop_delivery_latency_seconds_bucket{le=\"+Inf\"}");
    }

    @Test
    @DisplayName("S1-116 resumes are counted by what became of the cursor, and so is what they replay")
    void resumes() {
        String start = realtime.dial("/ws?token=" + realtime.token(Person.member(org)))
                .next("connected")
                .path("cursor")
                .textValue();
        for (int n = 0; n < 3; n++) {
            realtime.broadcast(org, "org", "custom.tick", Map.of("n", n));
        }
        double fresh = figure("bellhop_resumes_total{result=\"fresh\"}");
        double recovered = figure("bellhop_resumes_total{result=\"recovered\"}");
        double invalid = figure("bellhop_resumes_total{result=\"invalid_cursor\"}");
        double replayed = figure("bellhop_replayed_events_total");
        realtime.connect(Person.member(org));
        TestSocket back = realtime.dial("/ws?cursor=" + start + "&token=" + realtime.token(Person.member(org)));
        back.upTo("caught_up");
        realtime.dial("/ws?cursor=nonsense&token=" + realtime.token(Person.member(org)))
                .next("connected");
        assertThat(figure("bellhop_resumes_total{result=\"fresh\"}")).isEqualTo(fresh + 1);
        assertThat(figure("bellhop_resumes_total{result=\"recovered\"}")).isEqualTo(recovered + 1);
        assertThat(figure("bellhop_resumes_total{result=\"invalid_cursor\"}")).isEqualTo(invalid + 1);
        assertThat(figure("bellhop_replayed_events_total")).isEqualTo(replayed + 3);
    }

    @Test
    @DisplayName("S1-116 refused connections, tokens, rooms and calls are counted by their reason")
    void refusals() {
        Person maria = Person.member(org);
        TestSocket socket = realtime.connect(maria);
        realtime.connect(maria);
        realtime.connect(maria);
        realtime.dial("/ws?token=" + realtime.token(maria)).closed();
        realtime.dial("/ws").closed();
        realtime.dial("/ws?token=nonsense").closed();
        socket.send(Map.of("type", "subscribe", "room", "global"));
        socket.next("error");
        realtime.get("/ws/stats", realtime.token(maria));
        realtime.get("/ws/stats", null);
        String figures = scrape();
        assertThat(figures)
                .containsPattern("(?m)^bellhop_connections_refused_total\\{reason=\"overloaded\"} [1-9]")
                .containsPattern("(?m)^bellhop_connections_refused_total\\{reason=\"token_missing\"} [1-9]")
                .containsPattern("(?m)^bellhop_connections_refused_total\\{reason=\"token_invalid\"} [1-9]")
                .containsPattern("(?m)^bellhop_messages_refused_total\\{code=\"forbidden_room\"} [1-9]")
                .containsPattern("(?m)^bellhop_calls_refused_total\\{reason=\"forbidden\"} [1-9]")
                .containsPattern("(?m)^bellhop_calls_refused_total\\{reason=\"token-missing\"} [1-9]")
                .doesNotContain(org.toString(), maria.userId());
    }

    @Test
    @DisplayName("S1-116 F25 the depth of the queues is told, and all of it without a database")
    void withoutDatabase() {
        realtime.connect(Person.member(org));
        realtime.postgres().refuseConnections();
        try {
            assertThat(scrape())
                    .containsPattern("(?m)^bellhop_queue_bytes \\d")
                    .containsPattern("(?m)^bellhop_queue_max_bytes \\d")
                    .containsPattern("(?m)^bellhop_connections [1-9]");
        } finally {
            realtime.postgres().acceptConnections();
        }
    }
}
