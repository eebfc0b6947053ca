package dev.bellhop.torture;

/** Why the test itself cannot go on, in a sentence; says nothing of the services' promises. */
final class TortureFailure extends Exception {
    private static final long serialVersionUID = 1;

    TortureFailure(String sentence) {
        super(sentence);
    }

    TortureFailure(String sentence, Throwable cause) {
        super(sentence, cause);
    }
}
