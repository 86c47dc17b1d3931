package io.posthorn.api;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import org.jspecify.annotations.Nullable;

/**
 * Times as requests write them: ISO 8601 with an offset. The seconds may be left out, which the clients of Java do when
 * they are zero.
 */
final class Times {
    private Times() {}

    /** Null if it is no time; it may be any year. */
    static @Nullable Instant read(String text) {
        try {
            return OffsetDateTime.parse(text).toInstant();
        } catch (DateTimeException e) {
            return null;
        }
    }
}
