package dev.bellhop.torture;

import dev.bellhop.torture.history.EventKeys;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** Numbers that occur once in a run. Thread-safe. */
final class Numbers {
    private final AtomicInteger operations = new AtomicInteger();
    private final AtomicInteger faults = new AtomicInteger();
    private final AtomicLong marks = new AtomicLong();

    int operation() {
        return operations.getAndIncrement();
    }

    int fault() {
        return faults.getAndIncrement();
    }

    String mark() {
        return EventKeys.mark(marks.getAndIncrement());
    }
}
