package io.posthorn.app;

import java.math.BigInteger;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Durations as people write them: {@code 250ms}, {@code 5s}, {@code 10m}, {@code 2h}, {@code 1d}. */
final class Durations {
    private static final Pattern WRITTEN = Pattern.compile("(\\d{1,12})(ms|s|m|h|d)");

    private Durations() {}

    /** Reads one, within bounds. */
    static Parsed<Duration> parse(String text, Duration least, Duration most) {
        Matcher matcher = WRITTEN.matcher(text);
        if (!matcher.matches()) {
            return new Parsed.Wrong<>("must be a duration such as 250ms, 5s, 10m or 2h");
        }
        BigInteger millis = new BigInteger(matcher.group(1)).multiply(BigInteger.valueOf(millis(matcher.group(2))));
        boolean tooMuch = millis.compareTo(BigInteger.valueOf(most.toMillis())) > 0;
        if (tooMuch || millis.compareTo(BigInteger.valueOf(least.toMillis())) < 0) {
            return new Parsed.Wrong<>("must be a duration from " + show(least) + " to " + show(most));
        }
        return new Parsed.Value<>(Duration.ofMillis(millis.longValueExact()));
    }

    /** Writes one in the largest unit that leaves a whole number; days only from two on. */
    static String show(Duration duration) {
        long millis = duration.toMillis();
        if (millis == 0) {
            return "0s";
        }
        for (String unit : new String[] {"d", "h", "m", "s"}) {
            long most = unit.equals("d") ? 2 * millis(unit) : millis(unit);
            if (millis >= most && millis % millis(unit) == 0) {
                return millis / millis(unit) + unit;
            }
        }
        return millis + "ms";
    }

    private static long millis(String unit) {
        return switch (unit) {
            case "ms" -> 1L;
            case "s" -> 1_000L;
            case "m" -> 60_000L;
            case "h" -> 3_600_000L;
            case "d" -> 86_400_000L;
            default -> throw new IllegalArgumentException("no unit of time: " + unit);
        };
    }
}
