package io.posthorn.dispatch;

/**
 * How an endpoint is doing. Times are microseconds since 1970; 0 for none.
 *
 * @param failingSince when the first attempt failed after the last success
 * @param failures attempts since the last success
 * @param openSince since when its circuit is open
 * @param probeAt when the next probe is due
 * @param heldUntil until when it has asked to be left alone
 * @param inFlight requests under way
 * @param limit most requests under way at present
 * @param queued deliveries that wait in memory
 */
public record EndpointHealth(
        long failingSince,
        int failures,
        long openSince,
        long probeAt,
        long heldUntil,
        int inFlight,
        int limit,
        int queued) {}
