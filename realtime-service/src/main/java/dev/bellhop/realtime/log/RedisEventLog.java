package dev.bellhop.realtime.log;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.bellhop.model.events.EventType;
import dev.bellhop.model.wire.Cursor;
import dev.bellhop.model.wire.RoomName;
import dev.bellhop.model.wire.Timestamps;
import dev.bellhop.realtime.log.Redis.Script;
import io.lettuce.core.LettuceFutures;
import io.lettuce.core.Limit;
import io.lettuce.core.Range;
import io.lettuce.core.RedisCommandTimeoutException;
import io.lettuce.core.RedisException;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.StreamMessage;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutionException;

/**
 * The log in Redis: a stream for each organisation whose entry ids are the positions. Fence, de-duplication, positions and the
 * events are one script, which nothing else runs beside. All keys of an organisation carry its id as hash tag. Thread-safe.
 */
public final class RedisEventLog implements EventLog {
    /** Every organisation that has a log, for what has to visit all of them. */
    static final String ORGANISATIONS = "bellhop:organizations";

    /** Entries that a scan looks at in one call: about a millisecond in which Redis serves nobody else. */
    private static final int SCAN = 1000;

    /** Largest position that an entry's id takes from a double without loss. */
    private static final long MAX_POSITION = 1L << 53;

    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private static final Script APPEND = Script.of("log.lua", "append.lua");
    private static final Script STATE = Script.of("log.lua", "state.lua");
    private static final Script SCANNING = Script.of("log.lua", "scan.lua");

    private final Redis redis;
    /** Organisations that were named a short time ago. */
    private final Cache<UUID, Boolean> named =
            Caffeine.newBuilder().expireAfterWrite(Duration.ofMinutes(1)).build();

    RedisEventLog(Redis redis) {
        this.redis = redis;
    }

    /** The parts of one organisation's log, in the order in which the scripts know them. */
    static String[] keys(UUID orgId) {
        return new String[] {
            key(orgId, "state"),
            key(orgId, "log"),
            key(orgId, "ids"),
            key(orgId, "numbers"),
            key(orgId, "producers"),
            key(orgId, "controls")
        };
    }

    static String key(UUID orgId, String part) {
        return "bellhop:{" + orgId + "}:" + part;
    }

    @Override
    public List<Append.Outcome> append(UUID orgId, List<Append> requests) {
        nameOrganisation(orgId);
        List<String> arguments = new ArrayList<>();
        arguments.add(Epochs.next());
        arguments.add(Integer.toString(requests.size()));
        requests.forEach(request -> addArguments(arguments, request));
        List<Object> answer = redis.run(APPEND, keys(orgId), arguments.toArray(String[]::new));
        String epoch = (String) answer.get(0);
        List<Append.Outcome> outcomes = new ArrayList<>(requests.size());
        for (int i = 0; i < requests.size(); i++) {
            outcomes.add(outcome(epoch, requests.get(i), numbers(answer.get(i + 1))));
        }
        return outcomes;
    }

    /** Before its log is made, so that retention finds every log; asked of Redis once a minute, which may have lost its data. */
    private void nameOrganisation(UUID orgId) {
        if (named.getIfPresent(orgId) == null) {
            redis.calls().sadd(ORGANISATIONS, orgId.toString());
            named.put(orgId, true);
        }
    }

    private static void addArguments(List<String> arguments, Append request) {
        arguments.add(request.producer().map(Append.Numbering::source).orElse(""));
        arguments.add(
                Long.toString(request.producer().map(Append.Numbering::firstSeq).orElse(0L)));
        arguments.add(Integer.toString(request.events().size()));
        for (NewEvent event : request.events()) {
            arguments.add(event.id().toString());
            arguments.add(Integer.toString(Cursor.fingerprint(event.id())));
            arguments.add(EventType.isReserved(event.type()) ? "1" : "0");
            arguments.add(event.type());
            arguments.add(joined(event.rooms()));
            arguments.add(event.payload());
            arguments.add(Timestamps.format(event.occurredAt()));
            arguments.add(event.traceparent() == null ? "" : event.traceparent());
        }
    }

    private static List<Long> numbers(Object list) {
        return ((List<?>) list).stream().map(Long.class::cast).toList();
    }

    /** @param said the kind and what belongs to it, see append.lua */
    private static Append.Outcome outcome(String epoch, Append request, List<Long> said) {
        if (said.get(0) == 1) {
            return new Append.Outcome.SequenceGap(said.get(1));
        }
        if (said.get(0) == 2) {
            return new Append.Outcome.SequenceDivergence(said.get(1));
        }
        List<LoggedEvent> added = new ArrayList<>(request.events().size());
        for (int i = 0; i < request.events().size(); i++) {
            long position = said.get(i + 1);
            if (position > 0) {
                added.add(new LoggedEvent(position, request.events().get(i)));
            }
        }
        return new Append.Outcome.Appended(epoch, added, request.events().size() - added.size());
    }

    @Override
    public State state(UUID orgId) {
        List<Object> found = redis.run(STATE, keys(orgId), Epochs.next());
        return new State(
                (String) found.get(0),
                (Long) found.get(1),
                Integer.parseInt((String) found.get(2)),
                (Long) found.get(3),
                Integer.parseInt((String) found.get(4)));
    }

    @Override
    public Map<UUID, Long> heads(Collection<UUID> orgIds) {
        Map<UUID, RedisFuture<String>> asked = new HashMap<>();
        orgIds.forEach(orgId -> asked.put(orgId, redis.pipeline().hget(key(orgId, "state"), "head")));
        Map<UUID, Long> heads = new HashMap<>();
        asked.forEach((orgId, answer) -> {
            String head = answered(answer);
            if (head != null) {
                heads.put(orgId, Long.parseLong(head));
            }
        });
        return heads;
    }

    static <T> T answered(RedisFuture<T> answer) {
        if (!LettuceFutures.awaitAll(PATIENCE, answer)) {
            throw new RedisCommandTimeoutException("no answer in time");
        }
        try {
            return answer.get();
        } catch (ExecutionException failure) {
            throw new RedisException(failure.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RedisException(e);
        }
    }

    @Override
    public List<LoggedEvent> read(UUID orgId, long after, long upTo, int limit) {
        return redis.calls().xrange(key(orgId, "log"), range(after, upTo), Limit.from(limit)).stream()
                .map(RedisEventLog::event)
                .toList();
    }

    private static Range<String> range(long after, long upTo) {
        return Range.create(place(after + 1), upTo == Long.MAX_VALUE ? "+" : place(upTo));
    }

    private static String place(long position) {
        return position + "-0";
    }

    @Override
    public List<LoggedEvent> readRoom(UUID orgId, RoomName room, long after, long upTo, int limit) {
        return scan(orgId, List.of(room), after, upTo, false, limit, true).stream()
                .map(RedisEventLog::rawEvent)
                .toList();
    }

    @Override
    public List<LoggedEvent> newest(UUID orgId, RoomName room, long upTo, int limit) {
        List<LoggedEvent> newestFirst = new ArrayList<>();
        scan(orgId, List.of(room), 0, upTo, true, limit, true).forEach(entry -> newestFirst.add(rawEvent(entry)));
        Collections.reverse(newestFirst);
        return newestFirst;
    }

    /**
     * Goes through a part of the log in steps that do not hold Redis up for long.
     *
     * @param whole entries, or else positions only
     */
    private List<Object> scan(
            UUID orgId, Collection<RoomName> rooms, long after, long upTo, boolean down, long limit, boolean whole) {
        List<Object> found = new ArrayList<>();
        long from = after + 1;
        long to = Math.min(upTo, MAX_POSITION);
        boolean done = from > to || limit <= 0;
        while (!done) {
            List<String> arguments = new ArrayList<>(List.of(
                    Long.toString(from),
                    Long.toString(to),
                    down ? "1" : "0",
                    Integer.toString(SCAN),
                    Long.toString(limit - found.size()),
                    whole ? "1" : "0"));
            rooms.forEach(room -> arguments.add(room.toString()));
            List<Object> step = redis.run(SCANNING, keys(orgId), arguments.toArray(String[]::new));
            found.addAll((List<?>) step.get(2));
            long last = (Long) step.get(1);
            from = down ? from : last + 1;
            to = down ? last - 1 : to;
            done = (Long) step.get(0) == 1 || from > to;
        }
        return found;
    }

    @Override
    public Cursor beforeNewest(UUID orgId, Collection<RoomName> rooms, int count) {
        while (true) {
            State now = state(orgId);
            List<Object> newestFirst = scan(orgId, rooms, now.floor(), now.head(), true, count, false);
            long oldest = newestFirst.isEmpty() ? 0 : (Long) newestFirst.get(newestFirst.size() - 1);
            if (oldest <= now.floor() + 1) {
                return new Cursor(now.epoch(), now.floor(), now.floorFingerprint());
            }
            List<LoggedEvent> before = read(orgId, oldest - 2, oldest - 1, 1);
            if (!before.isEmpty()) {
                return new Cursor(
                        now.epoch(),
                        oldest - 1,
                        Cursor.fingerprint(before.get(0).event().id()));
            }
            // Retention came in between: the floor is higher now.
        }
    }

    @Override
    public Optional<Found> find(UUID orgId, UUID eventId) {
        String known = redis.calls().hget(key(orgId, "ids"), eventId.toString());
        if (known == null) {
            return Optional.empty();
        }
        long position = Long.parseLong(known.contains(" ") ? known.substring(0, known.indexOf(' ')) : known);
        return redis.calls().xrange(key(orgId, "log"), range(position - 1, position)).stream()
                .findFirst()
                .map(entry -> new Found(event(entry), appendedAt(entry.getBody())));
    }

    @Override
    public long count(UUID orgId, long after, long upTo, Collection<RoomName> rooms, long most) {
        return scan(orgId, rooms, after, upTo, false, most + 1, false).size();
    }

    @Override
    public List<LoggedEvent> controls(UUID orgId, Duration window, long upTo) {
        Instant since = time().minus(window);
        return redis.calls().xrange(key(orgId, "controls"), range(0, upTo)).stream()
                .filter(entry -> appendedAt(entry.getBody()).isAfter(since))
                .map(RedisEventLog::event)
                .toList();
    }

    private Instant time() {
        List<String> time = redis.calls().time();
        return Instant.ofEpochSecond(Long.parseLong(time.get(0))).plus(Long.parseLong(time.get(1)), ChronoUnit.MICROS);
    }

    @Override
    public void check() {
        redis.calls().ping();
    }

    private static Instant appendedAt(Map<String, String> fields) {
        return Instant.EPOCH.plus(Long.parseLong(fields.get("a")), ChronoUnit.MICROS);
    }

    private static LoggedEvent event(StreamMessage<String, String> entry) {
        return event(entry.getId(), entry.getBody());
    }

    /** An entry as a script hands it on: its id, and names and values by turns. */
    private static LoggedEvent rawEvent(Object entry) {
        List<?> parts = (List<?>) entry;
        List<?> values = (List<?>) parts.get(1);
        Map<String, String> fields = new HashMap<>();
        for (int i = 0; i < values.size(); i += 2) {
            fields.put((String) values.get(i), (String) values.get(i + 1));
        }
        return event((String) parts.get(0), fields);
    }

    private static LoggedEvent event(String place, Map<String, String> fields) {
        String trace = fields.get("c");
        return new LoggedEvent(
                Long.parseLong(place.substring(0, place.indexOf('-'))),
                new NewEvent(
                        UUID.fromString(fields.get("i")),
                        fields.get("t"),
                        split(fields.get("r")),
                        fields.get("p"),
                        Timestamps.parse(fields.get("o")),
                        trace.isEmpty() ? null : trace));
    }

    /** A room's name holds no space, so a list of them is one text. */
    private static String joined(List<RoomName> rooms) {
        return String.join(" ", rooms.stream().map(RoomName::toString).toList());
    }

    private static List<RoomName> split(String rooms) {
        return rooms.isEmpty()
                ? List.of()
                : Arrays.stream(rooms.split(" "))
                        .map(name -> RoomName.parse(name).orElseThrow())
                        .toList();
    }
}
