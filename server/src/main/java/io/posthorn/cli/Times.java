package io.posthorn.cli;

import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Times and durations as people write them. */
final class Times {
    private static final Pattern DURATION = Pattern.compile("(\\d{1,9})(ms|s|m|h|d|w)");

    private Times() {}

    /**
     * A duration such as {@code 250ms}, {@code 5s}, {@code 10m}, {@code 2h}, {@code 3d} or {@code 1w}.
     *
     * @throws IllegalArgumentException if it is none; the message says the rule
     */
    static Duration duration(String text) {
        Matcher matcher = DURATION.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("must be a duration such as 30s, 10m, 2h or 3d");
        }
        long number = Long.parseLong(matcher.group(1));
        return switch (matcher.group(2)) {
            case "ms" -> Duration.ofMillis(number);
            case "s" -> Duration.ofSeconds(number);
            case "m" -> Duration.ofMinutes(number);
            case "h" -> Duration.ofHours(number);
            case "d" -> Duration.ofDays(number);
            default -> Duration.ofDays(7 * number);
        };
    }

    /**
     * A time: RFC 3339, or a duration counted from now.
     *
     * @param now the present
     * @param ahead whether a duration leads into the future
     * @throws IllegalArgumentException if it is neither; the message says the rule
     */
    static Instant time(String text, Instant now, boolean ahead) {
        if (DURATION.matcher(text).matches()) {
            Duration distance = duration(text);
            return (ahead ? now.plus(distance) : now.minus(distance)).truncatedTo(ChronoUnit.MILLIS);
        }
        try {
            return OffsetDateTime.parse(text).toInstant();
        } catch (DateTimeParseException e) {
            throw new IllegalArgumentException(
                    "must be a time such as 2026-01-31T12:00:00Z, or "
                            + (ahead ? "30d for 30 days from now" : "2h for two hours ago"),
                    e);
        }
    }
}
