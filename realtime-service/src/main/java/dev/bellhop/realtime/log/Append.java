package dev.bellhop.realtime.log;

import java.util.List;
import java.util.Optional;

/**
 * What one caller wants in the log of an organisation, all or nothing.
 *
 * @param producer present when the producer numbers its events; they then have to be consecutive
 */
public record Append(Optional<Numbering> producer, List<NewEvent> events) {
    /** @param firstSeq the producer's number of the first event, from 1 */
    public record Numbering(String source, long firstSeq) {}

    public Append {
        events = List.copyOf(events);
    }

    /** The answer. */
    public sealed interface Outcome {
        /**
         * @param added what is new, in order; the rest was there before
         * @param duplicates how many were there before
         */
        record Appended(String epoch, List<LoggedEvent> added, int duplicates) implements Outcome {}

        /** @param expected the number that has to come next */
        record SequenceGap(long expected) implements Outcome {}

        /** @param seq a number that was taken by another event before */
        record SequenceDivergence(long seq) implements Outcome {}
    }
}
