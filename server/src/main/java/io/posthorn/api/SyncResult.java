package io.posthorn.api;

import com.fasterxml.jackson.databind.JsonNode;
import io.posthorn.dispatch.Called;
import io.posthorn.model.Endpoint;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * What one subscriber has made of a synchronous message.
 *
 * @param endpoint the subscriber
 * @param status how it went
 * @param code of the response; 0 without one
 * @param micros how long it took; −1 if nothing was sent, or it is not over
 * @param text the body as it came, if it is JSON
 * @param json the same, read
 * @param error why it is no success, for people; null if it is one
 */
record SyncResult(
        Endpoint endpoint,
        Status status,
        int code,
        long micros,
        @Nullable String text,
        @Nullable JsonNode json,
        @Nullable String error) {

    /** How it went. */
    enum Status {
        /** With success, and JSON or nothing in the body. */
        ANSWERED("answered"),
        /** With a response that is no success. */
        REFUSED("refused"),
        /** With success, and something in the body that is not JSON. */
        INVALID("invalid"),
        /** It took too long. */
        TIMEOUT("timeout"),
        /** There was no response. */
        FAILED("failed"),
        /** It was not called. */
        SKIPPED("skipped"),
        /** It was decided before it had answered. */
        PENDING("pending");

        private final String text;

        Status(String text) {
            this.text = text;
        }

        String text() {
            return text;
        }
    }

    /** Of what came of the call; null if the endpoint did not want the message, as if it had not subscribed. */
    static @Nullable SyncResult of(Endpoint endpoint, Called called) {
        return switch (called) {
            case Called.Answered answered -> of(endpoint, answered);
            case Called.Failed(boolean timeout, String why, long micros) ->
                new SyncResult(endpoint, timeout ? Status.TIMEOUT : Status.FAILED, 0, micros, null, null, why);
            case Called.NotCalled(Called.Reason reason) ->
                reason == Called.Reason.UNWANTED
                        ? null
                        : new SyncResult(endpoint, Status.SKIPPED, 0, -1, null, null, reason.text());
        };
    }

    private static SyncResult of(Endpoint endpoint, Called.Answered answered) {
        byte[] body = answered.body();
        boolean blank = new String(body, StandardCharsets.UTF_8).isBlank();
        Json.Parsed parsed = blank || answered.truncated() ? null : Json.parse(body);
        JsonNode json = parsed instanceof Json.Parsed.Value(JsonNode node) ? node : null;
        String text = json == null ? null : new String(body, StandardCharsets.UTF_8).strip();
        Status status = Status.ANSWERED;
        String error = null;
        if (!answered.success()) {
            String why = answered.why();
            status = Status.REFUSED;
            error = why == null ? "the response is " + answered.code() : why;
        } else if (answered.truncated()) {
            status = Status.INVALID;
            error = "the response is longer than what is kept of one (response-keep-bytes)";
        } else if (parsed instanceof Json.Parsed.Wrong(Problem problem)) {
            status = Status.INVALID;
            error = "the response is not JSON: " + problem.msg();
        }
        return new SyncResult(endpoint, status, answered.code(), answered.micros(), text, json, error);
    }

    /** One that has not answered in time. */
    static SyncResult late(Endpoint endpoint) {
        return new SyncResult(endpoint, Status.TIMEOUT, 0, -1, null, null, "no answer within the message's deadline");
    }

    /** One that nobody waits for any more. */
    static SyncResult pending(Endpoint endpoint) {
        return new SyncResult(endpoint, Status.PENDING, 0, -1, null, null, null);
    }

    boolean succeeded() {
        return status == Status.ANSWERED;
    }

    boolean failed() {
        return status != Status.ANSWERED && status != Status.PENDING;
    }

    /** Whether it forbids what the publisher is about to do, if anybody may. */
    boolean vetoes() {
        JsonNode body = json;
        return succeeded()
                && body != null
                && body.path("proceed").isBoolean()
                && !body.path("proceed").booleanValue();
    }
}
