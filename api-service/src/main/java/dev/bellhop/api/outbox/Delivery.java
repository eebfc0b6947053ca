package dev.bellhop.api.outbox;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;

/** What became of one attempt to send a batch. */
sealed interface Delivery {
    /** One word for counters. */
    String result();

    /** Everything up to the batch's last number is in the receiver's log. */
    record Acked() implements Delivery {
        @Override
        public String result() {
            return "acked";
        }
    }

    /** The receiver misses what came before. */
    record Gap(long expected) implements Delivery {
        @Override
        public String result() {
            return "gap";
        }
    }

    /** The receiver holds another event at one of these numbers. */
    record Diverged() implements Delivery {
        @Override
        public String result() {
            return "divergence";
        }
    }

    /**
     * The receiver will never take the batch as it is.
     *
     * @param index of the event at fault, where the receiver names it
     */
    record Refused(OptionalInt index, String reason) implements Delivery {
        @Override
        public String result() {
            return "refused";
        }
    }

    /** It may well succeed later: no answer, an error, or an answer that does not say what was taken. */
    record Failed(String reason, Optional<Duration> retryAfter) implements Delivery {
        @Override
        public String result() {
            return "failed";
        }
    }
}
