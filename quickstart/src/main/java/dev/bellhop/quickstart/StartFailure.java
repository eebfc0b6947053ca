package dev.bellhop.quickstart;

/** A command cannot do its work, for a reason that its user can mend. The message is all that is shown: whole sentences. */
public final class StartFailure extends Exception {
    private static final long serialVersionUID = 1;

    StartFailure(String sentence) {
        super(sentence);
    }

    StartFailure(String sentence, Throwable cause) {
        super(sentence, cause);
    }
}
