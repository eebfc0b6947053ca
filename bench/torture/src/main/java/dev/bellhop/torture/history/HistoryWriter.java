package dev.bellhop.torture.history;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Writes the history of a run: a JSON object a line, the type of the entry in its first field {@code e}. Thread-safe; entries
 * stand in the order in which {@link #write} was called.
 */
public final class HistoryWriter implements AutoCloseable {
    private final long start = System.nanoTime();
    /** Guards itself. */
    private final OutputStream out;

    /** Begins the run: its time is 0 now. Replaces a file that is there. */
    public HistoryWriter(Path file) throws IOException {
        this.out = new BufferedOutputStream(Files.newOutputStream(file), 1 << 20);
    }

    /** Nanoseconds since the run began, for {@link Entry#at}. */
    public long now() {
        return System.nanoTime() - start;
    }

    /** @throws UncheckedIOException when the file cannot be written: then the run proves nothing and has to end */
    public void write(Entry entry) {
        byte[] line = Line.of(entry);
        try {
            synchronized (out) {
                out.write(line);
                out.write('\n');
            }
        } catch (IOException e) {
            throw new UncheckedIOException("the history cannot be written", e);
        }
    }

    /** Hands everything to the operating system, so that it outlives this process. */
    public void flush() throws IOException {
        synchronized (out) {
            out.flush();
        }
    }

    @Override
    public void close() throws IOException {
        synchronized (out) {
            out.close();
        }
    }
}
