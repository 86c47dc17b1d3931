package io.posthorn.api;

import com.fasterxml.jackson.databind.JsonNode;
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
     * @param given the object that was read
     * @param policy what it says
     * @param problems told of what is beyond a ceiling
     */
    void check(JsonNode given, DeliveryPolicy policy, PolicyCodec.Problems problems) {
        Duration wanted = policy.timeout();
        if (wanted != null && given.path("timeout").isTextual() && wanted.compareTo(timeout) > 0) {
            problems.add(
                    List.of("timeout"),
                    "must be at most " + Durations.show(timeout) + ", which is the setting attempt-timeout");
        }
        Integer most = policy.concurrency().max();
        if (most != null && given.path("concurrency").path("max").isNumber() && most > inFlight) {
            problems.add(
                    List.of("concurrency", "max"),
                    "must be at most " + inFlight + ", which is the setting endpoint-in-flight");
        }
    }
}
