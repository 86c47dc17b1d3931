package io.posthorn.intake;

import io.posthorn.model.Message;
import java.util.List;

/** Where accepted messages are kept: PostgreSQL on one machine, a Kafka topic on many. Used by one thread. */
public interface Journal extends AutoCloseable {
    /**
     * Stores a batch durably and decides every submission's result, in the order of the list.
     *
     * @param batch what gathered; empty only to settle a doubt
     * @return what became of the batch as a whole
     */
    Appended append(List<Submission> batch);

    /** Whether an earlier batch may have been stored although {@link #append} could not say so. */
    boolean inDoubt();

    /** What became of a batch. */
    sealed interface Appended {
        /**
         * It is committed and every submission has its result.
         *
         * @param accepted the new messages, in order; found ones of a batch in doubt come first
         */
        record Committed(List<Message> accepted) implements Appended {}

        /**
         * Nothing of it is known to be stored.
         *
         * @param why for the log
         */
        record Unavailable(String why) implements Appended {}

        /**
         * The store refused the content of the batch: it is fine itself, one of the messages is not.
         *
         * @param why for the log
         */
        record Refused(String why) implements Appended {}
    }

    @Override
    void close();
}
