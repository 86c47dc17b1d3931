package io.posthorn.dispatch;

import io.posthorn.runtime.Pace;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Holds applications to their part of the checks, so that none can make a proxy of them or take the places of the others: two
 * at once, and one a second, of which ten may come together. Used on any thread.
 */
final class CheckPace {
    /** At once, of one application. */
    static final int MOST_AT_ONCE = 2;
    /** In as many seconds. */
    static final int BURST = 10;
    /** Applications that are remembered; those that have asked for nothing of late are forgotten first. */
    static final int MOST_APPLICATIONS = 10_000;

    private final LongSupplier nanos;
    private final long start;
    /** By the number of the application. Guarded by this. */
    private final Map<Integer, Part> parts = new HashMap<>();

    /** What one application has taken. */
    private static final class Part {
        final Pace pace;
        long lastAt;
        int underWay;

        Part(long now) {
            this.pace = new Pace(slow(now));
            this.lastAt = now;
        }
    }

    /**
     * Nothing taken.
     *
     * @param nanos the clock, as {@link System#nanoTime}
     */
    CheckPace(LongSupplier nanos) {
        this.nanos = nanos;
        this.start = nanos.getAsLong();
    }

    /** A clock on which ten seconds are one: a pace has a burst of one second's worth. */
    private static long slow(long sinceStart) {
        return sinceStart / BURST;
    }

    /**
     * Takes a place.
     *
     * @param appNo the application
     * @return whether there is one, to be given back with {@link #leave}
     */
    synchronized boolean enter(int appNo) {
        long now = nanos.getAsLong() - start;
        if (parts.size() >= MOST_APPLICATIONS) {
            parts.values().removeIf(part -> part.underWay == 0 && now - part.lastAt > BURST * 1_000_000_000L);
        }
        Part part = parts.get(appNo);
        if (part == null) {
            if (parts.size() >= MOST_APPLICATIONS) {
                return false;
            }
            part = new Part(now);
            parts.put(appNo, part);
        }
        if (part.underWay == MOST_AT_ONCE || part.pace.take(BURST, slow(now)) < 0) {
            return false;
        }
        part.lastAt = now;
        part.underWay++;
        return true;
    }

    /** Gives a place back. */
    synchronized void leave(int appNo) {
        Part part = parts.get(appNo);
        if (part != null) {
            part.underWay--;
        }
    }
}
