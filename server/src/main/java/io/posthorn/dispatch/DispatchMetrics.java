package io.posthorn.dispatch;

import io.posthorn.model.Attempt;
import io.posthorn.model.Verdict;

/** What dispatching tells of itself. */
public interface DispatchMetrics {
    /**
     * An attempt was made.
     *
     * @param attempt the attempt
     * @param verdict what follows
     * @param sinceAcceptedMicros from the message's acceptance, or from its {@code deliverAt}, to the end of the attempt,
     *     microseconds
     */
    void attempted(Attempt attempt, Verdict verdict, long sinceAcceptedMicros);

    /** The circuit of an endpoint has opened. */
    void circuitOpened();

    /** A delivery ended because a newer one with the same key took its place. */
    void superseded();

    /** A delivery ended because its endpoint's filter or transformation did not want it. */
    void unwanted();

    /** A delivery was parked in the database. */
    void parked();

    /** So many deliveries that had ended, or had never begun, were put into the database to be made. */
    void asked(long deliveries);

    /**
     * So many deliveries in the database are no longer owed: their endpoint or their content was deleted, or they were
     * withdrawn.
     */
    void forgotten(long deliveries);
}
