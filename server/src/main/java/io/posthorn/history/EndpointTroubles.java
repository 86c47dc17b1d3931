package io.posthorn.history;

import java.util.List;

/** What is remembered of endpoints in trouble, and what follows when they are well again. */
public interface EndpointTroubles {
    /** One of them, and its application. */
    record Remembered(int appNo, EndpointTrouble trouble) {}

    /** All of them. Blocks. */
    List<Remembered> all() throws Backlog.BacklogUnavailable;

    /**
     * Writes. Blocks.
     *
     * @param troubles replace what was there of these endpoints
     * @param well endpoints of which nothing is remembered any more
     */
    void write(List<EndpointTrouble> troubles, List<Integer> well) throws Backlog.BacklogUnavailable;

    /**
     * Makes deliveries that wait for a later retry due now. Blocks.
     *
     * @param endpointNo the endpoint
     * @param now microseconds since 1970
     * @param most how many at most
     * @return how many it was
     */
    int makeDue(int endpointNo, long now, int most) throws Backlog.BacklogUnavailable;
}
