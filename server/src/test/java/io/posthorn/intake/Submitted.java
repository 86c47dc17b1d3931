package io.posthorn.intake;

/** Looks into what a journal is given. */
public final class Submitted {
    private Submitted() {}

    /** The message that is to be stored. */
    public static NewMessage message(Submission submission) {
        return submission.message;
    }
}
