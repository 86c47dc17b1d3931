package io.posthorn.runtime;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What the scripts of one request may take together, those of its profile, its filter, its versions and its
 * transformation: each is bounded in itself, but there may be fifty of them. It holds for the thread that opened it, until
 * that closes it; where none is open, each evaluation has its own bounds only.
 */
public final class Budget implements AutoCloseable {
    /** The time of a processor that all evaluations may take, with the copies of what they are given. */
    public static final Duration MOST_TIME = Duration.ofMillis(250);

    /** The time on the clock. */
    public static final Duration MOST_WAIT = Duration.ofMillis(2_500);

    private static final ThreadLocal<@Nullable Budget> PRESENT = new ThreadLocal<>();

    private final @Nullable Budget outer;
    private long cpuNanos = MOST_TIME.toNanos();
    private long wallNanos = MOST_WAIT.toNanos();

    private Budget(@Nullable Budget outer) {
        this.outer = outer;
    }

    /** Opens one for the present thread. One within another is a new one; the other holds again when it is closed. */
    public static Budget open() {
        Budget budget = new Budget(PRESENT.get());
        PRESENT.set(budget);
        return budget;
    }

    /** That of the thread; null if none is open. */
    static @Nullable Budget present() {
        return PRESENT.get();
    }

    /** Of the processor's time, what is left; none if there is nothing or less. */
    long cpuNanos() {
        return cpuNanos;
    }

    /** Of the time on the clock. */
    long wallNanos() {
        return wallNanos;
    }

    /** Takes some of it. */
    void spend(long cpu, long wall) {
        cpuNanos -= cpu;
        wallNanos -= wall;
    }

    /** The thread has none any more, or the one around it. */
    @Override
    public void close() {
        if (outer == null) {
            PRESENT.remove();
        } else {
            PRESENT.set(outer);
        }
    }
}
