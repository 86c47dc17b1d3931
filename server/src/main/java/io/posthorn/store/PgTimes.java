package io.posthorn.store;

import io.posthorn.runtime.Time;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import org.jspecify.annotations.Nullable;

/**
 * Between times as Posthorn has them and {@code timestamptz}, which the driver knows as {@link OffsetDateTime} only.
 * Both are exact to the microsecond.
 */
public final class PgTimes {
    private PgTimes() {}

    /** A parameter, of microseconds since 1970. */
    public static OffsetDateTime utc(long micros) {
        return utc(Time.instant(micros));
    }

    /** A parameter. */
    public static OffsetDateTime utc(Instant instant) {
        return instant.atOffset(ZoneOffset.UTC);
    }

    /** A column that is not null, in microseconds since 1970. */
    public static long micros(ResultSet row, int column) throws SQLException {
        return Time.micros(row.getObject(column, OffsetDateTime.class).toInstant());
    }

    /** A column that is not null, in microseconds since 1970. */
    public static long micros(ResultSet row, String column) throws SQLException {
        return Time.micros(instant(row, column));
    }

    /** A column that is not null. */
    public static Instant instant(ResultSet row, String column) throws SQLException {
        return row.getObject(column, OffsetDateTime.class).toInstant();
    }

    /** Microseconds since 1970; 0 for null. */
    public static long microsOrZero(ResultSet row, String column) throws SQLException {
        return microsOrZero(row.getObject(column, OffsetDateTime.class));
    }

    /** Microseconds since 1970; 0 for null. */
    public static long microsOrZero(ResultSet row, int column) throws SQLException {
        return microsOrZero(row.getObject(column, OffsetDateTime.class));
    }

    private static long microsOrZero(@Nullable OffsetDateTime time) {
        return time == null ? 0 : Time.micros(time.toInstant());
    }
}
