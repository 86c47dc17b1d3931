package io.posthorn.api;

import com.fasterxml.jackson.annotation.JsonRawValue;
import io.posthorn.model.Message;
import io.posthorn.runtime.Time;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the publisher of a synchronous message is answered.
 *
 * @param id of the message
 * @param eventType of the message
 * @param timestamp when it was accepted
 * @param decision what to do
 * @param results of all subscribers that were asked, in the order of their endpoints
 */
record SyncView(String id, String eventType, Instant timestamp, Decision decision, List<Result> results) {
    /**
     * As {@link SyncDecision}.
     */
    record Decision(
            boolean proceed,
            @JsonRawValue String content,
            boolean changed,
            @Nullable String reason) {}

    /**
     * As {@link SyncResult}.
     *
     * @param responseStatusCode null without a response
     * @param durationMs to the microsecond; null if nothing was sent, or it is not over
     */
    record Result(
            String endpointId,
            @Nullable String endpointUid,
            String status,
            @Nullable Integer responseStatusCode,
            @Nullable Double durationMs,
            @JsonRawValue @Nullable String body,
            @Nullable String error) {
        private static final double MICROS_IN_MILLI = 1_000;

        static Result of(SyncResult result) {
            return new Result(
                    result.endpoint().id(),
                    result.endpoint().uid(),
                    result.status().text(),
                    result.code() == 0 ? null : Integer.valueOf(result.code()),
                    result.micros() < 0 ? null : Double.valueOf(result.micros() / MICROS_IN_MILLI),
                    result.text(),
                    result.error());
        }
    }

    static SyncView of(Message message, SyncDecision decision, List<SyncResult> results) {
        return new SyncView(
                message.id,
                message.eventType,
                Time.instant(message.createdAt),
                new Decision(decision.proceed(), decision.content(), decision.changed(), decision.reason()),
                results.stream().map(Result::of).toList());
    }
}
