package dev.bellhop.torture.history;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/** Reads a history from its beginning, an entry at a time, in constant memory. Not thread-safe. */
public final class HistoryReader implements AutoCloseable {
    private final InputStream in;
    private final boolean withReceived;
    private final ReceivedLine received = new ReceivedLine();

    private byte[] buffer = new byte[1 << 20];
    private int from;
    private int filled;
    private boolean ended;
    private long line;
    private boolean cutShort;

    public HistoryReader(Path file) throws IOException {
        this(file, true);
    }

    private HistoryReader(Path file, boolean withReceived) throws IOException {
        this.in = Files.newInputStream(file);
        this.withReceived = withReceived;
    }

    /** Passes over {@link Entry.Received}, which are most of a history, without looking into them. */
    public static HistoryReader withoutReceived(Path file) throws IOException {
        return new HistoryReader(file, false);
    }

    /**
     * @return empty at the end, and at a last line that is not whole: the writer was killed
     * @throws IOException for a line that is not an entry; its message has the number of the line
     */
    public Optional<Entry> read() throws IOException {
        while (true) {
            int end = endOfLine();
            if (end < 0) {
                cutShort = from < filled;
                return Optional.empty();
            }
            int start = from;
            from = end + 1;
            line++;
            boolean isReceived = ReceivedLine.startsAt(buffer, start, end);
            if (isReceived && !withReceived) {
                continue;
            }
            Entry fast = isReceived ? received.read(buffer, start, end) : null;
            return Optional.of(fast != null ? fast : parse(start, end));
        }
    }

    private Entry parse(int start, int end) throws IOException {
        try {
            return Line.parse(buffer, start, end);
        } catch (IOException e) {
            String text = new String(buffer, start, Math.min(end - start, 200), StandardCharsets.UTF_8);
            throw new IOException("line " + line + " of the history is not an entry: " + text, e);
        }
    }

    /** Number of the line that was read last, from 1. */
    public long line() {
        return line;
    }

    /** Whether the file ended within a line. */
    public boolean isCutShort() {
        return cutShort;
    }

    /** @return index of the next line's end, -1 when there is none */
    private int endOfLine() throws IOException {
        int next = from;
        while (true) {
            for (; next < filled; next++) {
                if (buffer[next] == '\n') {
                    return next;
                }
            }
            if (ended) {
                return -1;
            }
            next -= from;
            fill();
            next += from;
        }
    }

    private void fill() throws IOException {
        int kept = filled - from;
        if (kept > buffer.length / 2) {
            buffer = Arrays.copyOfRange(buffer, from, from + buffer.length * 2);
        } else {
            System.arraycopy(buffer, from, buffer, 0, kept);
        }
        from = 0;
        int read = in.read(buffer, kept, buffer.length - kept);
        ended = read < 0;
        filled = kept + Math.max(read, 0);
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
