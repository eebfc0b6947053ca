package dev.bellhop.bench;

/** The benchmark cannot go on, for a reason that its user can mend. The message is all that is shown: whole sentences. */
final class BenchFailure extends Exception {
    private static final long serialVersionUID = 1;

    BenchFailure(String sentence) {
        super(sentence);
    }

    BenchFailure(String sentence, Throwable cause) {
        super(sentence, cause);
    }
}
