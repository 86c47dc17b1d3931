package io.posthorn.app;

import java.math.BigInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sizes as people write them: {@code 1MiB}, {@code 64KiB}, or a number of bytes. */
final class Sizes {
    private static final Pattern WRITTEN = Pattern.compile("(\\d{1,15})(|B|KiB|MiB|GiB)");

    private Sizes() {}

    /**
     * Reads one, within bounds.
     *
     * @param least bytes
     * @param most bytes
     */
    static Parsed<Long> parse(String text, long least, long most) {
        Matcher matcher = WRITTEN.matcher(text);
        if (!matcher.matches()) {
            return new Parsed.Wrong<>("must be a size such as 64KiB, 1MiB or a number of bytes");
        }
        BigInteger bytes = new BigInteger(matcher.group(1)).shiftLeft(shift(matcher.group(2)));
        if (bytes.compareTo(BigInteger.valueOf(most)) > 0 || bytes.compareTo(BigInteger.valueOf(least)) < 0) {
            return new Parsed.Wrong<>("must be a size from " + show(least) + " to " + show(most));
        }
        return new Parsed.Value<>(bytes.longValueExact());
    }

    /** Writes one in the largest unit that leaves a whole number. */
    static String show(long bytes) {
        for (String unit : new String[] {"GiB", "MiB", "KiB"}) {
            long one = 1L << shift(unit);
            if (bytes >= one && bytes % one == 0) {
                return bytes / one + unit;
            }
        }
        return Long.toString(bytes);
    }

    private static int shift(String unit) {
        return switch (unit) {
            case "", "B" -> 0;
            case "KiB" -> 10;
            case "MiB" -> 20;
            case "GiB" -> 30;
            default -> throw new IllegalArgumentException("no unit of size: " + unit);
        };
    }
}
