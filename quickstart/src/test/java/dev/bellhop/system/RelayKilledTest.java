package dev.bellhop.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.realtime.testing.TestSocket;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The API service dies without a word, in a process of its own: what it answered with 2xx reaches the client once. */
class RelayKilledTest {
    @RegisterExtension
    static final RunningSystem system = new RunningSystem();

    private static final int WRITERS = 3;
    private static final int KILLS = 3;

    private static final Pattern NUMBERED = Pattern.compile("(.* )(\\d+)");

    private static ApiClient api;
    private static UUID orgId;

    /** Names of the entities whose creation was answered with 201. */
    private final Queue<String> acknowledged = new ConcurrentLinkedQueue<>();
    /** Names of those whose creation was cut off: they are there or not, and so are their events. */
    private final Queue<String> unknown = new ConcurrentLinkedQueue<>();

    private final Instant since = Instant.now();
    private JdkSocket socket;
    private TestSocket okHttp;
    private long before;

    @BeforeAll
    static void leaveTheFieldToAProcess() {
        system.awaitEmptyOutbox();
        orgId = system.orgOf("hr@harbor.example");
        api = system.as("hr@harbor.example");
        system.token("member@harbor.example");
        system.stopApi();
    }

    @BeforeEach
    void connect() {
        socket = system.dialWithJdk(system.webSocketUri(system.token("hr@harbor.example")));
        before = Frames.position(socket.next("connected"));
        okHttp = system.connect("member@harbor.example");
    }

    @ParameterizedTest
    @CsvSource({"relay.inSequence, false", "relay.beforePost, false", "relay.afterPost, true", "relay.inMark, true"})
    @DisplayName("F3 F4 F5 F6 killed on the way: the next process sends again, and the socket sees every event once")
    void onTheWay(String failpoint, boolean wasPosted) throws Exception {
        double duplicates = duplicates();
        try (ApiProcess first = ApiProcess.start(system, failpoint + "=halt@3")) {
            for (int i = 0; first.isAlive(); i++) {
                create("first " + i);
            }
            assertThat(first.exitStatus()).isEqualTo(ApiProcess.KILLED);
        }
        assertThat(acknowledged).isNotEmpty();
        assertThat(unsent()).as("not marked").isPositive();
        try (ApiProcess second = ApiProcess.start(system, "")) {
            create("second");
            create("fence");
            List<JsonNode> heard = Frames.upTo(socket::nextText, Frames.named("fence"));
            assertThat(Frames.upTo(okHttp::nextText, Frames.named("fence"))).isEqualTo(heard);
            assertEverythingOnce(heard);
            if (wasPosted) {
                assertThat(duplicates()).as("sent a second time and dropped").isGreaterThan(duplicates);
            }
            assertThat(second.isAlive()).isTrue();
            system.awaitEmptyOutbox();
        }
    }

    @ParameterizedTest
    @CsvSource({"api.beforeCommit, 0", "api.afterCommit, 1"})
    @DisplayName("F1 F2 killed around the commit: the retry with the same Idempotency-Key makes the record once")
    void aroundTheCommit(String failpoint, int committedUnheard) throws Exception {
        try (ApiProcess first = ApiProcess.start(system, failpoint + "=halt@3")) {
            for (int i = 0; first.isAlive(); i++) {
                create(failpoint + " " + i);
            }
            assertThat(first.exitStatus()).isEqualTo(ApiProcess.KILLED);
        }
        assertThat(acknowledged).hasSize(2);
        assertThat(recorded()).hasSize(2 + committedUnheard);
        try (ApiProcess second = ApiProcess.start(system, "")) {
            List<String> retried = List.copyOf(unknown);
            long replayed = retried.stream().filter(this::create).count();
            assertThat(replayed).isEqualTo(committedUnheard);
            create("fence");
            List<JsonNode> heard = Frames.upTo(socket::nextText, Frames.named("fence"));
            assertThat(names(heard)).containsAll(retried);
            assertEverythingOnce(heard);
            assertThat(second.isAlive()).isTrue();
            system.awaitEmptyOutbox();
        }
    }

    @Test
    @DisplayName(
            "F13 kill -9 at any moment under load: every write that was answered is in the log exactly once, in order")
    void underLoad() throws Exception {
        Random random = new Random(42);
        ExecutorService pool = Executors.newFixedThreadPool(WRITERS);
        for (int kill = 0; kill < KILLS; kill++) {
            try (ApiProcess process = ApiProcess.start(system, "")) {
                List<Future<?>> writers = new ArrayList<>();
                for (int writer = 0; writer < WRITERS; writer++) {
                    String name = "kill " + kill + " writer " + writer + " ";
                    writers.add(pool.submit(() -> writeWhileAlive(process, name)));
                }
                int enough = acknowledged.size() + 5 + random.nextInt(150);
                await().atMost(Duration.ofSeconds(30))
                        .pollInterval(Duration.ofMillis(2))
                        .until(() -> acknowledged.size() >= enough);
                process.kill();
                for (Future<?> writer : writers) {
                    writer.get();
                }
            }
        }
        pool.shutdown();
        try (ApiProcess last = ApiProcess.start(system, "")) {
            create("fence");
            assertEverythingOnce(Frames.upTo(socket::nextText, Frames.named("fence")));
            assertThat(last.isAlive()).isTrue();
            system.awaitEmptyOutbox();
        }
    }

    private Object writeWhileAlive(ApiProcess process, String name) {
        for (int i = 0; process.isAlive(); i++) {
            create(name + i);
        }
        return null;
    }

    /** @return whether the answer was one that had been given, or tried to be given, before */
    private boolean create(String name) {
        try {
            ApiClient.Answer answer =
                    api.post("/api/v1/entities", Map.of("type", "lead", "name", name), "Idempotency-Key", key(name));
            answer.expect(201);
            acknowledged.add(name);
            return answer.response()
                    .headers()
                    .firstValue("Idempotency-Replayed")
                    .isPresent();
        } catch (UncheckedIOException cutOff) {
            unknown.add(name);
            return false;
        }
    }

    /** Of one run of a test: each has its own record of that name. */
    private String key(String name) {
        return since.toEpochMilli() + "-" + name.replace(' ', '-');
    }

    private void assertEverythingOnce(List<JsonNode> heard) {
        List<String> names = names(heard);
        assertThat(names).doesNotHaveDuplicates().containsAll(acknowledged);
        assertThat(new HashSet<>(names)).isEqualTo(new HashSet<>(recorded()));
        Frames.assertContiguous(before, heard);
        assertThat(system.loggedIds(orgId, before)).isEqualTo(Frames.ids(heard));
        assertThat(system.outboxIds(orgId, before)).isEqualTo(Frames.ids(heard));
        assertInOrderOfAnswers(names);
    }

    private static List<String> names(List<JsonNode> heard) {
        return heard.stream()
                .map(frame -> frame.path("payload").path("name").textValue())
                .toList();
    }

    /** What is in the database of all that was attempted here. */
    private List<String> recorded() {
        Collection<String> attempted = new ArrayList<>(acknowledged);
        attempted.addAll(unknown);
        return system.jdbi()
                .withHandle(handle -> handle.createQuery(
                                "select name from api.entity where org_id = :org and name in (<names>)"
                                        + " and created_at >= :since")
                        .bind("org", orgId)
                        .bind("since", since)
                        .bindList("names", List.copyOf(attempted))
                        .mapTo(String.class)
                        .list());
    }

    /** Of what one writer wrote, one after the other, the first comes first. */
    private static void assertInOrderOfAnswers(List<String> names) {
        Map<String, Integer> last = new HashMap<>();
        for (String name : names) {
            Matcher numbered = NUMBERED.matcher(name);
            if (numbered.matches()) {
                int number = Integer.parseInt(numbered.group(2));
                Integer earlier = last.put(numbered.group(1), number);
                assertThat(number).as(name).isGreaterThan(earlier == null ? -1 : earlier);
            }
        }
    }

    private static long unsent() {
        return system.jdbi()
                .withHandle(handle -> handle.createQuery("select count(*) from api.outbox where sent_at is null")
                        .mapTo(Long.class)
                        .one());
    }

    private static double duplicates() {
        return system.realtimeMetric("bellhop_ingest_duplicates_total");
    }
}
