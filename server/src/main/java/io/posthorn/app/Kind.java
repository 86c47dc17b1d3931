package io.posthorn.app;

import java.util.function.Function;

/**
 * A kind of value: how it is written, read and shown.
 *
 * @param takes what it accepts, for the table of settings: {@code whole number, 0 to 65535}
 * @param shape how its text is treated before it is parsed
 * @param parser reads the text; the text is trimmed
 * @param shower the text that would be parsed to this value again
 * @param <T> the type of the value
 */
public record Kind<T>(String takes, Shape shape, Function<String, Parsed<T>> parser, Function<T, String> shower) {
    /** How the text of a setting is treated, whatever it says. */
    public enum Shape {
        /** One text. */
        SCALAR,
        /** Like a scalar, but a flag without a value means {@code true}. */
        SWITCH,
        /** A YAML list, a repeated flag, or one text with commas. */
        LIST,
        /** A text that is never shown. */
        SECRET,
        /** A URL that is shown without the password in it. */
        URL
    }

    /** Reads a text. */
    public Parsed<T> parse(String text) {
        return parser.apply(text.strip());
    }

    /** The value as it may be shown: a secret as stars. */
    public String show(T value) {
        return mask(shower.apply(value));
    }

    /** A text that somebody gave for such a value, as it may be shown. */
    public String mask(String text) {
        return switch (shape) {
            case SCALAR, SWITCH, LIST -> text;
            case SECRET -> Secret.STARS;
            case URL ->
                text.replaceAll("(//[^:/@]*:)[^/]*@", "$1" + Secret.STARS + "@")
                        .replaceAll("([?&]password=)[^&]*", "$1" + Secret.STARS);
        };
    }
}
