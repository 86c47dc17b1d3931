package io.posthorn.runtime;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How much work a regular expression can be between two looks at the text. Who counts the looks sees nothing of the rest:
 * the engine repeats what matches the empty text as often as the expression's lower bounds say, and tries every way to
 * match the empty text, without looking at a character once. Both stand in the expression itself, and are worked out here.
 *
 * <p>The <em>cost</em> is the number of its parts, each as often as the lower bounds around it say, times the number of ways
 * in which it matches the empty text. Upper bounds count within a look behind only: there the engine starts at each place
 * that far back; elsewhere a round that matched nothing is the last one. So the work of one attempt at one place is at most
 * the cost for each look at a character, and as much again.
 */
final class PatternCost {
    /** Of one lower bound, and of those within each other multiplied. */
    static final int MOST_TIMES = 1_000;

    /** Of the parts, as they are repeated, times the ways through them. */
    static final int MOST_COST = 50_000;

    /** Larger than whatever is allowed, and small enough that two of them multiplied are still a number. */
    private static final long ENDLESS = 1L << 31;

    /** In place of a character that stands in quotes: one that means nothing. */
    private static final char QUOTED = 'q';

    private static final Part NOTHING = new Part(0, 1, 1, 0, 1);
    private static final Part EMPTY = new Part(1, 1, 1, 0, 1);
    private static final Part CHARACTER = new Part(1, 0, 1, 2, 1);

    /**
     * What a part of an expression costs.
     *
     * @param weight parts, repeated as the lower bounds say
     * @param empty ways to match the empty text
     * @param ways how often what follows can be tried between two looks
     * @param width the longest that it matches, UTF-16 characters
     * @param times lower bounds within each other, multiplied
     */
    private record Part(long weight, long empty, long ways, long width, long times) {
        Part(long weight, long empty, long ways, long width, long times) {
            this.weight = Math.min(weight, ENDLESS);
            this.empty = Math.min(empty, ENDLESS);
            this.ways = Math.min(ways, ENDLESS);
            this.width = Math.min(width, ENDLESS);
            this.times = Math.min(times, ENDLESS);
        }

        Part then(Part next) {
            return new Part(
                    weight + next.weight,
                    empty * next.empty,
                    ways * next.ways,
                    width + next.width,
                    Math.max(times, next.times));
        }

        Part or(Part other) {
            long both = Math.min(empty + other.empty, ENDLESS);
            return new Part(
                    weight + other.weight + 1,
                    both,
                    Math.max(Math.max(ways, other.ways), both),
                    Math.max(width, other.width),
                    Math.max(times, other.times));
        }

        Part repeated(long least, long most) {
            long rounds = Math.max(least, 1);
            long none = empty + (least == 0 || empty > 0 ? 1 : 0);
            return new Part(
                    weight * rounds + 1,
                    none,
                    Math.max(most > 1 ? ways * ways : ways, none),
                    most == 0 ? 0 : width * most,
                    times * rounds);
        }
    }

    /** That an expression is none that is allowed; its message says why, for people. */
    static final class Refused extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Refused(String why) {
            super("the regular expression " + why, null, false, false);
        }
    }

    private final String text;
    private int at;

    private PatternCost(String text) {
        this.text = text;
    }

    /**
     * The cost.
     *
     * @param pattern that Java has read
     * @throws Refused if it is more than allowed, or cannot be told
     */
    static int of(Pattern pattern) {
        PatternCost reader = new PatternCost(unquoted(pattern.pattern()));
        Part whole = reader.alternatives();
        if (reader.at < reader.text.length()) {
            throw new Refused("has a closing parenthesis too many");
        }
        if (whole.times > MOST_TIMES) {
            throw new Refused("repeats more than " + MOST_TIMES + " times what it repeats");
        }
        long cost = whole.weight * whole.ways;
        if (cost > MOST_COST) {
            throw new Refused(
                    "can be matched in too many ways, or has too many parts, each as often as it is repeated");
        }
        return (int) Math.max(cost, 1);
    }

    /**
     * One that gives the same matches and looks at each place at least once where it is tried.
     *
     * @param pattern with a cost
     */
    static Pattern looking(Pattern pattern) {
        String text = pattern.pattern();
        return Pattern.compile("(?=(?s:.)?)(?:" + text + (quotes(text) ? "\\E)" : ")"), pattern.flags());
    }

    /** Whether it ends within quotes. */
    private static boolean quotes(String text) {
        int at = 0;
        while (at + 1 < text.length()) {
            if (text.charAt(at) != '\\') {
                at++;
            } else if (text.charAt(at + 1) != 'Q') {
                at += 2;
            } else {
                int end = text.indexOf("\\E", at + 2);
                if (end < 0) {
                    return true;
                }
                at = end + 2;
            }
        }
        return false;
    }

    /** What Java does first: what stands between \Q and \E is characters, wherever it stands. */
    private static String unquoted(String text) {
        StringBuilder unquoted = new StringBuilder(text.length());
        int at = 0;
        while (at < text.length()) {
            char c = text.charAt(at);
            if (c != '\\' || at + 1 == text.length()) {
                unquoted.append(c);
                at++;
            } else if (text.charAt(at + 1) != 'Q') {
                unquoted.append(c).append(text.charAt(at + 1));
                at += 2;
            } else {
                int end = text.indexOf("\\E", at + 2);
                int to = end < 0 ? text.length() : end;
                unquoted.repeat(QUOTED, to - at - 2);
                at = end < 0 ? to : to + 2;
            }
        }
        return unquoted.toString();
    }

    /** Up to a closing parenthesis or the end. */
    private Part alternatives() {
        Part all = sequence();
        while (takes('|')) {
            all = all.or(sequence());
        }
        return all;
    }

    private Part sequence() {
        Part all = NOTHING;
        while (at < text.length() && text.charAt(at) != '|' && text.charAt(at) != ')') {
            all = all.then(quantified());
        }
        return all;
    }

    private Part quantified() {
        Part part = quantifier() ? EMPTY : atom();
        while (quantifier()) {
            part = repeated(part);
        }
        return part;
    }

    /** Whether one is next. */
    private boolean quantifier() {
        if (at >= text.length()) {
            return false;
        }
        return switch (text.charAt(at)) {
            case '?', '*', '+' -> true;
            case '{' -> at + 1 < text.length() && isDigit(text.charAt(at + 1));
            default -> false;
        };
    }

    private Part repeated(Part part) {
        char kind = text.charAt(at++);
        Part repeated = switch (kind) {
            case '?' -> part.repeated(0, 1);
            case '*' -> part.repeated(0, ENDLESS);
            case '+' -> part.repeated(1, ENDLESS);
            default -> bounds(part);
        };
        if (!takes('?')) {
            takes('+');
        }
        return repeated;
    }

    private Part bounds(Part part) {
        long least = number();
        long most = least;
        if (takes(',')) {
            most = at < text.length() && isDigit(text.charAt(at)) ? number() : ENDLESS;
        }
        if (!takes('}')) {
            throw unknown();
        }
        if (least > MOST_TIMES) {
            throw new Refused("repeats something at least " + least + " times; at most " + MOST_TIMES + " are allowed");
        }
        return part.repeated(least, most);
    }

    private long number() {
        long number = 0;
        while (at < text.length() && isDigit(text.charAt(at))) {
            number = Math.min(number * 10 + text.charAt(at++) - '0', ENDLESS);
        }
        return number;
    }

    private Part atom() {
        char c = text.charAt(at++);
        return switch (c) {
            case '(' -> group();
            case '[' -> characters();
            case '\\' -> escaped();
            case '^', '$' -> EMPTY;
            default -> CHARACTER;
        };
    }

    private Part group() {
        if (!takes('?')) {
            return closed(alternatives());
        }
        if (takes('=') || takes('!')) {
            return ahead(closed(alternatives()));
        }
        if (takes(':')) {
            return closed(alternatives());
        }
        if (takes('>')) {
            return once(closed(alternatives()));
        }
        if (takes('<')) {
            if (takes('=') || takes('!')) {
                return behind(closed(alternatives()));
            }
            skipTo('>');
            return closed(alternatives());
        }
        while (at < text.length() && "idmsuxU-".indexOf(text.charAt(at)) >= 0) {
            if (text.charAt(at++) == 'x') {
                throw new Refused("has the flag x, which is not allowed");
            }
        }
        if (takes(')')) {
            return NOTHING;
        }
        if (!takes(':')) {
            throw unknown();
        }
        return closed(alternatives());
    }

    private Part closed(Part inner) {
        if (!takes(')')) {
            throw unknown();
        }
        return new Part(inner.weight + 1, inner.empty, inner.ways, inner.width, inner.times);
    }

    private static Part once(Part inner) {
        return new Part(inner.weight, Math.min(inner.empty, 1), inner.ways, inner.width, inner.times);
    }

    private static Part ahead(Part inner) {
        return new Part(inner.weight, 1, inner.ways, 0, inner.times);
    }

    /** It is tried from each place that is no further back than it is wide. */
    private static Part behind(Part inner) {
        return new Part(inner.weight * (inner.width + 1), 1, inner.ways, 0, inner.times);
    }

    /** A class, behind its opening bracket; a closing one that comes first is a character of it. */
    private Part characters() {
        int depth = 0;
        boolean first = true;
        takes('^');
        while (at < text.length()) {
            char c = text.charAt(at++);
            if (c == '\\') {
                escaped();
            } else if (c == '[') {
                depth++;
                takes('^');
                first = true;
                continue;
            } else if (c == ']' && !first) {
                if (depth == 0) {
                    return CHARACTER;
                }
                depth--;
            }
            first = false;
        }
        throw unknown();
    }

    private Part escaped() {
        if (at >= text.length()) {
            throw unknown();
        }
        char c = text.charAt(at++);
        switch (c) {
            case 'c' -> throw new Refused("has a control character (\\c), which is not allowed");
            case 'x', 'p', 'P', 'N' -> {
                if (takes('{')) {
                    skipTo('}');
                }
            }
            case 'k' -> skipTo('>');
            case 'b' -> {
                if (text.startsWith("{g}", at)) {
                    at += "{g}".length();
                }
            }
            default -> {}
        }
        return switch (c) {
            case 'b', 'B', 'A', 'G', 'z', 'Z', 'k', '1', '2', '3', '4', '5', '6', '7', '8', '9' -> EMPTY;
            default -> CHARACTER;
        };
    }

    private void skipTo(char end) {
        int found = text.indexOf(end, at);
        if (found < 0) {
            throw unknown();
        }
        at = found + 1;
    }

    private boolean takes(char c) {
        if (at < text.length() && text.charAt(at) == c) {
            at++;
            return true;
        }
        return false;
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    private static Refused unknown() {
        return new Refused("has something that is not known here");
    }

    /**
     * What is wrong with one.
     *
     * @param pattern that Java has read
     * @return for people; null if it is allowed
     */
    static @Nullable String broken(Pattern pattern) {
        try {
            of(pattern);
            return null;
        } catch (Refused e) {
            return e.getMessage();
        }
    }
}
