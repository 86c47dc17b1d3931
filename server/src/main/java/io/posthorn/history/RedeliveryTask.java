package io.posthorn.history;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Work that puts many deliveries into the backlog, page by page.
 *
 * @param no the number it has in the database
 * @param id {@code qtask_} and a ULID
 * @param envNo the environment of its application
 * @param appNo its application
 * @param endpointNo the endpoint that is delivered to
 * @param appId of the application, which may exist no longer
 * @param endpointId of the endpoint, likewise
 * @param kind what it looks for
 * @param status where it stands
 * @param since messages accepted from then
 * @param until and before then
 * @param cursor the last message that was looked at; null before the first page
 * @param scanned how many messages were looked at
 * @param queued how many deliveries were put into the backlog, or were there already and made due
 * @param cancelled whether it failed because somebody wanted it to end
 * @param error why it failed, for people; null if it did not
 * @param createdBy who asked for it, for people
 * @param createdAt when
 * @param updatedAt when its last page was committed
 */
public record RedeliveryTask(
        long no,
        String id,
        int envNo,
        int appNo,
        int endpointNo,
        String appId,
        String endpointId,
        Kind kind,
        Status status,
        Instant since,
        Instant until,
        History.@Nullable Place cursor,
        long scanned,
        long queued,
        boolean cancelled,
        @Nullable String error,
        String createdBy,
        Instant createdAt,
        Instant updatedAt) {

    /** What a task looks for. */
    public enum Kind {
        /** Deliveries that have failed for good, and those that wait for a later retry. */
        RECOVER(0, "endpoint.recover"),
        /** Messages that the endpoint would want and was never sent. */
        REPLAY(1, "endpoint.replay");

        private final int code;
        private final String text;

        Kind(int code, String text) {
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

        static Kind of(int code) {
            return values()[code];
        }
    }

    /** Where a task stands. */
    public enum Status {
        /** It waits for its turn, or for room, or is at work. */
        RUNNING(0, "running"),
        /** All it found has been handed to the lanes. */
        FINISHED(1, "finished"),
        /** It ended before. */
        FAILED(2, "failed");

        private final int code;
        private final String text;

        Status(int code, String text) {
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

        static Status of(int code) {
            return values()[code];
        }
    }

    /**
     * A task to be.
     *
     * @param id {@code qtask_} and a ULID
     * @param envNo as in the task
     * @param appNo as in the task
     * @param endpointNo as in the task
     * @param appId as in the task
     * @param endpointId as in the task
     * @param kind as in the task
     * @param since microseconds since 1970
     * @param until microseconds since 1970
     * @param createdBy as in the task
     */
    public record Draft(
            String id,
            int envNo,
            int appNo,
            int endpointNo,
            String appId,
            String endpointId,
            Kind kind,
            long since,
            long until,
            String createdBy) {}
}
