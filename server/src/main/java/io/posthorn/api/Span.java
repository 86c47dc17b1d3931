package io.posthorn.api;

import io.posthorn.history.Filter;
import io.posthorn.runtime.Time;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A span of time that a body names with {@code since} and {@code until}.
 *
 * @param since its beginning, microseconds since 1970
 * @param until its end, which does not belong to it; {@link Long#MAX_VALUE} if it has none
 */
record Span(long since, long until) {
    /**
     * Reads it; what is wrong is noted in the fields, and then it must not be used.
     *
     * @param fields of the body
     * @param now {@code since} is not later
     * @param needed whether there has to be a {@code since}; 1970 otherwise
     */
    static Span read(Fields fields, Instant now, boolean needed) {
        String since = needed
                ? fields.requiredText("since", "", text -> rule(text, now))
                : fields.optionalText("since", null, text -> rule(text, now));
        String until = fields.optionalText("until", null, text -> rule(text, null));
        Instant from = since == null ? Instant.EPOCH : Times.read(since);
        Instant to = until == null ? null : Times.read(until);
        if (from != null && to != null && !to.isAfter(from) && fields.problems().isEmpty()) {
            fields.refuse("until", "must be after since");
        }
        return new Span(from == null ? 0 : Time.micros(from), to == null ? Long.MAX_VALUE : Time.micros(to));
    }

    /** Null if it is a time; not after now, if that is given. */
    private static @Nullable String rule(String text, @Nullable Instant now) {
        Instant time = Times.read(text);
        if (time == null) {
            return "must be a time such as 2026-01-31T12:00:00Z";
        }
        if (time.isBefore(Instant.EPOCH) || !time.isBefore(Time.instant(Filter.FOREVER))) {
            return "must be a time from 1970 to 9999";
        }
        return now != null && time.isAfter(now) ? "must not be in the future" : null;
    }
}
