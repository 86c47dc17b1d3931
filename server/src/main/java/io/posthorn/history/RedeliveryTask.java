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
 * @param since messages accepted from then; dead letters that died from then
 * @param until and before then
 * @param selection what it leaves out
 * @param cursor the last message that was looked at; null before the first page
 * @param total how many there were to look at when it began, about; null where nobody has counted
 * @param scanned how many messages, or dead letters, were looked at
 * @param queued how many deliveries were put into the backlog, or were there already and made due
 * @param waiting how many of these wait for their turn
 * @param paused whether somebody wants it to wait, while it runs
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
        Selection selection,
        History.@Nullable Place cursor,
        @Nullable Long total,
        long scanned,
        long queued,
        int waiting,
        boolean paused,
        boolean cancelled,
        @Nullable String error,
        String createdBy,
        Instant createdAt,
        Instant updatedAt) {

    /** What a task looks for. */
    public enum Kind {
        /** Dead letters by the times of their messages, and what waits for a later retry. */
        RECOVER(0, "endpoint.recover"),
        /** Messages that the endpoint would want and was never sent. */
        REPLAY(1, "endpoint.replay"),
        /** Messages that the endpoint wants, whether it has them or not. */
        BULK(2, "endpoint.bulk-replay"),
        /** Dead letters by the times of their deaths. Clients know no word of its own for it, so that it has another's. */
        DEAD_LETTERS(3, "endpoint.recover");

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
     * @param selection as in the task
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
            Selection selection,
            String createdBy) {}
}
