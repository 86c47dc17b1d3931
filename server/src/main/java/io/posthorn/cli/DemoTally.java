package io.posthorn.cli;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** What one endpoint of the demo has seen. Safe for many threads. */
final class DemoTally {
    private final Map<String, Integer> requests = new ConcurrentHashMap<>();
    private final Map<String, Arrival> arrivals = new ConcurrentHashMap<>();
    private final LongAdder attempts = new LongAdder();
    private final LongAdder verified = new LongAdder();
    private final LongAdder refused = new LongAdder();

    /**
     * The first request for a message that was answered 2xx.
     *
     * @param nanos when it came, by {@link System#nanoTime()}
     * @param body what it held
     */
    record Arrival(long nanos, String body) {}

    /**
     * A request with a valid signature has come.
     *
     * @param message the id of its message
     * @return the how-manieth for this message, from 1
     */
    int verified(String message) {
        attempts.increment();
        verified.increment();
        return requests.merge(message, 1, Integer::sum);
    }

    /** A request without a valid signature has come. */
    void countRefused() {
        attempts.increment();
        refused.increment();
    }

    /** A message is delivered; a second time changes nothing. */
    void delivered(String message, Arrival arrival) {
        arrivals.putIfAbsent(message, arrival);
    }

    /** All requests that came. */
    long attempts() {
        return attempts.sum();
    }

    /** Requests with a valid signature. */
    long verified() {
        return verified.sum();
    }

    /** Requests without one. */
    long refused() {
        return refused.sum();
    }

    /** Requests beyond the first for their message. */
    long retries() {
        return verified() - requests.size();
    }

    /** Messages that were delivered, each counted once. */
    int events() {
        return arrivals.size();
    }

    /** How a message arrived; null if it has not. */
    @Nullable
    Arrival arrival(String message) {
        return arrivals.get(message);
    }
}
