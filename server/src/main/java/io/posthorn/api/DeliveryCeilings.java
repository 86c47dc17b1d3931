package io.posthorn.api;

import io.posthorn.catalog.PolicyCodec;
import io.posthorn.model.DeliveryPolicy;
import io.posthorn.runtime.Durations;
import java.time.Duration;
import java.util.List;

/**
 * What the operator allows the owners of endpoints to decide at most.
 *
 * @param timeout the longest that an attempt may take: the setting {@code attempt-timeout}
 * @param inFlight most requests under way to one endpoint: the setting {@code endpoint-in-flight}
 */
public record DeliveryCeilings(Duration timeout, int inFlight) {
    /**
     * Checks what is given. What was decided before, under other settings, is no problem here: it is held to the ceiling
     * when requests are made.
     *
     * @param given what is given, and where nothing is, the usual
     * @param problems told of what is beyond a ceiling
     */
    void check(DeliveryPolicy given, PolicyCodec.Problems problems) {
        Duration wanted = given.timeout();
        if (wanted != null && wanted.compareTo(timeout) > 0) {
            problems.add(
                    List.of("timeout"),
                    "must be at most " + Durations.show(timeout) + ", which is the setting attempt-timeout");
        }
        Integer most = given.concurrency().max();
        if (most != null && most > inFlight) {
            problems.add(
                    List.of("concurrency", "max"),
                    "must be at most " + inFlight + ", which is the setting endpoint-in-flight");
        }
    }
}
