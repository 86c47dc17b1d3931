package io.posthorn.history;

/**
 * What is remembered of an endpoint in trouble beyond the end of the process. Times are microseconds since 1970.
 *
 * @param endpointNo the endpoint
 * @param failingSince when the first attempt failed after the last success
 * @param failures attempts since then, none of which has succeeded
 * @param openSince since when its circuit is open; 0 if it is not
 * @param pauseMicros between probes, microseconds; 0 if it is not open
 * @param probeAt when the next probe is due; 0 if it is not open
 * @param heldUntil until when it has asked to be left alone; 0 if it has not
 */
public record EndpointTrouble(
        int endpointNo,
        long failingSince,
        int failures,
        long openSince,
        long pauseMicros,
        long probeAt,
        long heldUntil) {}
