package io.posthorn.model;

import org.jspecify.annotations.Nullable;

/**
 * One request that was made, and what came of it.
 *
 * @param number 1 for the first
 * @param startedAt microseconds since 1970
 * @param durationMicros of the whole exchange, microseconds
 * @param status how it ended
 * @param responseCode of the response; 0 without one
 * @param detail of a failure, for people
 * @param headers of the response, one {@code name: value} a line
 * @param body of the response, cut at the limit
 */
public record Attempt(
        int number,
        long startedAt,
        int durationMicros,
        AttemptStatus status,
        int responseCode,
        @Nullable String detail,
        @Nullable String headers,
        byte @Nullable [] body) {
    /** The highest number there may be: the database keeps them as {@code smallint}. */
    public static final int MOST = Short.MAX_VALUE;
}
