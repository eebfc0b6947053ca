package dev.bellhop.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.api.outbox.Outbox;
import dev.bellhop.api.store.Ids;
import dev.bellhop.model.events.Entity;
import dev.bellhop.model.events.EntityEvent;
import dev.bellhop.realtime.testing.TestSocket;
import java.net.URI;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Twelve writers at once on the records of one organisation: half of them over REST, half in transactions that stay open
 * for up to 30 ms and of which one in twenty rolls back after it wrote row and event. That is what makes an outbox that
 * reads by ascending id lose events.
 */
class OrderAndCompletenessTest {
    @RegisterExtension
    static final RunningSystem system = new RunningSystem();

    private static final int WRITERS = 12;
    private static final int WRITES_EACH = 270;
    private static final int SHARED_RECORDS = 40;
    private static final double ROLLBACKS = 0.05;
    private static final double LONGEST_HOLD_SECONDS = 0.03;
    private static final String ROLLED_BACK = "rolled back";

    /** An entity and one version of it. */
    private record Change(String entity, long version) {
        static Change of(JsonNode entity) {
            return new Change(
                    entity.path("id").textValue(), entity.path("version").longValue());
        }
    }

    /** What was answered with 2xx, or committed. */
    private final Queue<Change> acknowledged = new ConcurrentLinkedQueue<>();

    private final AtomicInteger rolledBack = new AtomicInteger();
    private final List<String> shared = new ArrayList<>();
    private ApiClient hr;
    private UUID orgId;
    private UUID ownerId;

    @BeforeEach
    void records() {
        system.awaitEmptyOutbox();
        hr = system.as("hr@harbor.example");
        orgId = system.orgOf("hr@harbor.example");
        ownerId = UUID.fromString(hr.get("/api/v1/me").expect(200).path("id").textValue());
    }

    @Test
    @DisplayName(
            "12 writers, 5 % rollbacks, 3,000 events: 0 lost, 0 duplicates, 0 inversions, 0 gaps, one order for everybody")
    void everythingOnceInOrder() throws Exception {
        List<Supplier<String>> clients = new ArrayList<>();
        long before = 0;
        for (String user : List.of("hr@harbor.example", "member@harbor.example", "airport@harbor.example")) {
            TestSocket okHttp = system.dial(system.webSocketUri(system.token(user)));
            before = Frames.position(okHttp.next("connected"));
            clients.add(okHttp::nextText);
        }
        for (String user : List.of("admin@harbor.example", "downtown@harbor.example")) {
            JdkSocket jdk = system.dialWithJdk(system.webSocketUri(system.token(user)));
            assertThat(Frames.position(jdk.next("connected"))).isEqualTo(before);
            clients.add(jdk::nextText);
        }
        try (EventStream sse = EventStream.open(
                URI.create(system.realtimeUri() + "/events?token=" + system.token("member@harbor.example")))) {
            assertThat(Frames.type(Frames.parse(sse.nextText()))).isEqualTo("connected");
            clients.add(sse::nextText);

            for (int i = 0; i < SHARED_RECORDS; i++) {
                shared.add(create("shared " + i).path("id").textValue());
            }
            writeAll();
            String fence = Ids.next().toString();
            create(fence);

            List<JsonNode> heard = Frames.upTo(clients.get(0), Frames.named(fence));
            for (Supplier<String> other : clients.subList(1, clients.size())) {
                assertThat(Frames.upTo(other, Frames.named(fence))).isEqualTo(heard);
            }
            assertComplete(heard, before);
        }
    }

    private void assertComplete(List<JsonNode> heard, long before) {
        assertThat(heard).hasSizeGreaterThanOrEqualTo(3_000).hasSize(acknowledged.size());
        Frames.assertContiguous(before, heard);
        Frames.assertVersionsAscendByOne(heard);
        Set<Change> changes = new HashSet<>();
        for (JsonNode frame : heard) {
            assertThat(changes.add(Change.of(frame.path("payload"))))
                    .as("twice: %s", frame)
                    .isTrue();
            assertThat(frame.path("payload").path("name").asText()).isNotEqualTo(ROLLED_BACK);
        }
        assertThat(changes).isEqualTo(new HashSet<>(acknowledged));
        assertThat(rolledBack.get()).isGreaterThan(20);
        List<String> ids = Frames.ids(heard);
        assertThat(system.loggedIds(orgId, before)).isEqualTo(ids);
        // The outbox numbers the organisation's events from 1 as the log does, and nobody else writes to this log.
        assertThat(system.outboxIds(orgId, before)).isEqualTo(ids);
    }

    private void writeAll() throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(WRITERS);
        List<Future<?>> writers = new ArrayList<>();
        for (int i = 0; i < WRITERS; i++) {
            Random random = new Random(i);
            Callable<?> writer = i % 2 == 0 ? () -> writeByRest(random) : () -> writeByTransactions(random);
            writers.add(pool.submit(writer));
        }
        for (Future<?> writer : writers) {
            writer.get();
        }
        pool.shutdown();
    }

    private JsonNode create(String name) {
        JsonNode entity = hr.post("/api/v1/entities", Map.of("type", "lead", "name", name))
                .expect(201);
        acknowledged.add(Change.of(entity));
        return entity;
    }

    private Object writeByRest(Random random) {
        for (int i = 0; i < WRITES_EACH; i++) {
            switch (random.nextInt(4)) {
                case 0 -> createAndDelete("short-lived " + i);
                case 1 -> create("by REST " + i);
                default -> {
                    String id = shared.get(random.nextInt(SHARED_RECORDS));
                    acknowledged.add(Change.of(hr.patch("/api/v1/entities/" + id, Map.of("name", "by REST " + i))
                            .expect(200)));
                }
            }
        }
        return null;
    }

    private void createAndDelete(String name) {
        String id = create(name).path("id").textValue();
        assertThat(hr.delete("/api/v1/entities/" + id).status()).isEqualTo(204);
        acknowledged.add(new Change(id, 2));
    }

    private Object writeByTransactions(Random random) {
        Outbox outbox = new Outbox(() -> {});
        try (Handle handle = Jdbi.create(system.settings().get("BELLHOP_DATABASE_URL") + "&currentSchema=api")
                .open()) {
            for (int i = 0; i < WRITES_EACH; i++) {
                boolean rollBack = random.nextDouble() < ROLLBACKS;
                boolean isNew = random.nextInt(4) == 0;
                UUID id = isNew ? Ids.next() : UUID.fromString(shared.get(random.nextInt(SHARED_RECORDS)));
                String name = rollBack ? ROLLED_BACK : "by transaction " + i;
                handle.begin();
                Entity entity = isNew ? insert(handle, id, name) : rename(handle, id, name);
                outbox.append(handle, orgId, isNew ? new EntityEvent.Created(entity) : new EntityEvent.Updated(entity));
                hold(handle, random);
                if (rollBack) {
                    handle.rollback();
                    rolledBack.incrementAndGet();
                } else {
                    handle.commit();
                    acknowledged.add(new Change(id.toString(), entity.version()));
                }
            }
        }
        return null;
    }

    private Entity insert(Handle tx, UUID id, String name) {
        Instant now = Instant.now().truncatedTo(ChronoUnit.MICROS);
        tx.execute(
                "insert into entity (org_id, id, type, name, status, owner_id, created_at, updated_at)"
                        + " values (?, ?, 'lead', ?, 'new', ?, ?, ?)",
                orgId,
                id,
                name,
                ownerId,
                now,
                now);
        return entity(id, name, 1);
    }

    private Entity rename(Handle tx, UUID id, String name) {
        long version = tx.createQuery("update entity set name = :name, version = version + 1"
                        + " where org_id = :org and id = :id returning version")
                .bind("name", name)
                .bind("org", orgId)
                .bind("id", id)
                .mapTo(Long.class)
                .one();
        return entity(id, name, version);
    }

    private Entity entity(UUID id, String name, long version) {
        Instant now = Instant.now().truncatedTo(ChronoUnit.MICROS);
        return new Entity(
                id, "lead", name, "new", new Entity.Contact(null, null), null, ownerId, null, now, now, version);
    }

    /** Leaves row and event written and not committed, so that others that come later commit before. */
    private static void hold(Handle tx, Random random) {
        tx.execute("select pg_sleep(?)", random.nextDouble() * LONGEST_HOLD_SECONDS);
    }
}
