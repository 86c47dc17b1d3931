package io.posthorn.egress;

/**
 * One request and what came of it.
 *
 * @param startedAtMicros when it was handed over, microseconds since 1970
 * @param durationMicros from then to the end, name resolution included, microseconds
 * @param outcome a response or a failure
 */
public record Exchange(long startedAtMicros, long durationMicros, Outcome outcome) {}
