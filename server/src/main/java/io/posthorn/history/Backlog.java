package io.posthorn.history;

import io.posthorn.model.DeferralReason;
import io.posthorn.model.Message;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.ToLongFunction;

/** The deferred deliveries. */
public interface Backlog {
    /** Nothing is due, ever. */
    long NEVER = Long.MAX_VALUE;

    /**
     * What an endpoint has in the backlog.
     *
     * @param appNo the application
     * @param endpointNo the endpoint
     * @param rows how many deliveries
     * @param parked how many of them wait for room or for the endpoint, not for a time, nor were asked for again
     * @param nextDueAt when the first is due, microseconds since 1970
     */
    record Summary(int appNo, int endpointNo, long rows, long parked, long nextDueAt) {}

    /**
     * What was read.
     *
     * @param due what was asked for again last, otherwise in the order in which they are due
     * @param more whether more of what is due remains
     * @param behind whether more of it remains than what was asked for again ({@link DeferralReason#REPLAY})
     * @param nextDueAt when the first of what remains is due; {@link #NEVER} if nothing remains
     * @param forgotten how many rows were removed on the way: their messages, or the payloads of these, are gone
     */
    record Fetched(List<Due> due, boolean more, boolean behind, long nextDueAt, int forgotten) {}

    /**
     * Reads what is due of an endpoint. What was asked for again stands behind all else, but has a quarter of the page
     * for itself: neither keeps the other waiting. Blocks.
     *
     * @param endpointNo the endpoint
     * @param now what is due by then, microseconds since 1970
     * @param claimed sequence numbers to leave out: they are in memory already
     * @param most how many at most
     * @param mostBytes payloads at most, but at least one delivery
     * @throws BacklogUnavailable if the database is away
     */
    Fetched fetch(int endpointNo, long now, long[] claimed, int most, long mostBytes) throws BacklogUnavailable;

    /**
     * A delivery that waits.
     *
     * @param appNo the application
     * @param seq of the message
     * @param messageAt when it was accepted, microseconds since 1970
     * @param attempts made so far
     * @param base attempts made before the present round
     * @param keyHash of the key that it is in order by; 0 for none
     * @param keyVersion of the endpoint's order that the hash was made for; 0 for none
     */
    record Waiting(int appNo, long seq, long messageAt, int attempts, int base, long keyHash, int keyVersion) {}

    /**
     * Looks for deliveries of an endpoint that have waited for long: for a retry, for room or for its circuit; not what
     * somebody asked for again, nor what waits for somebody's decision. Blocks.
     *
     * @param endpointNo the endpoint
     * @param acceptedUntil when the messages were accepted at the latest, microseconds since 1970
     * @param afterSeq sequence numbers above this
     * @param claimed sequence numbers to leave out: they are in memory already
     * @param most how many at most
     * @return in the order of acceptance
     * @throws BacklogUnavailable if the database is away
     */
    List<Waiting> waiting(int endpointNo, long acceptedUntil, long afterSeq, long[] claimed, int most)
            throws BacklogUnavailable;

    /**
     * What is to be read where deliveries wait for each other. All rows count then, whenever they are due, but for those
     * of messages that are sent later, and for those without a key where there are keys.
     *
     * @param after only those with higher numbers, and those below that were to wait for a time of their own, which has come
     * @param shut none with these hashes of keys
     * @param nothing none at all, but what was asked for again
     * @param keyed whether there are keys
     * @param latest whether it is to be told which of them have a newer one with the same key behind them
     */
    record Ordered(long after, long[] shut, boolean nothing, boolean keyed, boolean latest) {}

    /**
     * As {@link #fetch(int, long, long[], int, long)}, in the order of acceptance; what was asked for again and stands
     * aside comes last, with a quarter of the page for itself. Blocks.
     *
     * @param ordered which rows
     */
    Fetched fetch(int endpointNo, long now, long[] claimed, Ordered ordered, int most, long mostBytes)
            throws BacklogUnavailable;

    /**
     * Makes the rows of an endpoint have the hashes of the present keys. Blocks, for as long as it takes.
     *
     * @param endpointNo the endpoint
     * @param version rows with this one have them already
     * @param key the hash of a message's key; 0 for none
     * @throws BacklogUnavailable if the database is away; what has been done stays done
     */
    void rekey(int endpointNo, int version, ToLongFunction<Message> key) throws BacklogUnavailable;

    /** Tells of every endpoint with deferred deliveries, and removes those of endpoints that no longer exist. Blocks. */
    void summaries(Consumer<Summary> each) throws BacklogUnavailable;

    /**
     * Removes what an endpoint has: it was deleted. Blocks.
     *
     * @return how many deliveries it was
     */
    long forget(int endpointNo) throws BacklogUnavailable;

    /** The database is away; try again later. */
    final class BacklogUnavailable extends Exception {
        private static final long serialVersionUID = 1L;

        /** With what the database said. */
        public BacklogUnavailable(Throwable cause) {
            super(cause.getMessage(), cause);
        }
    }
}
