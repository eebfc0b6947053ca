package dev.bellhop.realtime.log;

import java.util.function.Consumer;

/** Short words from one node to all others. They may come late or not at all: nothing may depend on one. Thread-safe. */
public interface Hints extends AutoCloseable {
    /** Most bytes of one text, so that PostgreSQL takes it. */
    int MAX_BYTES = 7000;

    /**
     * @param heard told what any node says, this one included, in any thread; must not block. Called once, before anything is said
     */
    void listen(Consumer<String> heard);

    /**
     * Blocks on the store.
     *
     * @throws RuntimeException when it could not be reached
     */
    void say(String text);

    @Override
    void close();
}
