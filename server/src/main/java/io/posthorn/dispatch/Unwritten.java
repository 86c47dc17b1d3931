package io.posthorn.dispatch;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * Messages, by their numbers, of which a row of the lane is on its way to the database. One may be on its way more than
 * once: a delivery that got a row and stayed in memory fails before that row is committed.
 */
final class Unwritten {
    private final Map<Long, Integer> times = new HashMap<>();

    void add(long seq) {
        times.merge(seq, 1, Integer::sum);
    }

    /**
     * A row was committed.
     *
     * @return whether it is the last that was on its way for this message
     */
    boolean written(long seq) {
        return times.computeIfPresent(seq, (of, count) -> count == 1 ? null : count - 1) == null;
    }

    boolean contains(long seq) {
        return times.containsKey(seq);
    }

    /** All of them, as they change. */
    Set<Long> seqs() {
        return times.keySet();
    }
}
