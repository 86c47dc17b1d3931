package io.posthorn.dispatch;

/**
 * An even flow of requests (the generic cell rate algorithm) on a clock that is handed in. It may run ahead of the even
 * flow by a burst, a tenth of a second's worth. In any second there are therefore at most the limit, a tenth of it, and
 * one; over any longer time it is the limit.
 */
final class Flow {
    private static final double SECOND = 1_000_000;
    private static final double BURST = 100_000;
    /** Who waits is woken some 25 ms late; a slow flow may be so much early, so that it does not fall behind. */
    private static final double LATENESS = 25_000;

    /** Microseconds: the flow is used up until then. Fractions count at a high rate. */
    private double usedUntil = Double.NEGATIVE_INFINITY;

    /**
     * When the next request may start, microseconds since 1970.
     *
     * @param perSecond the rate, more than 0; it may be another one each time
     * @param now microseconds since 1970
     * @return now if it may start now
     */
    long opensAt(double perSecond, long now) {
        double each = SECOND / perSecond;
        double ahead = Math.max(LATENESS, BURST - each);
        double at = usedUntil - ahead;
        return at <= now ? now : (long) Math.ceil(at);
    }

    /** A request starts. */
    void started(double perSecond, long now) {
        usedUntil = Math.max(usedUntil, (double) now) + SECOND / perSecond;
    }

    /** One that had started was not sent after all. */
    void givenBack(double perSecond) {
        usedUntil -= SECOND / perSecond;
    }

    /** Nothing has been used. */
    void reset() {
        usedUntil = Double.NEGATIVE_INFINITY;
    }
}
