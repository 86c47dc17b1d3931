package io.posthorn.runtime;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Holds somebody to so many requests a second, as an even flow with a burst of one second's worth (the generic cell rate
 * algorithm). All it keeps is the moment up to which the flow is used up. Takes no lock; any thread may ask.
 */
public final class Pace {
    private static final long SECOND = 1_000_000_000L;

    /** Nanoseconds: before it, the flow is used up; a moment that has passed means that nothing of it is. */
    private final AtomicLong usedUntil;

    /**
     * Nothing used.
     *
     * @param now nanoseconds, as {@link System#nanoTime} counts them
     */
    public Pace(long now) {
        this.usedUntil = new AtomicLong(now);
    }

    /**
     * Asks for one request.
     *
     * @param perSecond 1 to 1,000,000; it may be another one each time
     * @param now nanoseconds, as {@link System#nanoTime} counts them
     * @return how many more could follow at once; −1 if this one is too many, and then the next one is allowed within a
     *     second
     */
    public int take(int perSecond, long now) {
        long each = SECOND / perSecond;
        while (true) {
            long until = usedUntil.get();
            long from = until - now > 0 ? until : now;
            long left = SECOND - (from + each - now);
            if (left < 0) {
                return -1;
            }
            if (usedUntil.compareAndSet(until, from + each)) {
                return (int) Math.min(perSecond - 1L, left / each);
            }
        }
    }

    /**
     * What was asked for has come to nothing, and may be asked for again.
     *
     * @param count as it was asked for
     * @param perSecond as it was asked for
     */
    public void giveBack(int count, int perSecond) {
        usedUntil.addAndGet(-(SECOND / perSecond * count));
    }

    /**
     * Asks for several at once, all or none. More than a second's worth is allowed if nothing of the flow is used, and
     * then uses up as much time.
     *
     * @param count at least 1
     * @param perSecond 1 to 1,000,000; it may be another one each time
     * @param now nanoseconds, as {@link System#nanoTime} counts them
     * @return 0 if they are allowed; else in how many nanoseconds they are, if nobody else asks
     */
    public long takeAll(int count, int perSecond, long now) {
        long cost = SECOND / perSecond * count;
        while (true) {
            long until = usedUntil.get();
            long used = Math.max(0, until - now);
            long wait = used + Math.min(cost, SECOND) - SECOND;
            if (wait > 0) {
                return wait;
            }
            if (usedUntil.compareAndSet(until, now + used + cost)) {
                return 0;
            }
        }
    }
}
