package io.posthorn.history;

import io.posthorn.model.Message;

/**
 * A message as one endpoint knows it.
 *
 * @param message the message
 * @param firstAttemptAt when its first attempt started, microseconds since 1970
 * @param state where its delivery stands
 */
public record AttemptedMessage(Message message, long firstAttemptAt, DeliveryState state) {
    /** Its place in the list. */
    public History.Place place() {
        return new History.Place(firstAttemptAt, message.seq);
    }
}
