package dev.bellhop.torture.check;

import dev.bellhop.torture.history.Entry;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;

/** The log of one organisation, a few machine words an event. Positions follow each other without a hole. */
final class OrgLog {
    static final int NONE = -1;

    private final String org;
    private final Map<String, Integer> roomNumbers = new HashMap<>();
    private final List<String> roomNames = new ArrayList<>();
    private final Map<List<String>, int[]> audiences = new HashMap<>();
    private final Map<String, String> types = new HashMap<>();

    private String epoch = "";
    private long floor;
    /** Where retention stood, by the time of the look at it; the last one is that of the end. */
    private final TreeMap<Long, Long> retained = new TreeMap<>();

    private int size;

    private long[] idHigh = new long[1024];
    private long[] idLow = new long[1024];
    private long[] hash = new long[1024];
    private int[][] rooms = new int[1024][];
    private String[] type = new String[1024];
    private int[] subject = new int[1024];
    private long[] version = new long[1024];
    private int[] operation = new int[1024];
    private long[] line = new long[1024];

    OrgLog(String org) {
        this.org = org;
    }

    String org() {
        return org;
    }

    /** Before the first {@link #append}. */
    void begin(String epochOfAll, long floorOfAll) {
        epoch = epochOfAll;
        floor = floorOfAll;
    }

    /** What the store says of itself at a time; events up to there are here all the same, written down before they went. */
    void retain(long at, long after) {
        retained.merge(at, after, Math::max);
    }

    /** Of the events up to there any may have been gone at a time; of the others none. */
    long retainedAfter(long at) {
        Map.Entry<Long, Long> look = retained.ceilingEntry(at);
        return look == null ? 0 : look.getValue();
    }

    /** The event behind the last one. */
    void append(Entry.Logged event, int subjectOfEvent, long versionOfSubject, long lineOfEvent) {
        if (size == hash.length) {
            grow();
        }
        idHigh[size] = event.id().getMostSignificantBits();
        idLow[size] = event.id().getLeastSignificantBits();
        hash[size] = event.hash();
        rooms[size] = audience(event.rooms());
        type[size] = types.computeIfAbsent(event.type(), name -> name);
        subject[size] = subjectOfEvent;
        version[size] = versionOfSubject;
        operation[size] = NONE;
        line[size] = lineOfEvent;
        size++;
    }

    /** A place at which the log has nothing. */
    void appendHole(long lineOfHole) {
        append(
                new Entry.Logged(0, org, epoch, head() + 1, new UUID(0, 0), "(nothing)", List.of(), "{}", 0),
                NONE,
                0,
                lineOfHole);
    }

    private void grow() {
        int capacity = size * 2;
        idHigh = Arrays.copyOf(idHigh, capacity);
        idLow = Arrays.copyOf(idLow, capacity);
        hash = Arrays.copyOf(hash, capacity);
        rooms = Arrays.copyOf(rooms, capacity);
        type = Arrays.copyOf(type, capacity);
        subject = Arrays.copyOf(subject, capacity);
        version = Arrays.copyOf(version, capacity);
        operation = Arrays.copyOf(operation, capacity);
        line = Arrays.copyOf(line, capacity);
    }

    private int[] audience(List<String> names) {
        return audiences.computeIfAbsent(
                names, list -> list.stream().mapToInt(this::roomNumber).toArray());
    }

    /** Numbers of rooms count from 0, also for those that no event names. */
    int roomNumber(String name) {
        return roomNumbers.computeIfAbsent(name, added -> {
            roomNames.add(added);
            return roomNames.size() - 1;
        });
    }

    String roomName(int number) {
        return roomNames.get(number);
    }

    String epoch() {
        return epoch;
    }

    /** Position before the first event. */
    long floor() {
        return floor;
    }

    boolean isEmpty() {
        return size == 0;
    }

    /** Position of the last event. */
    long head() {
        return floor + size;
    }

    boolean holds(long position) {
        return position > floor && position <= head();
    }

    private int at(long position) {
        if (!holds(position)) {
            throw new IllegalArgumentException("not in the log: " + position);
        }
        return (int) (position - floor - 1);
    }

    boolean isAt(long position, UUID id) {
        int index = at(position);
        return idHigh[index] == id.getMostSignificantBits() && idLow[index] == id.getLeastSignificantBits();
    }

    UUID id(long position) {
        int index = at(position);
        return new UUID(idHigh[index], idLow[index]);
    }

    long hash(long position) {
        return hash[at(position)];
    }

    /** Numbers of the rooms that the event is for. */
    int[] rooms(long position) {
        return rooms[at(position)];
    }

    String type(long position) {
        return type[at(position)];
    }

    /** Number of the record that it changes. */
    int subject(long position) {
        return subject[at(position)];
    }

    /** Of that record; 0 where it has none. */
    long version(long position) {
        return version[at(position)];
    }

    /** Number of the operation that made it, {@link #NONE} when it is not known. */
    int operation(long position) {
        return operation[at(position)];
    }

    void made(long position, int operationOfEvent) {
        operation[at(position)] = operationOfEvent;
    }

    /** Line of the history that says so. */
    long line(long position) {
        return line[at(position)];
    }

    /** The event in words. */
    String describe(long position) {
        return "%s at %d (%s)".formatted(type(position), position, id(position));
    }
}
