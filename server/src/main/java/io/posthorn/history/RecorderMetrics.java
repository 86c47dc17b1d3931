package io.posthorn.history;

import java.util.List;

/** What the recorder tells of itself. */
public interface RecorderMetrics {
    /**
     * A transaction was committed.
     *
     * @param outcomes what it held
     * @param backlogChange by how much it has changed the number of deliveries that wait in the database
     * @param nanos how long it took
     */
    void outcomesCommitted(List<Settlement> outcomes, int backlogChange, long nanos);

    /** A transaction failed and is tried again. */
    void outcomesFailed();
}
