package io.posthorn.api;

import io.posthorn.model.Application;
import io.posthorn.runtime.Pace;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Holds applications to their {@code rateLimit}: messages a second, whoever sends them. Nothing is kept of those without
 * one. Used on all event loops.
 */
public final class ApplicationPace {
    private static final long SECOND = 1_000_000_000L;

    private final LongSupplier nanos;
    /** By the number of the application. One entry is a moment; numbers are not used twice. */
    private final ConcurrentHashMap<Integer, Pace> paces = new ConcurrentHashMap<>();

    /**
     * Nothing used.
     *
     * @param nanos the clock, as {@link System#nanoTime}
     */
    public ApplicationPace(LongSupplier nanos) {
        this.nanos = nanos;
    }

    /**
     * Counts messages, all or none.
     *
     * @return the answer if they are too many; null if they are not
     */
    @Nullable
    Answer refuse(Application application, int messages) {
        Integer limit = application.rateLimit();
        if (limit == null) {
            return null;
        }
        long now = nanos.getAsLong();
        long wait = paces.computeIfAbsent(application.no(), no -> new Pace(now)).takeAll(messages, limit, now);
        if (wait == 0) {
            return null;
        }
        int seconds = (int) Math.min(Integer.MAX_VALUE, (wait + SECOND - 1) / SECOND);
        return Answer.error(
                429,
                "rate_limited",
                "this application may get " + limit + " messages a second",
                Answer.retryAfter(seconds));
    }

    /** They were counted, but not taken. */
    void giveBack(Application application, int messages) {
        Integer limit = application.rateLimit();
        Pace pace = paces.get(application.no());
        if (limit != null && pace != null) {
            pace.giveBack(messages, limit);
        }
    }
}
