package io.posthorn.app;

import io.posthorn.app.Kind.Shape;
import io.posthorn.runtime.Durations;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/** The kinds of values that settings have. */
final class Kinds {
    private Kinds() {}

    /** A text without spaces, within a length. */
    static Kind<String> word(int most) {
        return new Kind<>("text", Shape.SCALAR, text -> wordOf(text, most), Function.identity());
    }

    /** A whole number, within bounds. */
    static Kind<Integer> number(int least, int most) {
        String range = "from %d to %d".formatted(least, most);
        return new Kind<>("whole number, " + range, Shape.SCALAR, text -> whole(text, least, most), String::valueOf);
    }

    /** A number that may have a fraction, within bounds. */
    static Kind<Double> fraction(double least, double most) {
        String rule = "number from %s to %s".formatted(plain(least), plain(most));
        return new Kind<>(
                rule,
                Shape.SCALAR,
                text -> {
                    if (!text.matches("\\d{1,9}(\\.\\d{1,9})?")) {
                        return new Parsed.Wrong<>("must be a " + rule);
                    }
                    double value = Double.parseDouble(text);
                    return value < least || value > most
                            ? new Parsed.Wrong<>("must be a " + rule)
                            : new Parsed.Value<>(value);
                },
                Kinds::plain);
    }

    /** {@code true} or {@code false}. */
    static Kind<Boolean> truth() {
        return new Kind<>(
                "true or false",
                Shape.SWITCH,
                text -> switch (text) {
                    case "true" -> new Parsed.Value<>(true);
                    case "false" -> new Parsed.Value<>(false);
                    default -> new Parsed.Wrong<>("must be true or false");
                },
                String::valueOf);
    }

    /** A duration, within bounds. */
    static Kind<Duration> duration(Duration least, Duration most) {
        return new Kind<>(
                "duration, from %s to %s".formatted(Durations.show(least), Durations.show(most)),
                Shape.SCALAR,
                text -> durationOf(text, least, most),
                Durations::show);
    }

    /** A size in bytes, within bounds. */
    static Kind<Long> size(long least, long most) {
        return new Kind<>(
                "size, from %s to %s".formatted(Sizes.show(least), Sizes.show(most)),
                Shape.SCALAR,
                text -> Sizes.parse(text, least, most),
                Sizes::show);
    }

    /** A path; a relative one starts at the directory that the server is started in. */
    static Kind<Path> path() {
        return new Kind<>(
                "path",
                Shape.SCALAR,
                text -> {
                    try {
                        return text.isEmpty()
                                ? new Parsed.Wrong<>("must be a path")
                                : new Parsed.Value<>(Path.of(text));
                    } catch (InvalidPathException e) {
                        return new Parsed.Wrong<>("must be a path: " + e.getReason());
                    }
                },
                Path::toString);
    }

    /** One of the log levels, in lower case. */
    static Kind<LogLevel> level() {
        String names = "trace, debug, info, warn, error or off";
        return new Kind<>(
                names,
                Shape.SCALAR,
                text -> {
                    for (LogLevel level : LogLevel.values()) {
                        if (level.name().toLowerCase(Locale.ROOT).equals(text)) {
                            return new Parsed.Value<>(level);
                        }
                    }
                    return new Parsed.Wrong<>("must be " + names);
                },
                level -> level.name().toLowerCase(Locale.ROOT));
    }

    /** A secret text of visible ASCII characters, as it goes into a header. */
    static Kind<Secret> token(int least, int most) {
        String rule = "%d to %d visible ASCII characters without spaces".formatted(least, most);
        return new Kind<>(
                rule,
                Shape.SECRET,
                text -> text.length() >= least && text.length() <= most && text.matches("[!-~]*")
                        ? new Parsed.Value<>(new Secret(text))
                        : new Parsed.Wrong<>("must be " + rule),
                Secret::reveal);
    }

    /** A secret text of any characters. */
    static Kind<Secret> password() {
        return new Kind<>("text", Shape.SECRET, text -> new Parsed.Value<>(new Secret(text)), Secret::reveal);
    }

    /** A key in base64. */
    static Kind<Secret> key(int bytes) {
        String rule = "the base64 of %d bytes, as `openssl rand -base64 %d` prints it".formatted(bytes, bytes);
        return new Kind<>(
                rule,
                Shape.SECRET,
                text -> {
                    try {
                        if (Base64.getDecoder().decode(text).length == bytes) {
                            return new Parsed.Value<>(new Secret(text));
                        }
                    } catch (IllegalArgumentException notBase64) {
                        return new Parsed.Wrong<>("must be " + rule);
                    }
                    return new Parsed.Wrong<>("must be " + rule);
                },
                Secret::reveal);
    }

    /** Several {@link #key}s with commas between them, as one secret. */
    static Kind<Secret> keys(int bytes, int most) {
        Kind<Secret> one = key(bytes);
        String rule = "1 to %d times %s, with commas between them".formatted(most, one.takes());
        return new Kind<>(
                rule,
                Shape.SECRET,
                text -> {
                    String[] parts = text.split(",", -1);
                    boolean right = parts.length <= most
                            && Arrays.stream(parts).allMatch(each -> one.parse(each) instanceof Parsed.Value<Secret>);
                    return right ? new Parsed.Value<>(new Secret(text)) : new Parsed.Wrong<>("must be " + rule);
                },
                Secret::reveal);
    }

    /** Several values of a kind, with commas between them. */
    static <T> Kind<List<T>> list(Kind<T> item, int most) {
        return new Kind<>(
                "list of at most %d: %s".formatted(most, item.takes()),
                Shape.LIST,
                text -> items(text, item, most),
                values -> String.join(",", values.stream().map(item.shower()).toList()));
    }

    private static <T> Parsed<List<T>> items(String text, Kind<T> item, int most) {
        List<T> values = new ArrayList<>();
        if (text.isEmpty()) {
            return new Parsed.Value<>(List.of());
        }
        String[] parts = text.split(",", -1);
        if (parts.length > most) {
            return new Parsed.Wrong<>("must have at most %d entries, it has %d".formatted(most, parts.length));
        }
        for (String part : parts) {
            switch (item.parse(part)) {
                case Parsed.Value<T>(T value) -> values.add(value);
                case Parsed.Wrong<T>(String rule) -> {
                    return new Parsed.Wrong<>("entry %d, '%s', %s".formatted(values.size() + 1, part.strip(), rule));
                }
            }
        }
        return new Parsed.Value<>(List.copyOf(values));
    }

    private static Parsed<Duration> durationOf(String text, Duration least, Duration most) {
        Duration duration = Durations.parse(text);
        if (duration == null) {
            return new Parsed.Wrong<>("must be a duration such as 250ms, 5s, 10m or 2h");
        }
        return duration.compareTo(least) < 0 || duration.compareTo(most) > 0
                ? new Parsed.Wrong<>("must be a duration from " + Durations.show(least) + " to " + Durations.show(most))
                : new Parsed.Value<>(duration);
    }

    private static Parsed<String> wordOf(String text, int most) {
        return text.matches("\\S{1," + most + "}")
                ? new Parsed.Value<>(text)
                : new Parsed.Wrong<>("must be 1 to %d characters without spaces".formatted(most));
    }

    private static Parsed<Integer> whole(String text, int least, int most) {
        if (text.matches("-?\\d{1,10}")) {
            long value = Long.parseLong(text);
            if (value >= least && value <= most) {
                return new Parsed.Value<>((int) value);
            }
        }
        return new Parsed.Wrong<>("must be a whole number from %d to %d".formatted(least, most));
    }

    private static String plain(double value) {
        return value == Math.rint(value) ? Long.toString((long) value) : Double.toString(value);
    }
}
