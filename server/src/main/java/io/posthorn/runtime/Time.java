package io.posthorn.runtime;

import java.time.Instant;

/** The clock, in the unit that PostgreSQL keeps: microseconds since 1970. Tests bring their own. */
@FunctionalInterface
public interface Time {
    /** A day, microseconds. */
    long DAY_MICROS = 86_400_000_000L;

    /** The present moment, microseconds since 1970. */
    long micros();

    /** The machine's clock. */
    static Time system() {
        return () -> micros(Instant.now());
    }

    /**
     * A moment as microseconds since 1970, what is finer cut off.
     *
     * @param instant the moment
     */
    static long micros(Instant instant) {
        return instant.getEpochSecond() * 1_000_000L + instant.getNano() / 1_000;
    }

    /**
     * The other way round.
     *
     * @param micros microseconds since 1970
     */
    static Instant instant(long micros) {
        return Instant.ofEpochSecond(Math.floorDiv(micros, 1_000_000L), Math.floorMod(micros, 1_000_000L) * 1_000L);
    }
}
