package dev.bellhop.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.realtime.testing.TestSocket;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * The way every client is told to go: subscribe, then fetch the list, then apply an event only when its version is newer.
 * Whatever is written meanwhile, what the client holds is in the end what the API has.
 */
class UpdateAfterReadTest {
    @RegisterExtension
    static final RunningSystem system = new RunningSystem();

    private static final int WRITERS = 4;
    private static final int RECORDS_EACH = 7;
    /** Small, so that a list takes many requests and records change between them. */
    private static final int PAGE = 7;

    /** A client's copy of the entities, by id. */
    private static final class Copy {
        private final Map<String, JsonNode> entities = new HashMap<>();
        private int stale;

        void read(JsonNode entity) {
            entities.put(entity.path("id").textValue(), entity);
        }

        void apply(JsonNode frame) {
            JsonNode payload = frame.path("payload");
            String id = payload.path("id").textValue();
            JsonNode held = entities.get(id);
            if (held != null
                    && held.path("version").longValue()
                            >= payload.path("version").longValue()) {
                stale++;
            } else if (Frames.type(frame).equals("entity.deleted")) {
                entities.remove(id);
            } else {
                entities.put(id, payload);
            }
        }
    }

    @Test
    @DisplayName("I9 a list fetched after subscribing and the events by version join without a gap")
    void convergence() throws Exception {
        ApiClient api = system.as("hr@harbor.example");
        List<String> records = new ArrayList<>();
        for (int i = 0; i < WRITERS * RECORDS_EACH; i++) {
            records.add(create(api, "record " + i));
        }
        AtomicBoolean enough = new AtomicBoolean();
        ExecutorService pool = Executors.newFixedThreadPool(WRITERS);
        List<Future<?>> writers = new ArrayList<>();
        for (int i = 0; i < WRITERS; i++) {
            Random random = new Random(i);
            List<String> own = new ArrayList<>(records.subList(i * RECORDS_EACH, (i + 1) * RECORDS_EACH));
            writers.add(pool.submit(() -> write(api, own, random, enough)));
        }

        Map<Supplier<String>, Copy> clients = new HashMap<>();
        TestSocket okHttp = system.connect("hr@harbor.example");
        clients.put(okHttp::nextText, fetch(system.as("hr@harbor.example")));
        JdkSocket jdk = system.dialWithJdk(system.webSocketUri(system.token("member@harbor.example")));
        jdk.next("connected");
        clients.put(jdk::nextText, fetch(system.as("member@harbor.example")));

        enough.set(true);
        for (Future<?> writer : writers) {
            writer.get();
        }
        pool.shutdown();
        create(api, "fence");
        Copy truth = fetch(api);
        int stale = 0;
        for (Map.Entry<Supplier<String>, Copy> client : clients.entrySet()) {
            Copy copy = client.getValue();
            Frames.upTo(client.getKey(), Frames.named("fence")).forEach(copy::apply);
            assertThat(copy.entities).isEqualTo(truth.entities);
            stale += copy.stale;
        }
        assertThat(stale)
                .as("events that the list was ahead of: without them this shows nothing")
                .isPositive();
    }

    private static String create(ApiClient api, String name) {
        return api.post("/api/v1/entities", Map.of("type", "lead", "name", name))
                .expect(201)
                .path("id")
                .textValue();
    }

    private static Copy fetch(ApiClient api) {
        Copy copy = new Copy();
        String cursor = "";
        do {
            JsonNode page = api.get("/api/v1/entities?sort=created_at&limit=" + PAGE + cursor)
                    .expect(200);
            page.path("items").forEach(copy::read);
            JsonNode next = page.path("next_cursor");
            cursor = next.isNull() ? "" : "&cursor=" + next.textValue();
        } while (!cursor.isEmpty());
        return copy;
    }

    private static Object write(ApiClient api, List<String> own, Random random, AtomicBoolean enough) {
        for (int i = 0; !enough.get(); i++) {
            int index = random.nextInt(own.size());
            String path = "/api/v1/entities/" + own.get(index);
            if (random.nextInt(5) == 0) {
                assertThat(api.delete(path).status()).isEqualTo(204);
                own.set(index, create(api, "another " + i));
            } else {
                api.patch(path, Map.of("name", "changed " + i)).expect(200);
            }
        }
        return null;
    }
}
