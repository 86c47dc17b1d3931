package io.posthorn.history;

import io.posthorn.model.AttemptStatus;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A delivery that has ended without success, and that nobody has delivered or discarded since.
 *
 * @param messageId of the message
 * @param seq of the message
 * @param messageAt when the message was accepted, microseconds since 1970
 * @param eventType of the message
 * @param endpointNo where it should have gone
 * @param diedAt when its last attempt was over, microseconds since 1970
 * @param attempts made by then
 * @param why it ended
 * @param status what the last attempt came to
 * @param responseCode of the last attempt; 0 without a response
 * @param redelivering whether it is in the backlog again, or still
 */
public record DeadLetter(
        String messageId,
        long seq,
        long messageAt,
        String eventType,
        int endpointNo,
        long diedAt,
        int attempts,
        Why why,
        AttemptStatus status,
        int responseCode,
        boolean redelivering) {

    /**
     * Which ones.
     *
     * @param appNo of this application
     * @param endpointNo of this endpoint of it; null for all
     * @param eventTypes of messages of these types; empty for all
     * @param why only those that ended like this; null for all
     * @param from died then or later, microseconds since 1970
     * @param to died before this
     */
    public record Wanted(
            int appNo,
            @Nullable Integer endpointNo,
            List<String> eventTypes,
            @Nullable Why why,
            long from,
            long to) {}

    /** Why a delivery ended. The codes stand in the database. */
    public enum Why {
        /** The last attempt of its schedule failed. */
        EXHAUSTED(0, "exhausted"),
        /** It failed in a way that is not tried again. */
        REJECTED(1, "rejected"),
        /** The endpoint answered 410. */
        GONE(2, "gone"),
        /** It waited for longer than it may. */
        EXPIRED(3, "expired"),
        /** The last attempt of its schedule failed, and what stands behind it waits until somebody decides. */
        HELD(4, "held");

        private final int code;
        private final String text;

        Why(int code, String text) {
            this.code = code;
            this.text = text;
        }

        /** The number in the database. */
        public int code() {
            return code;
        }

        /** The name in the API. */
        public String text() {
            return text;
        }

        static Why of(int code) {
            return values()[code];
        }
    }
}
