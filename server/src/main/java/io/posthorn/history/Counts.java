package io.posthorn.history;

/** How much happened. */
public final class Counts {
    private Counts() {}

    /**
     * A stretch of time in buckets. They are all of one length and begin at multiples of it since 1970, in UTC; the first
     * and the last may stand out of the stretch, and only what is within it counts.
     *
     * @param from microseconds since 1970
     * @param to microseconds since 1970; what happened then is not counted
     * @param seconds of a bucket
     */
    public record Span(long from, long to, int seconds) {}

    /**
     * The attempts that started within a bucket.
     *
     * @param at where it begins, microseconds since 1970
     * @param delivered that succeeded
     * @param failed all others
     * @param exhausted those of the failed after which nothing more was tried
     * @param averageMicros how long they took on average, all of them
     */
    public record OfAttempts(long at, long delivered, long failed, long exhausted, double averageMicros) {}

    /**
     * The messages of a bucket.
     *
     * @param at where it begins, microseconds since 1970
     * @param accepted how many
     */
    public record OfMessages(long at, long accepted) {}

    /**
     * Deliveries to an endpoint by where they stand: one for each message, however many attempts it took.
     *
     * @param success the endpoint has it
     * @param pending it waits for another attempt, or for its first
     * @param fail it has ended without success
     * @param sending the first attempt is under way or about to be
     * @param canceled somebody has cancelled it, or a newer one has taken its place
     */
    public record OfDeliveries(long success, long pending, long fail, long sending, long canceled) {
        /** Those of a status. */
        public long of(DeliveryStatus status) {
            return switch (status) {
                case SUCCESS -> success;
                case PENDING -> pending;
                case FAIL -> fail;
                case SENDING -> sending;
                case CANCELED -> canceled;
            };
        }
    }
}
