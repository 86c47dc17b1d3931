package io.posthorn.model;

/** What follows for a delivery, after an attempt or instead of one. */
public sealed interface Verdict {
    /** The endpoint has it. */
    record Delivered() implements Verdict {}

    /**
     * Another attempt is due.
     *
     * @param dueAt microseconds since 1970
     */
    record RetryAt(long dueAt) implements Verdict {}

    /**
     * The last attempt failed: it ends here, visibly.
     *
     * @param rejected whether not for want of attempts, but because its outcome is one that is not tried again
     */
    record Exhausted(boolean rejected) implements Verdict {
        /** It has run out of attempts. */
        public Exhausted() {
            this(false);
        }
    }

    /** The endpoint answered 410: this delivery ends here, and the endpoint is disabled. */
    record Gone() implements Verdict {}

    /**
     * It waits in the database: the lane's memory is full, or the endpoint is disabled.
     *
     * @param dueAt its place in the lane's backlog, microseconds since 1970
     * @param reason why
     */
    record Parked(long dueAt, DeferralReason reason) implements Verdict {}

    /**
     * A newer message with the same key took its place: it ends here, and nothing was sent.
     *
     * @param by the id of the newer message
     */
    record Superseded(String by) implements Verdict {}

    /** The last attempt failed; those behind it in its order wait until somebody decides. */
    record Held() implements Verdict {}

    /**
     * A call that somebody waited for has failed. It ends here: nobody tries it again, and nobody is owed it, because who
     * waited has been told.
     */
    record Unrepeated() implements Verdict {}

    /** Somebody has cancelled or discarded it. */
    record Cancelled() implements Verdict {}

    /** The endpoint no longer exists: nothing is owed. */
    record Dropped() implements Verdict {}

    /** The number in the database, for what an attempt led to; −1 for what no attempt led to. */
    default int code() {
        return switch (this) {
            case Delivered _ -> 0;
            case RetryAt _ -> 1;
            case Exhausted _, Held _, Unrepeated _ -> 2;
            case Gone _ -> 3;
            case Superseded _ -> 4;
            case Cancelled _ -> 5;
            case Parked _, Dropped _ -> -1;
        };
    }
}
