package io.posthorn.intake;

/** What the intake tells of itself. */
public interface IntakeMetrics {
    /**
     * A transaction was committed.
     *
     * @param messages that were accepted with it
     * @param nanos how long it took
     */
    void messagesCommitted(int messages, long nanos);

    /** So many were refused because the queue was full. */
    void messagesRefused(int messages);

    /** So many were answered 503 because the database was away, or as full as it may get. */
    void messagesUnavailable(int messages);
}
