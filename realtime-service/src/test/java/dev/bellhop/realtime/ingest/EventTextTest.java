package dev.bellhop.realtime.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.realtime.testing.Person;
import dev.bellhop.realtime.testing.RunningRealtime;
import dev.bellhop.realtime.testing.TestSocket;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import okhttp3.Request;
import okhttp3.Response;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What becomes of event texts between the door and the socket, on the running service. */
class EventTextTest {
    @RegisterExtension
    static final RunningRealtime realtime = new RunningRealtime();

    @RegisterExtension
    static final RunningRealtime asItCame = new RunningRealtime().with("BELLHOP_SANITIZE", "verbatim");

    private static final String TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.canary_signature";

    /** Per class of sensitive data one value that must not be found again, by the name of its field or "text …". */
    private static Map<String, String> canaries() {
        Map<String, String> canaries = new LinkedHashMap<>();
        for (String name : List.of("password", "clientSecret", "access-token", "SESSION_ID", "api.key", "cvv", "otp")) {
            canaries.put(name, "canary-of-" + name);
        }
        for (String name : List.of("ssn", "bank_account", "IBAN", "passport", "routingNumber", "i94_number")) {
            canaries.put(name, "CANARY" + Integer.toHexString(name.hashCode()));
        }
        canaries.put("date_of_birth", "1980-05-17");
        canaries.put("text ssn", "078-05-1120");
        canaries.put("text card", "4012888888881881");
        canaries.put("text card in groups", "5105 1051 0510 5100");
        canaries.put("text jwt", TOKEN);
        canaries.put("text webhook secret", "whsec_canaryOfAWebhook");
        canaries.put("text bearer", "Bearer canary-of-a-bearer");
        canaries.put("text address", "://canary:canary-password@");
        return canaries;
    }

    private static Map<String, Object> payload() {
        Map<String, Object> payload = new LinkedHashMap<>();
        Map<String, Object> deep = new LinkedHashMap<>();
        canaries().forEach((name, value) -> {
            boolean text = name.startsWith("text ");
            payload.put(name, text ? "here: " + value + " there" : value);
            deep.put(name, text ? List.of(value) : value);
        });
        payload.put("applicant", deep);
        payload.put("text", "<b>Hello</b> O'Brien & Sons <script>alert(1)</script>a < b");
        payload.put("share_id", "4111-keeps-its-dashes");
        return payload;
    }

    private static void assertClean(String json, boolean stripped) {
        canaries().forEach((name, value) -> assertThat(json).as(name).doesNotContain(value));
        assertThat(json).doesNotContain("canary", "CANARY");
        assertThat(json).contains("[REDACTED]", "****1881", "***-**-1120", "\"1980\"", "4111-keeps-its-dashes");
        assertThat(json.contains("alert")).isEqualTo(!stripped);
    }

    @Test
    @DisplayName("S1-074 no sensitive value of a signed batch reaches a socket, the log or the metrics")
    void batch() {
        UUID org = UUID.randomUUID();
        try (TestSocket socket = realtime.connect(Person.hr(org))) {
            assertThat(realtime.ingest(RunningRealtime.batch(
                                    org, List.of(RunningRealtime.event("note.left", List.of("org"), payload()))))
                            .status())
                    .isEqualTo(200);
            assertDelivered(realtime, socket, org);
        }
    }

    @Test
    @DisplayName("S1-074 no sensitive value of a broadcast reaches a socket, the log or the metrics")
    void broadcast() {
        UUID org = UUID.randomUUID();
        try (TestSocket socket = realtime.connect(Person.hr(org))) {
            assertThat(realtime.broadcast(org, "org", "note.left", payload()).status())
                    .isEqualTo(202);
            assertDelivered(realtime, socket, org);
        }
    }

    private static void assertDelivered(RunningRealtime service, TestSocket socket, UUID org) {
        boolean stripped = service == realtime;
        JsonNode payload = socket.next("note.left").path("payload");
        assertClean(payload.toString(), stripped);
        assertThat(payload.path("text").textValue())
                .isEqualTo(
                        stripped
                                ? "Hello O'Brien & Sons a < b"
                                : "<b>Hello</b> O'Brien & Sons <script>alert(1)</script>a < b");
        assertClean(logged(service, org), stripped);
        assertThat(metrics(service)).contains("bellhop").doesNotContain("canary");
    }

    /** Everything that the log holds of the organisation. */
    private static String logged(RunningRealtime service, UUID org) {
        List<String> rows = service.postgres()
                .jdbi()
                .withHandle(handle -> handle.createQuery("select event::text from realtime.event where org_id = :org")
                        .bind("org", org)
                        .mapTo(String.class)
                        .list());
        assertThat(rows).hasSize(1);
        // The text of a row doubles its quotes.
        return rows.get(0).replace("\"\"", "\"");
    }

    private static String metrics(RunningRealtime service) {
        Request request = new Request.Builder().url(service.url("/metrics")).build();
        try (Response response = service.http().newCall(request).execute()) {
            return response.body().string();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    @DisplayName("S1-074 a note to a user goes through the same door")
    void notifyUser() {
        Person person = Person.hr(UUID.randomUUID());
        try (TestSocket socket = realtime.connect(person)) {
            Map<String, Object> note = Map.of(
                    "user_id",
                    person.userId(),
                    "title",
                    "<i>News</i>",
                    "message",
                    "pay to 4012888888881881 <b>now</b>");
            assertThat(realtime.post("/ws/notify-user", realtime.token(Person.admin(person.orgId())), note)
                            .status())
                    .isEqualTo(202);
            JsonNode payload = socket.next("user.notification").path("payload");
            assertThat(payload.path("title").textValue()).isEqualTo("News");
            assertThat(payload.path("message").textValue()).isEqualTo("pay to ****1881 now");
        }
    }

    @Test
    @DisplayName("S1-073 verbatim leaves the markup and still hides what is sensitive")
    void verbatim() {
        UUID org = UUID.randomUUID();
        try (TestSocket socket = asItCame.connect(Person.hr(org))) {
            assertThat(asItCame.ingest(RunningRealtime.batch(
                                    org, List.of(RunningRealtime.event("note.left", List.of("org"), payload()))))
                            .status())
                    .isEqualTo(200);
            assertDelivered(asItCame, socket, org);
        }
    }

    @Test
    @DisplayName("S1-073 a batch that comes twice is the same batch after stripping")
    void twice() {
        UUID org = UUID.randomUUID();
        Map<String, Object> batch =
                RunningRealtime.batch(org, 1, List.of(RunningRealtime.event("note.left", List.of("org"), payload())));
        assertThat(realtime.ingest(batch).body().path("accepted").intValue()).isEqualTo(1);
        assertThat(realtime.ingest(batch).body().path("duplicates").intValue()).isEqualTo(1);
    }
}
