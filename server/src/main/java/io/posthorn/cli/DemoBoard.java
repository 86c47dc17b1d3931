package io.posthorn.cli;

import io.posthorn.cli.DemoTally.Arrival;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Where the demo's sender and receivers write down what they see, and where the end is recognised: every event is
 * accepted and has arrived everywhere, or sending has failed.
 */
final class DemoBoard {
    private final int expected;
    private final Map<String, Sent> accepted = new ConcurrentHashMap<>();
    private final Map<DemoEndpoint, DemoTally> tallies = new EnumMap<>(DemoEndpoint.class);
    private final CountDownLatch over = new CountDownLatch(1);
    private volatile String failure = "";

    /**
     * An event that was accepted.
     *
     * @param nanos when sending it began, by {@link System#nanoTime()}
     * @param body what was sent
     */
    record Sent(long nanos, String body) {}

    /**
     * A board for a run.
     *
     * @param expected how many events will be sent
     */
    DemoBoard(int expected) {
        this.expected = expected;
        for (DemoEndpoint endpoint : DemoEndpoint.values()) {
            tallies.put(endpoint, new DemoTally());
        }
    }

    /** The server has accepted an event. */
    void accepted(String message, Sent sent) {
        accepted.put(message, sent);
        check();
    }

    /** An endpoint has answered 2xx. */
    void delivered(DemoEndpoint endpoint, String message, Arrival arrival) {
        tally(endpoint).delivered(message, arrival);
        check();
    }

    /** The run cannot succeed any more; the first reason is kept, because the others follow from it. */
    synchronized void failed(String why) {
        failure = failure.isEmpty() ? why : failure;
        over.countDown();
    }

    /**
     * Waits for the end.
     *
     * @return whether it has come
     */
    boolean awaitEnd(Duration most) throws InterruptedException {
        return over.await(most.toNanos(), TimeUnit.NANOSECONDS);
    }

    /** Why the run cannot succeed any more; empty if it can. */
    String failure() {
        return failure;
    }

    /** How many events the run sends. */
    int expected() {
        return expected;
    }

    /** The accepted events by the ids of their messages. */
    Map<String, Sent> accepted() {
        return accepted;
    }

    /** What an endpoint has seen. */
    DemoTally tally(DemoEndpoint endpoint) {
        DemoTally tally = tallies.get(endpoint);
        if (tally == null) {
            throw new IllegalStateException("no tally for " + endpoint);
        }
        return tally;
    }

    private void check() {
        if (accepted.size() >= expected && tallies.values().stream().allMatch(tally -> tally.events() >= expected)) {
            over.countDown();
        }
    }
}
