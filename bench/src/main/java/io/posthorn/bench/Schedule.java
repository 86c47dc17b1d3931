package io.posthorn.bench;

/**
 * When the messages of an open loop are to be sent: at a constant rate, whatever the server does. Latencies are
 * measured from these moments and not from when the harness got round to sending, so that a server that stops for a
 * second shows a second in the latencies of all that should have been sent meanwhile (no coordinated omission).
 *
 * @param start when the first is due, microseconds
 * @param perSecond how many are due in a second, above 0
 */
record Schedule(long start, double perSecond) {
    Schedule {
        if (!(perSecond > 0)) {
            throw new IllegalArgumentException("a schedule has a rate above 0, this one has " + perSecond);
        }
    }

    /**
     * When a message is due.
     *
     * @param index 0 for the first
     * @return microseconds
     */
    long due(long index) {
        return start + (long) (index * 1e6 / perSecond);
    }
}
