package io.posthorn.runtime;

import java.util.concurrent.atomic.AtomicLong;

/**
 * A clock that never goes back, for moments that are compared with each other later: an endpoint gets the messages that
 * were accepted after it was made, also if the machine's clock was set back in between.
 */
public final class SteadyTime implements Time {
    private final Time clock;
    private final AtomicLong latest = new AtomicLong(Long.MIN_VALUE);

    /** On top of a clock that may go back. */
    public SteadyTime(Time clock) {
        this.clock = clock;
    }

    @Override
    public long micros() {
        return latest.accumulateAndGet(clock.micros(), Math::max);
    }

    /**
     * Nothing earlier than this will be told.
     *
     * @param micros microseconds since 1970
     */
    public void atLeast(long micros) {
        latest.accumulateAndGet(micros, Math::max);
    }
}
