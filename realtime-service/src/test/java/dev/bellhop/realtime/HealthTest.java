package dev.bellhop.realtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.bellhop.realtime.testing.Person;
import dev.bellhop.realtime.testing.RunningRealtime;
import dev.bellhop.realtime.testing.RunningRealtime.Answer;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import okhttp3.Request;
import okhttp3.Response;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** For those who keep the service running. */
class HealthTest {
    @RegisterExtension
    static final RunningRealtime realtime = new RunningRealtime();

    @Test
    @DisplayName(
            "S1-016 F16 alive is not ready: ready says 503 while the log is out of reach, and is ready again after")
    void liveAndReady() {
        assertThat(realtime.get("/health/live", null).status()).isEqualTo(200);
        assertThat(realtime.get("/health/ready", null).status()).isEqualTo(200);
        realtime.postgres().refuseConnections();
        try {
            Answer down = realtime.get("/health/ready", null);
            assertThat(down.status()).isEqualTo(503);
            assertThat(down.headers()).containsKey("Retry-After");
            assertThat(down.body().toString())
                    .doesNotContainIgnoringCase("postgres")
                    .doesNotContainIgnoringCase("jdbc");
            assertThat(realtime.get("/health/live", null).status()).isEqualTo(200);
        } finally {
            realtime.postgres().acceptConnections();
        }
        await().atMost(Duration.ofSeconds(15))
                .untilAsserted(() ->
                        assertThat(realtime.get("/health/ready", null).status()).isEqualTo(200));
    }

    @Test
    @DisplayName("S1-116 S2-071 F25 metrics count connections and events, and name no user and no organisation")
    void metrics() throws IOException {
        UUID org = UUID.randomUUID();
        Person maria = Person.member(org);
        realtime.connect(maria);
        realtime.broadcast(org, "org", "custom.canary", Map.of("n", 1));
        await().untilAsserted(() -> assertThat(scrape())
                .containsPattern("(?m)^bellhop_connections [1-9]")
                .containsPattern("(?m)^bellhop_deliveries_total [1-9]"));
        assertThat(scrape()).doesNotContain(org.toString(), maria.userId(), "custom.canary");
    }

    private static String scrape() throws IOException {
        Request request = new Request.Builder().url(realtime.url("/metrics")).build();
        try (Response response = realtime.http().newCall(request).execute()) {
            assertThat(response.header("Content-Type")).startsWith("text/plain");
            return response.body().string();
        }
    }

    @Test
    @DisplayName("F8 what does not exist is 404, what takes another method 405 with Allow, both as problems")
    void unknownAddresses() {
        Answer lost = realtime.get("/nothing", null);
        assertThat(lost.status()).isEqualTo(404);
        assertThat(lost.headers().get("Content-Type")).startsWith("application/problem+json");
        Answer method = realtime.get("/ws/broadcast", realtime.token(Person.service()));
        assertThat(method.status()).isEqualTo(405);
        assertThat(method.headers().get("Allow")).contains("POST");
        assertThat(method.headers()).doesNotContainKeys("Server", "Set-Cookie");
    }
}
