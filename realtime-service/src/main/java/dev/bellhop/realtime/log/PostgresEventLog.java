package dev.bellhop.realtime.log;

import dev.bellhop.db.SqlErrors;
import dev.bellhop.model.wire.Cursor;
import dev.bellhop.model.wire.RoomName;
import dev.bellhop.model.wire.Timestamps;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jdbi.v3.core.ConnectionException;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.result.RowView;
import org.jdbi.v3.core.statement.Query;
import org.jdbi.v3.core.transaction.TransactionIsolationLevel;

/**
 * The log in PostgreSQL, schema {@code realtime}. An append locks the organisation's row of {@code stream}, so appends of one
 * organisation happen one after the other whichever node they come from, and others do not wait. Thread-safe.
 */
public final class PostgresEventLog implements EventLog {
    private static final String MOVE = """
            with moved as (
                update realtime.stream set head = head + ?, head_fingerprint = ? where org_id = ?
                returning org_id, epoch, head),
            """;

    /**
     * Locks the log's row before the producer's, as everywhere. Who had to wait for it would see the producer as it was before
     * the wait, but an update looks at its row as it is now.
     */
    private static final String COUNT_AND_MOVE = """
            with ours as (select org_id from realtime.stream where org_id = ? for update),
            counted as (
                update realtime.producer set last_seq = last_seq + ? from ours
                where producer.org_id = ours.org_id and source = ? and last_seq = ?
                returning producer.org_id),
            moved as (
                update realtime.stream set head = head + ?, head_fingerprint = ? from counted
                where stream.org_id = counted.org_id
                returning stream.org_id, epoch, head),
            """;

    private static final String INSERT = """
            inserted as (
                insert into realtime.event (org_id, position, event_id, type, rooms, payload, occurred_at, traceparent,
                                            source, source_seq)
                select org_id, moved.head - ? + ordinal, event_id, type, string_to_array(rooms, ' '), payload,
                       cast(occurred_at as timestamptz), traceparent, ?, ? + ordinal
                from moved, unnest(?, ?, ?, ?, ?, ?) with ordinality
                    as row (event_id, type, rooms, payload, occurred_at, traceparent, ordinal))
            select epoch, head from moved""";

    private static final String MOVE_AND_INSERT = MOVE + INSERT;
    private static final String COUNT_MOVE_AND_INSERT = COUNT_AND_MOVE + INSERT;

    private final Jdbi jdbi;

    public PostgresEventLog(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    @Override
    public List<Append.Outcome> append(UUID orgId, List<Append> requests) {
        return appendAtOnce(orgId, requests)
                .orElseGet(() -> jdbi.inTransaction(tx -> new Appending(tx, orgId, requests).run()));
    }

    /**
     * The usual case in one statement, which is one round trip and one commit: nobody numbers, or one producer goes on where it
     * was; every event is new and the log exists.
     *
     * @return empty in any other case; then nothing was changed
     */
    private Optional<List<Append.Outcome>> appendAtOnce(UUID orgId, List<Append> requests) {
        if (requests.stream().anyMatch(request -> request.events().isEmpty()) || !isOneRun(requests)) {
            return Optional.empty();
        }
        List<NewEvent> events =
                requests.stream().flatMap(request -> request.events().stream()).toList();
        try {
            return jdbi.withHandle(handle -> appendAtOnce(handle.getConnection(), orgId, requests, events));
        } catch (SQLException failure) {
            if (SqlErrors.isUniqueViolation(failure)) {
                return Optional.empty(); // an event is in the log already, or twice in here
            }
            throw new ConnectionException(failure);
        }
    }

    /** Whether none is numbered, or all are by one producer without a hole. */
    private static boolean isOneRun(List<Append> requests) {
        Optional<Append.Numbering> next = requests.get(0).producer();
        for (Append request : requests) {
            if (!request.producer().equals(next)) {
                return false;
            }
            int size = request.events().size();
            next = next.map(from -> new Append.Numbering(from.source(), from.firstSeq() + size));
        }
        return true;
    }

    /** By JDBC itself: it runs for every message, and binding by name takes longer than all the rest of it. */
    private static Optional<List<Append.Outcome>> appendAtOnce(
            Connection connection, UUID orgId, List<Append> requests, List<NewEvent> events) throws SQLException {
        Optional<Append.Numbering> numbering = requests.get(0).producer();
        int size = events.size();
        int fingerprint = Cursor.fingerprint(events.get(size - 1).id());
        try (PreparedStatement statement =
                connection.prepareStatement(numbering.isPresent() ? COUNT_MOVE_AND_INSERT : MOVE_AND_INSERT)) {
            int next = 1;
            if (numbering.isPresent()) {
                statement.setObject(next++, orgId);
                statement.setInt(next++, size);
                statement.setString(next++, numbering.get().source());
                statement.setLong(next++, numbering.get().firstSeq() - 1);
                statement.setInt(next++, size);
                statement.setInt(next++, fingerprint);
            } else {
                statement.setInt(next++, size);
                statement.setInt(next++, fingerprint);
                statement.setObject(next++, orgId);
            }
            statement.setInt(next++, size);
            statement.setString(next++, numbering.map(Append.Numbering::source).orElse(null));
            statement.setObject(
                    next++, numbering.map(from -> from.firstSeq() - 1).orElse(null), Types.BIGINT);
            statement.setArray(next++, connection.createArrayOf("uuid", column(events, NewEvent::id)));
            statement.setArray(next++, texts(connection, events, NewEvent::type));
            statement.setArray(next++, texts(connection, events, event -> joined(event.rooms())));
            statement.setArray(next++, texts(connection, events, NewEvent::payload));
            statement.setArray(next++, texts(connection, events, event -> Timestamps.format(event.occurredAt())));
            statement.setArray(next, texts(connection, events, NewEvent::traceparent));
            try (ResultSet moved = statement.executeQuery()) {
                return moved.next()
                        ? Optional.of(placed(requests, moved.getString("epoch"), moved.getLong("head") - size))
                        : Optional.empty();
            }
        }
    }

    /** What becomes of requests whose events are all new. */
    private static List<Append.Outcome> placed(List<Append> requests, String epoch, long after) {
        List<Append.Outcome> outcomes = new ArrayList<>(requests.size());
        long position = after;
        for (Append request : requests) {
            List<LoggedEvent> added = new ArrayList<>(request.events().size());
            for (NewEvent event : request.events()) {
                added.add(new LoggedEvent(++position, event));
            }
            outcomes.add(new Append.Outcome.Appended(epoch, added, 0));
        }
        return outcomes;
    }

    private static Array texts(Connection connection, List<NewEvent> events, Function<NewEvent, Object> value)
            throws SQLException {
        return connection.createArrayOf("text", column(events, value));
    }

    private static Object[] column(List<NewEvent> events, Function<NewEvent, Object> value) {
        return events.stream().map(value).toArray();
    }

    /** One transaction that appends. */
    private static final class Appending {
        private final Handle tx;
        private final UUID orgId;
        private final List<Append> requests;
        private final List<LoggedEvent> rows = new ArrayList<>();
        private final List<Append.Numbering> rowNumbers = new ArrayList<>();
        private final Map<String, Long> lastSeqs = new HashMap<>();
        private final Set<String> advanced = new HashSet<>();
        private Set<UUID> known = Set.of();
        private State state;

        Appending(Handle tx, UUID orgId, List<Append> requests) {
            this.tx = tx;
            this.orgId = orgId;
            this.requests = requests;
        }

        List<Append.Outcome> run() {
            // Everything below is read after this lock is held, each statement with a snapshot of its own.
            state = lockedState(tx, orgId);
            known = knownIds();
            readLastSeqs();
            List<Append.Outcome> outcomes = requests.stream().map(this::judge).toList();
            if (!rows.isEmpty()) {
                insertRows();
            }
            advanced.forEach(this::storeLastSeq);
            return outcomes;
        }

        /** Id by id: for all at once, the planner of a log that was small a moment ago reads all of the organisation's events. */
        private Set<UUID> knownIds() {
            UUID[] ids = requests.stream()
                    .flatMap(request -> request.events().stream())
                    .map(NewEvent::id)
                    .toArray(UUID[]::new);
            return new HashSet<>(tx.createQuery("""
                                    select id from unnest(:ids) as new (id)
                                    where (select true from realtime.event where org_id = :org and event_id = id)""")
                    .bind("org", orgId)
                    .bindArray("ids", UUID.class, (Object[]) ids)
                    .mapTo(UUID.class)
                    .list());
        }

        private void readLastSeqs() {
            if (requests.stream().allMatch(request -> request.producer().isEmpty())) {
                return;
            }
            tx.createQuery("select source, last_seq from realtime.producer where org_id = :org")
                    .bind("org", orgId)
                    .map((rs, ctx) -> lastSeqs.put(rs.getString("source"), rs.getLong("last_seq")))
                    .list();
        }

        private Append.Outcome judge(Append request) {
            if (request.producer().isEmpty()) {
                return add(request, Optional.empty());
            }
            Append.Numbering numbering = request.producer().get();
            long last = lastSeqs.getOrDefault(numbering.source(), 0L);
            if (numbering.firstSeq() > last + 1) {
                return new Append.Outcome.SequenceGap(last + 1);
            }
            Optional<Long> diverging = divergingSeq(request, numbering, last);
            return diverging.isPresent()
                    ? new Append.Outcome.SequenceDivergence(diverging.get())
                    : add(request, Optional.of(numbering));
        }

        /** A number stands for one event for ever. What is gone by retention cannot be compared and counts as the same. */
        private Optional<Long> divergingSeq(Append request, Append.Numbering numbering, long last) {
            boolean allNew = numbering.firstSeq() > last
                    && request.events().stream().noneMatch(event -> known.contains(event.id()));
            if (allNew) {
                return Optional.empty();
            }
            Map<Long, UUID> idBySeq = new HashMap<>();
            Map<UUID, Long> seqById = new HashMap<>();
            readNumbers(request, numbering, idBySeq, seqById);
            for (int i = 0; i < request.events().size(); i++) {
                long seq = numbering.firstSeq() + i;
                UUID id = request.events().get(i).id();
                if (!idBySeq.getOrDefault(seq, id).equals(id) || seqById.getOrDefault(id, seq) != seq) {
                    return Optional.of(seq);
                }
            }
            return Optional.empty();
        }

        private void readNumbers(
                Append request, Append.Numbering numbering, Map<Long, UUID> idBySeq, Map<UUID, Long> seqById) {
            tx.createQuery("""
                            select logged.source_seq, logged.event_id
                            from unnest(:ids) with ordinality as sent (id, place), lateral (
                                (select source, source_seq, event_id from realtime.event
                                 where org_id = :org and event_id = sent.id limit 1)
                                union all
                                (select source, source_seq, event_id from realtime.event
                                 where org_id = :org and source = :source and source_seq = :first + sent.place - 1
                                 limit 1)) as logged
                            where logged.source = :source""")
                    .bind("org", orgId)
                    .bind("source", numbering.source())
                    .bind("first", numbering.firstSeq())
                    .bindArray(
                            "ids",
                            UUID.class,
                            request.events().stream().map(NewEvent::id).toArray())
                    .map((rs, ctx) -> {
                        UUID id = rs.getObject("event_id", UUID.class);
                        idBySeq.put(rs.getLong("source_seq"), id);
                        return seqById.put(id, rs.getLong("source_seq"));
                    })
                    .list();
        }

        private Append.Outcome add(Append request, Optional<Append.Numbering> numbering) {
            List<LoggedEvent> added = new ArrayList<>();
            long seq = numbering.map(Append.Numbering::firstSeq).orElse(0L);
            for (NewEvent event : request.events()) {
                boolean taken = numbering.isPresent()
                        && seq <= lastSeqs.getOrDefault(numbering.get().source(), 0L);
                if (!taken && known.add(event.id())) {
                    LoggedEvent logged = new LoggedEvent(state.head() + rows.size() + 1, event);
                    rows.add(logged);
                    long ownSeq = seq;
                    rowNumbers.add(numbering
                            .map(n -> new Append.Numbering(n.source(), ownSeq))
                            .orElse(null));
                    added.add(logged);
                }
                seq++;
            }
            long next = seq;
            numbering.ifPresent(n -> advance(n.source(), next - 1));
            return new Append.Outcome.Appended(
                    state.epoch(), added, request.events().size() - added.size());
        }

        private void advance(String source, long seq) {
            if (seq > lastSeqs.getOrDefault(source, 0L)) {
                lastSeqs.put(source, seq);
                advanced.add(source);
            }
        }

        private void insertRows() {
            List<NewEvent> events = rows.stream().map(LoggedEvent::event).toList();
            tx.createUpdate("""
                            with moved as (
                                update realtime.stream set head = head + :count, head_fingerprint = :fingerprint
                                where org_id = :org)
                            insert into realtime.event
                                (org_id, position, event_id, type, rooms, payload, occurred_at, traceparent, source, source_seq)
                            select :org, :head + ordinal, event_id, type, string_to_array(rooms, ' '), payload,
                                   cast(occurred_at as timestamptz), traceparent, source, source_seq
                            from unnest(:ids, :types, :rooms, :payloads, :times, :traces, :sources, :seqs) with ordinality
                                as row (event_id, type, rooms, payload, occurred_at, traceparent, source, source_seq, ordinal)""")
                    .bind("org", orgId)
                    .bind("count", events.size())
                    .bind(
                            "fingerprint",
                            Cursor.fingerprint(events.get(events.size() - 1).id()))
                    .bindArray("ids", UUID.class, column(events, NewEvent::id))
                    .bindArray("types", String.class, column(events, NewEvent::type))
                    .bindArray("rooms", String.class, column(events, event -> joined(event.rooms())))
                    .bindArray("payloads", String.class, column(events, NewEvent::payload))
                    .bindArray("times", String.class, column(events, event -> Timestamps.format(event.occurredAt())))
                    .bindArray("traces", String.class, column(events, NewEvent::traceparent))
                    .bind("head", state.head())
                    .bindArray("sources", String.class, numbers(Append.Numbering::source))
                    .bindArray("seqs", Long.class, numbers(Append.Numbering::firstSeq))
                    .execute();
        }

        private Object[] numbers(Function<Append.Numbering, Object> value) {
            return rowNumbers.stream()
                    .map(number -> number == null ? null : value.apply(number))
                    .toArray();
        }

        private void storeLastSeq(String source) {
            tx.createUpdate("""
                            insert into realtime.producer (org_id, source, last_seq) values (:org, :source, :seq)
                            on conflict (org_id, source) do update set last_seq = excluded.last_seq""")
                    .bind("org", orgId)
                    .bind("source", source)
                    .bind("seq", lastSeqs.get(source))
                    .execute();
        }
    }

    @Override
    public State state(UUID orgId) {
        return jdbi.inTransaction(tx -> findState(tx, orgId, "").orElseGet(() -> lockedState(tx, orgId)));
    }

    private static State lockedState(Handle tx, UUID orgId) {
        return findState(tx, orgId, "for update").orElseGet(() -> {
            tx.createUpdate("insert into realtime.stream (org_id, epoch) values (:org, :epoch) on conflict do nothing")
                    .bind("org", orgId)
                    .bind("epoch", Epochs.next())
                    .execute();
            return findState(tx, orgId, "for update").orElseThrow();
        });
    }

    private static Optional<State> findState(Handle tx, UUID orgId, String lock) {
        return tx.createQuery("""
                        select epoch, head, head_fingerprint, floor, floor_fingerprint
                        from realtime.stream where org_id = :org <lock>""")
                .define("lock", lock)
                .bind("org", orgId)
                .map((rs, ctx) -> new State(
                        rs.getString("epoch"),
                        rs.getLong("head"),
                        rs.getInt("head_fingerprint"),
                        rs.getLong("floor"),
                        rs.getInt("floor_fingerprint")))
                .findOne();
    }

    @Override
    public Map<UUID, Long> heads(Collection<UUID> orgIds) {
        return jdbi.withHandle(handle -> handle.createQuery(
                        "select org_id, head from realtime.stream where org_id = any(:orgs)")
                .bindArray("orgs", UUID.class, orgIds.toArray())
                .reduceRows(new HashMap<>(), (heads, row) -> {
                    heads.put(row.getColumn("org_id", UUID.class), row.getColumn("head", Long.class));
                    return heads;
                }));
    }

    @Override
    public List<LoggedEvent> read(UUID orgId, long after, long upTo, int limit) {
        return select(
                orgId,
                """
                position > :after and position <= :upTo
                and position > (select floor from realtime.stream where org_id = :org)
                order by position limit :limit""",
                query -> query.bind("after", after).bind("upTo", upTo).bind("limit", limit));
    }

    @Override
    public List<LoggedEvent> readRoom(UUID orgId, RoomName room, long after, long upTo, int limit) {
        return select(
                orgId,
                """
                position > :after and position <= :upTo and rooms @> array[cast(:room as text)]
                order by position limit :limit""",
                query -> query.bind("after", after)
                        .bind("upTo", upTo)
                        .bind("room", room.toString())
                        .bind("limit", limit));
    }

    @Override
    public List<LoggedEvent> newest(UUID orgId, RoomName room, long upTo, int limit) {
        List<LoggedEvent> newestFirst = select(
                orgId,
                """
                position <= :upTo and rooms @> array[cast(:room as text)]
                and position > (select floor from realtime.stream where org_id = :org)
                order by position desc limit :limit""",
                query -> query.bind("upTo", upTo).bind("room", room.toString()).bind("limit", limit));
        Collections.reverse(newestFirst);
        return newestFirst;
    }

    @Override
    public Cursor beforeNewest(UUID orgId, Collection<RoomName> rooms, int count) {
        State made = state(orgId); // so that there is one
        return jdbi.inTransaction(TransactionIsolationLevel.REPEATABLE_READ, tx -> {
            State now = findState(tx, orgId, "").orElse(made);
            long oldest = tx.createQuery("""
                            select coalesce(min(position), 0) from (
                                select position from realtime.event
                                where org_id = :org and position > :floor and rooms && cast(:rooms as text[])
                                order by position desc limit :count) as newest""")
                    .bind("org", orgId)
                    .bind("floor", now.floor())
                    .bindArray(
                            "rooms",
                            String.class,
                            rooms.stream().map(RoomName::toString).toArray())
                    .bind("count", count)
                    .mapTo(Long.class)
                    .one();
            if (oldest <= now.floor() + 1) {
                return new Cursor(now.epoch(), now.floor(), now.floorFingerprint());
            }
            UUID before = tx.createQuery(
                            "select event_id from realtime.event where org_id = :org and position = :position")
                    .bind("org", orgId)
                    .bind("position", oldest - 1)
                    .mapTo(UUID.class)
                    .one();
            return new Cursor(now.epoch(), oldest - 1, Cursor.fingerprint(before));
        });
    }

    @Override
    public Optional<Found> find(UUID orgId, UUID eventId) {
        return jdbi.withHandle(handle -> handle.createQuery("""
                        select position, appended_at from realtime.event where org_id = :org and event_id = :id""")
                .bind("org", orgId)
                .bind("id", eventId)
                .map((rs, ctx) -> new Place(
                        rs.getLong("position"),
                        rs.getObject("appended_at", OffsetDateTime.class).toInstant()))
                .findOne()
                .flatMap(place -> read(orgId, place.position() - 1, place.position(), 1).stream()
                        .findFirst()
                        .map(event -> new Found(event, place.appendedAt()))));
    }

    private record Place(long position, Instant appendedAt) {}

    @Override
    public List<LoggedEvent> controls(UUID orgId, Duration window, long upTo) {
        // The condition on the type is the one of the index event_control, word for word.
        return select(orgId, """
                position <= :upTo and type ~ '^(member|session|organization)[.]'
                and appended_at > now() - make_interval(secs => :seconds)
                order by position""", query -> query.bind("upTo", upTo).bind("seconds", window.toSeconds()));
    }

    /** @param rest of the statement after the organisation: one of the constants above */
    private List<LoggedEvent> select(UUID orgId, String rest, UnaryOperator<Query> bind) {
        return jdbi.withHandle(handle -> bind.apply(
                        handle.createQuery("""
                        select position, event_id, type, array_to_string(rooms, ' ') as rooms, payload, occurred_at,
                               traceparent
                        from realtime.event where org_id = :org and <rest>""").define("rest", rest).bind("org", orgId))
                .reduceRows(new ArrayList<>(), (events, row) -> {
                    events.add(event(row));
                    return events;
                }));
    }

    private static LoggedEvent event(RowView row) {
        return new LoggedEvent(
                row.getColumn("position", Long.class),
                new NewEvent(
                        row.getColumn("event_id", UUID.class),
                        row.getColumn("type", String.class),
                        split(row.getColumn("rooms", String.class)),
                        row.getColumn("payload", String.class),
                        row.getColumn("occurred_at", OffsetDateTime.class).toInstant(),
                        row.getColumn("traceparent", String.class)));
    }

    @Override
    public long count(UUID orgId, long after, long upTo, Collection<RoomName> rooms, long most) {
        return jdbi.withHandle(handle -> handle.createQuery("""
                        select count(*) from (
                            select 1 from realtime.event
                            where org_id = :org and position > :after and position <= :upTo and rooms && cast(:rooms as text[])
                            limit :most + 1) as missed""")
                .bind("org", orgId)
                .bind("after", after)
                .bind("upTo", upTo)
                .bindArray(
                        "rooms",
                        String.class,
                        rooms.stream().map(RoomName::toString).toArray())
                .bind("most", most)
                .mapTo(Long.class)
                .one());
    }

    @Override
    public void check() {
        jdbi.useHandle(handle -> handle.execute("select 1"));
    }

    /** A room's name holds no space, so a list of them travels as one text. */
    private static String joined(List<RoomName> rooms) {
        return String.join(" ", rooms.stream().map(RoomName::toString).toList());
    }

    private static List<RoomName> split(String rooms) {
        return rooms.isEmpty()
                ? List.of()
                : java.util.Arrays.stream(rooms.split(" "))
                        .map(name -> RoomName.parse(name).orElseThrow())
                        .toList();
    }
}
