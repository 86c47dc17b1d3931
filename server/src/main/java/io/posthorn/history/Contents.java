package io.posthorn.history;

import io.posthorn.model.Message;
import java.util.Collection;

/**
 * What was sent and what was answered, for deleting it before its time. Everything blocks, is fenced, and throws {@link
 * HistoryException} if it cannot be done now. To do it once more does no harm.
 */
public interface Contents {
    /**
     * Deletes a payload: from its commit on nobody reads it any more.
     *
     * @return false if the message is not there any more
     */
    boolean deletePayload(Message message);

    /**
     * Ends what waits in the backlog for a message.
     *
     * @param message whose payload was deleted
     * @param except the endpoints whose rows somebody else ends
     * @return how many deliveries it was
     */
    long endDeferred(Message message, Collection<Integer> except);

    /**
     * Deletes what all attempts of a message brought that are on record: a receiver may have repeated the payload.
     *
     * @param message whose payload was deleted
     */
    void deleteResponses(Message message);

    /**
     * Deletes what an attempt brought: the response's headers and body, and the words about a failure.
     *
     * @return false if the attempt is not there any more
     */
    boolean deleteResponse(Message message, LoggedAttempt attempt);
}
