package io.posthorn.history;

import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Deliveries that ended without success, and that somebody decides about. They are written and removed with the outcomes
 * ({@link OutcomeStore}), read in the {@link History}, delivered again by {@link Redeliveries}, and given up here.
 * Everything blocks, and throws {@link HistoryException} if the database is away or refuses.
 */
public interface DeadLetters {
    /** At most so many are discarded in one transaction. */
    int MOST_AT_ONCE = 10_000;

    /**
     * One of them.
     *
     * @param endpointNo its endpoint
     * @param messageId its message
     * @param seq of the message
     */
    record Ref(int endpointNo, String messageId, long seq) {}

    /**
     * What was discarded.
     *
     * @param refs those that went, in the order in which their messages were accepted
     * @param busy which of those that were named are there still, because the recorder writes about them just now
     * @param released by endpoint: the numbers of the messages that held up others, which may go on now
     * @param more whether there may be more of what was wanted
     */
    record Discarded(List<Ref> refs, Set<Ref> busy, Map<Integer, Set<Long>> released, boolean more) {}

    /**
     * Gives some up: they are in the list no more. What is on record of their attempts stays. A delivery that others wait
     * for leaves the backlog, and its end is put on record. One that the recorder writes about just now stays.
     *
     * @param appNo the application that they have to belong to
     * @param refs which
     * @param now microseconds since 1970
     */
    Discarded discard(int appNo, List<Ref> refs, long now);

    /**
     * Gives up what is wanted, at most {@link #MOST_AT_ONCE}, as {@link #discard(int, List, long)} does.
     *
     * @param wanted which; of one endpoint
     * @param now microseconds since 1970
     */
    Discarded discard(DeadLetter.Wanted wanted, long now);
}
