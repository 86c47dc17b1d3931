package io.posthorn.history;

import io.posthorn.model.Message;
import java.util.Collection;
import java.util.Set;

/** Ends deliveries before they begin. Blocks, is fenced, and throws {@link HistoryException} if it cannot be done now. */
public interface Cancellations {
    /**
     * Where the deliveries of a message stand.
     *
     * @param now the endpoints at which it was cancelled just now
     * @param all those at which it is cancelled, now or before
     * @param begun those at which its delivery has begun or ended
     */
    record Cancelled(Set<Integer> now, Set<Integer> all, Set<Integer> begun) {}

    /**
     * Cancels the deliveries of a message that nobody has begun: their rows in the backlog go, and each gets an entry in
     * the log of attempts. All of them or none; to do it once more does no harm.
     *
     * @param message whose deliveries
     * @param begun the endpoints at which it is under way
     * @param at microseconds since 1970
     */
    Cancelled cancel(Message message, Collection<Integer> begun, long at);
}
