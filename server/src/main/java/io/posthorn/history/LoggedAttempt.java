package io.posthorn.history;

import io.posthorn.model.Attempt;
import io.posthorn.model.Message;
import io.posthorn.model.Verdict;
import org.jspecify.annotations.Nullable;

/**
 * An attempt as it is on record.
 *
 * @param id {@code atmpt_} and a ULID
 * @param messageId of the message
 * @param seq of the message
 * @param endpointNo the endpoint, which may exist no longer
 * @param attempt what was done, and what came of it
 * @param verdict what followed from it
 * @param message the message, if it was asked for and still exists
 * @param manual whether somebody asked for it; otherwise it was made by itself
 */
public record LoggedAttempt(
        String id,
        String messageId,
        long seq,
        int endpointNo,
        Attempt attempt,
        Verdict verdict,
        @Nullable Message message,
        boolean manual) {

    /** Whether the endpoint took it. */
    public DeliveryStatus status() {
        return DeliveryStatus.ofVerdict(verdict.code());
    }

    /** Its place among the attempts at its endpoint. */
    public History.Place placeAtEndpoint() {
        return new History.Place(attempt.startedAt(), seq);
    }

    /** Its place among the attempts at several endpoints. */
    public History.Place placeAmong() {
        return new History.Place(attempt.startedAt(), seq, endpointNo);
    }

    /** Its place among the attempts of its message. */
    public History.Place placeOfMessage() {
        return new History.Place(attempt.startedAt(), endpointNo);
    }
}
