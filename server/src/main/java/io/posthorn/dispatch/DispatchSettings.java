package io.posthorn.dispatch;

import java.time.Duration;

/**
 * The bounds of dispatching.
 *
 * @param endpointInFlight most requests in flight to one endpoint
 * @param inFlight most requests in flight in all
 * @param attemptTimeout deadline of one whole exchange
 * @param laneQueue most deliveries kept in memory for one endpoint
 * @param memoryBytes most that all deliveries in memory may have, payloads and all
 * @param retry when to try again
 * @param keyOfKeys what hashes of ordering keys are mixed with: the same for as long as the database is
 * @param svixHeaders whether the {@code svix-*} header names go along
 */
public record DispatchSettings(
        int endpointInFlight,
        int inFlight,
        Duration attemptTimeout,
        int laneQueue,
        long memoryBytes,
        RetrySchedule retry,
        long keyOfKeys,
        boolean svixHeaders) {

    /** This loop's share when the bounds for all are divided among so many. */
    DispatchSettings share(int loops) {
        return new DispatchSettings(
                endpointInFlight,
                Math.max(1, inFlight / loops),
                attemptTimeout,
                laneQueue,
                Math.max(1, memoryBytes / loops),
                retry,
                keyOfKeys,
                svixHeaders);
    }
}
