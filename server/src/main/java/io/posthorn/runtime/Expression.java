package io.posthorn.runtime;

import com.dashjoin.jsonata.JException;
import com.dashjoin.jsonata.Jsonata;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A condition in JSONata, written by somebody who is not trusted. It is held to a part of the language in which neither
 * its time nor its memory can run away: paths, comparisons, arithmetic, {@code and}, {@code or}, {@code in}, the
 * conditional, and some functions. What is left out is what could: regular expressions (and with them the slash), functions
 * of its own, variables, ranges, objects, arrays of anything but literals, joining of texts, descendants. Beyond that it
 * has 100 ms and a depth of 100.
 *
 * <p>Not safe for several threads at once: each has its own.
 */
public final class Expression {
    /** The longest there may be, characters. */
    public static final int MOST_CHARACTERS = 1_024;

    private static final long MOST_MILLIS = 100;
    private static final int MOST_DEPTH = 100;

    private static final Set<String> FUNCTIONS = Set.of(
            "", // the present value
            "$", // the whole input
            "abs",
            "average",
            "boolean",
            "ceil",
            "contains",
            "count",
            "exists",
            "floor",
            "keys",
            "length",
            "lookup",
            "lowercase",
            "max",
            "min",
            "not",
            "number",
            "round",
            "substring",
            "substringAfter",
            "substringBefore",
            "sum",
            "trim",
            "type",
            "uppercase");

    private final Jsonata compiled;

    private Expression(Jsonata compiled) {
        this.compiled = compiled;
    }

    /**
     * What an expression said.
     *
     * @param holds whether it was true
     * @param why it was not, for people; null if it was
     */
    public record Answer(boolean holds, @Nullable String why) {}

    /**
     * Whether something is wrong with it.
     *
     * @param text the expression
     * @return what, for people; null if it can be used
     */
    public static @Nullable String broken(String text) {
        if (text.isBlank()) {
            return "is empty";
        }
        if (text.length() > MOST_CHARACTERS) {
            return "has " + text.length() + " characters; at most " + MOST_CHARACTERS + " are allowed";
        }
        String refused = new Scan(text).refused();
        if (refused != null) {
            return refused;
        }
        try {
            compile(text);
            return null;
        } catch (RuntimeException e) {
            return "is no JSONata: " + said(e);
        } catch (StackOverflowError _) {
            return "is nested too deeply";
        }
    }

    /**
     * An expression to be asked.
     *
     * @param text one with which nothing is wrong
     * @throws IllegalArgumentException if something is
     */
    public static Expression of(String text) {
        String broken = broken(text);
        if (broken != null) {
            throw new IllegalArgumentException("the expression " + broken);
        }
        return new Expression(compile(text));
    }

    private static Jsonata compile(String text) {
        return Jsonata.jsonata(text);
    }

    /**
     * Asks it. Takes 100 ms at the most, and a little.
     *
     * @param input of maps with texts as keys, lists, texts, numbers, booleans and null
     * @return true only if it gives the value true; that it fails is no exception but an answer
     */
    public Answer ask(Object input) {
        try {
            Jsonata.Frame frame = compiled.createFrame();
            frame.setRuntimeBounds(MOST_MILLIS, MOST_DEPTH);
            Object value = compiled.evaluate(input, frame);
            return Boolean.TRUE.equals(value)
                    ? new Answer(true, null)
                    : new Answer(false, "the success expression gave " + shown(value) + ", not true");
        } catch (RuntimeException e) {
            return new Answer(false, "the success expression failed: " + said(e));
        } catch (StackOverflowError _) {
            return new Answer(false, "the success expression failed: its input is nested too deeply");
        }
    }

    private static String shown(@Nullable Object value) {
        return switch (value) {
            case null -> "nothing";
            case Boolean b -> b.toString();
            case Number n -> n.toString();
            case String s -> "a text";
            default -> "something that is not a boolean";
        };
    }

    private static String said(Throwable e) {
        String message = e instanceof JException j ? j.getDetailedErrorMessage() : e.getMessage();
        String text = message == null ? e.getClass().getSimpleName() : message;
        return text.length() > 200 ? text.substring(0, 200) + "…" : text;
    }

    /** Reads the tokens as far as it takes to see what is not allowed. */
    private static final class Scan {
        /** As JSONata has it: quotes and the dollar sign may stand in a name. Here they may not. */
        private static final String ENDS_A_NAME = " \t\n\r\u000b.[]{}()@#%;:?^&!~|=<>*/+-,";

        private static final Set<String> WORDS = Set.of("and", "or", "in");

        private static final Pattern NUMBER = Pattern.compile("[0-9]+([eE][0-9]*)?");
        /** What may stand in an array: numbers, texts and the commas between them. */
        private static final String IN_AN_ARRAY = "0123456789.-+eE, \t\n\r";

        private final String text;
        private int at;
        /** A value ended just before: what follows is an operator, or an index and not an array. */
        private boolean afterValue;

        Scan(String text) {
            this.text = text;
        }

        @Nullable
        String refused() {
            while (at < text.length()) {
                char c = text.charAt(at);
                String refused = switch (c) {
                    case ' ', '\t', '\n', '\r', '\u000b' -> skip(afterValue);
                    case '"', '\'' -> quoted(c, true);
                    case '`' -> quoted(c, false);
                    case '$' -> function();
                    case '[' -> afterValue ? skip(false) : array();
                    case ')', ']' -> skip(true);
                    case '/' -> "has a slash: regular expressions are not allowed, nor are division and comments";
                    case '{', '}' -> "has a brace: objects and functions of its own are not allowed";
                    case '&' -> "has an ampersand: texts cannot be joined";
                    case '|' -> "has a bar: transformations are not allowed";
                    case '~' -> "has a tilde: functions cannot be chained";
                    case '@', '#' -> "has " + c + ": joins and positions are not allowed";
                    case '*' -> next() == '*' ? "has **, which is not allowed" : skip(!afterValue);
                    case '%' -> skip(!afterValue); // the parent, or a remainder
                    case '.' -> next() == '.' ? "has a range, which is not allowed" : skip(false);
                    case ':' -> next() == '=' ? "has :=, but variables are not allowed" : skip(false);
                    case '(', ',', ';', '?', '^', '!', '=', '<', '>', '+', '-' -> skip(false);
                    default -> name();
                };
                if (refused != null) {
                    return refused;
                }
            }
            return null;
        }

        private char next() {
            return at + 1 < text.length() ? text.charAt(at + 1) : '\0';
        }

        private @Nullable String skip(boolean valueEnds) {
            at++;
            afterValue = valueEnds;
            return null;
        }

        private @Nullable String quoted(char quote, boolean escapes) {
            at++;
            while (at < text.length() && text.charAt(at) != quote) {
                at += escapes && text.charAt(at) == '\\' ? 2 : 1;
            }
            if (at >= text.length()) {
                return "has a quotation that does not end";
            }
            return skip(true);
        }

        private @Nullable String function() {
            String name = word(at + 1);
            at += 1 + name.length();
            afterValue = true;
            return FUNCTIONS.contains(name) ? null : "uses $" + name + ", which is not one of those that are allowed";
        }

        private @Nullable String name() {
            String name = word(at);
            at += name.length();
            afterValue = !WORDS.contains(name);
            if (Character.isDigit(name.charAt(0)) && !NUMBER.matcher(name).matches()) {
                return "has " + name + ", which is neither a number nor a name";
            }
            if (name.matches(".*[\"'`$].*")) {
                return "has " + name + ": a name with such characters stands between backquotes";
            }
            return name.equals("function") || name.indexOf('\u03bb') >= 0
                    ? "has a function of its own, which is not allowed"
                    : null;
        }

        private @Nullable String array() {
            at++;
            while (at < text.length() && text.charAt(at) != ']') {
                char c = text.charAt(at);
                if (c == '"' || c == '\'') {
                    String refused = quoted(c, true);
                    if (refused != null) {
                        return refused;
                    }
                } else if (IN_AN_ARRAY.indexOf(c) < 0) {
                    return "has an array of something else than numbers and texts, which is not allowed";
                } else if (c == '.' && next() == '.') {
                    return "has a range, which is not allowed";
                } else {
                    at++;
                }
            }
            return at >= text.length() ? "has an array that does not end" : skip(true);
        }

        private String word(int from) {
            int to = from;
            while (to < text.length() && ENDS_A_NAME.indexOf(text.charAt(to)) < 0) {
                to++;
            }
            return text.substring(from, to);
        }
    }
}
