package io.posthorn.notify;

import java.util.HashMap;
import java.util.Map;

/**
 * How many events of an endpoint there were within a minute, of a type of which there may be very many. What is counted in
 * a transaction counts when that is committed. For one thread.
 */
final class Floods {
    /** From then on they are gathered. */
    static final int MOST_A_MINUTE = 100;

    static final long MINUTE_MICROS = 60_000_000;
    private static final int MANY = 10_000;

    private final Map<Integer, Window> counted = new HashMap<>();
    private final Map<Integer, Window> pending = new HashMap<>();

    private record Window(long since, int events) {}

    /** A transaction begins; one that was not committed has not been. */
    void begin() {
        pending.clear();
    }

    /** Counts one, and says whether it can stand for itself. */
    boolean take(int endpointNo, long now) {
        Window changed = pending.get(endpointNo);
        Window window = changed == null ? counted.get(endpointNo) : changed;
        if (window == null || now - window.since() >= MINUTE_MICROS || now < window.since()) {
            window = new Window(now, 0);
        }
        boolean alone = window.events() < MOST_A_MINUTE;
        pending.put(endpointNo, alone ? new Window(window.since(), window.events() + 1) : window);
        return alone;
    }

    /** The transaction is committed. */
    void committed(long now) {
        counted.putAll(pending);
        pending.clear();
        if (counted.size() > MANY) {
            counted.values().removeIf(window -> now - window.since() >= MINUTE_MICROS);
        }
    }
}
