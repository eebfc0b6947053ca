package dev.bellhop.bench;

/** The other side does not speak as the benchmark expects: there is nothing to measure. The message is a sentence. */
final class ProtocolFailure extends RuntimeException {
    private static final long serialVersionUID = 1;

    ProtocolFailure(String sentence) {
        super(sentence);
    }
}
