package io.posthorn.history;

import io.posthorn.history.RedeliveryTask.Draft;
import io.posthorn.history.RedeliveryTask.Status;
import io.posthorn.model.Message;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Deliveries that are asked for again. Everything blocks, and throws {@link HistoryException} if the database is away or
 * refuses.
 *
 * <p>A delivery is put into the backlog only when the books about it are closed: its message lies below the settled
 * position, or it has an attempt on record. So nothing that is still on its first way is ever made twice at a time, and
 * the numbers of the attempts go on without a gap.
 */
public interface Redeliveries {
    /** What became of asking for one delivery. */
    enum Resent {
        /** It is in the backlog, and due. */
        QUEUED,
        /** As {@link #QUEUED}; it was there already, waiting for something else. */
        HASTENED,
        /** Its first attempt is under way or about to be: ask again when that is over. */
        UNDER_WAY,
        /** Others put deliveries for the same endpoint just now: ask again. */
        BUSY,
        /** The message has no content any more. */
        NO_CONTENT,
        /** There is no such message or endpoint any more. */
        GONE,
        /** It was attempted as often as can be counted. */
        TOO_OFTEN,
        /** Its message is to be sent at a time that has not come. */
        SCHEDULED
    }

    /**
     * Asks for one delivery. What waits is due now; it keeps its place where the endpoint's deliveries have an order.
     *
     * @param message which; its content is of no concern
     * @param endpointNo where
     * @param ordered whether the endpoint's deliveries have an order
     * @param now when it is due, microseconds since 1970
     */
    Resent resend(Message message, int endpointNo, boolean ordered, long now);

    /**
     * Asks for dead letters of one endpoint.
     *
     * @param appNo the application that they have to belong to
     * @param endpointNo the endpoint
     * @param ordered whether its deliveries have an order
     * @param refs which; of this endpoint
     * @param now when they are due, microseconds since 1970
     * @return what became of each; {@link Resent#GONE} for those that are none, {@link Resent#UNDER_WAY} for those that
     *     the recorder writes about just now
     */
    Map<DeadLetters.Ref, Resent> replay(
            int appNo, int endpointNo, boolean ordered, List<DeadLetters.Ref> refs, long now);

    /** What became of asking for a task. */
    sealed interface Begun {
        /** It stands in the database, and has done nothing yet. */
        record Started(RedeliveryTask task) implements Begun {}

        /** Another one is under way for the endpoint. */
        record Busy(RedeliveryTask running) implements Begun {}
    }

    /**
     * Begins a task. Tasks that ended ninety days ago are forgotten.
     *
     * @param draft what it is to do
     * @param now microseconds since 1970
     */
    Begun begin(Draft draft, long now);

    /** What became of a step of a task. */
    sealed interface Step {
        /**
         * A page is committed.
         *
         * @param task as it is now
         * @param queued what was put into the backlog or made due, by the numbers of the messages
         * @param added how many of these were not there before
         * @param more whether there may be more to do at once; otherwise, if the task still runs, messages that are not
         *     settled come next
         */
        record Moved(RedeliveryTask task, long[] queued, int added, boolean more) implements Step {}

        /** Somebody wants it to wait. */
        record Paused() implements Step {}

        /** So many of its deliveries wait in the backlog that it has to wait for some of them. */
        record Full(int waiting) implements Step {}

        /** Others are writing about the same deliveries just now, or put some for the same endpoint. */
        record Busy() implements Step {}

        /**
         * The database does not answer, or wants it tried again.
         *
         * @param why for the log
         */
        record Away(String why) implements Step {}

        /** It runs no more, or not here: another node has taken over. */
        record Ended() implements Step {}
    }

    /**
     * What is to be known of an endpoint.
     *
     * @param wanted which messages it wants
     * @param ordered whether its deliveries have an order
     */
    record Wish(Predicate<Message> wanted, boolean ordered) {}

    /** What endpoints want. */
    @FunctionalInterface
    interface Wishes {
        /** Null if there is no such endpoint any more. */
        @Nullable
        Wish of(int appNo, int endpointNo);
    }

    /**
     * Does the next page of a task: what it finds goes into the backlog, and the task's place moves on, in one
     * transaction.
     *
     * @param taskNo {@link RedeliveryTask#no()}
     * @param wishes of endpoints; the payloads of the messages are empty
     * @param page how many messages to look at, at most
     * @param mostWaiting the task waits while more of its deliveries than this are in the backlog
     * @param now microseconds since 1970
     * @throws HistoryException if the database refuses; it would the next time, too
     */
    Step step(long taskNo, Wishes wishes, int page, int mostWaiting, long now);

    /**
     * What became of a task that was to end.
     *
     * @param task as it is now
     * @param withdrawn the numbers of the messages whose deliveries were taken out of the backlog
     */
    record Cancelled(RedeliveryTask task, List<Long> withdrawn) {}

    /**
     * Ends a task. Its deliveries that have not been attempted leave the backlog, but for those that were owed another
     * attempt before: they stay.
     *
     * @param taskNo {@link RedeliveryTask#no()}
     * @param now microseconds since 1970
     * @return null if it did not run
     */
    @Nullable
    Cancelled cancel(long taskNo, long now);

    /**
     * What became of a task that was to wait, or to go on.
     *
     * @param task as it is now
     * @param moved the numbers of the messages whose deliveries are due no more, or again
     */
    record Moved(RedeliveryTask task, List<Long> moved) {}

    /**
     * Lets a task wait until {@link #resume}. Its deliveries that have not been attempted are not due until then, but for
     * those that it found waiting in their order: they keep their place.
     *
     * @param taskNo {@link RedeliveryTask#no()}
     * @param now microseconds since 1970
     * @return null if it does not run; nothing is moved if it waits already
     */
    @Nullable
    Moved pause(long taskNo, long now);

    /**
     * Lets a task go on, and its deliveries first.
     *
     * @param taskNo {@link RedeliveryTask#no()}
     * @param now microseconds since 1970
     * @return null if it does not run; nothing is moved if it does not wait
     */
    @Nullable
    Moved resume(long taskNo, long now);

    /** Ends a task that cannot go on; nothing happens if it does not run. What it has put into the backlog stays there. */
    void fail(long taskNo, String why, long now);

    /** The tasks that run, or wait while they would, in the order in which they began. */
    List<RedeliveryTask> running();

    /**
     * A task.
     *
     * @return null if there is none in this environment
     */
    @Nullable
    RedeliveryTask task(int envNo, String id);

    /**
     * Which tasks are wanted.
     *
     * @param envNo of this environment
     * @param appNo of this application; null for all
     * @param status null for any
     * @param kind the name of a kind, {@link RedeliveryTask.Kind#text()}; null for any
     */
    record Wanted(
            int envNo,
            @Nullable Integer appNo,
            @Nullable Status status,
            @Nullable String kind) {}

    /**
     * Some tasks, in the order of their ids, which is that of their beginnings.
     *
     * @param wanted leaves out the others
     * @param after only those beyond this id; null for the first ones
     * @param ascending the oldest first, otherwise the newest
     * @param most how many
     */
    List<RedeliveryTask> tasks(Wanted wanted, @Nullable String after, boolean ascending, int most);
}
