package io.posthorn.history;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * What a path of SQL/JSON may be, so that following it in a payload stays bounded by the payload's size. A statement that
 * takes too long is broken off, but PostgreSQL collects what a path finds in memory, and does not look up from comparing
 * two lists. So nothing may find the same values again and again ({@code $.**.**}, {@code $[0,0][0,0]}, {@code
 * $.keyvalue().keyvalue()}: each step multiplies what the one before found; {@code $[*] ? ($[*] == 2)}, {@code
 * $[*][$[*] ? (@ == 0)]}: each value collects the whole payload anew), and no list is compared with another one. What is
 * left keeps some hundred bytes for each value of the payload and each step of the path, so the steps are counted.
 */
final class PayloadPath {
    private static final Pattern TOKEN = Pattern.compile("\"(?:[^\"\\\\]++|\\\\.)*+\"|\\*\\*|[=!<>]=|<>|&&|\\|\\|"
            + "|[A-Za-z_]++|[0-9]++(?:\\.[0-9]++)?(?:[eE][+-]?[0-9]++)?|\\S");
    private static final Set<String> COMPARING = Set.of("==", "!=", "<>", "<", ">", "<=", ">=");
    private static final String ROOT =
            "may have $ once, at its start; in a filter, write @ for the value that is looked at,"
                    + " as in $.items[*] ? (@.price > 100)";
    private static final Set<String> BEFORE = Set.of("(", "&&", "||");
    private static final Set<String> BEHIND = Set.of(")", "&&", "||");

    private static final Set<String> STEPS =
            Set.of("?", "[", "**", "+", "-", "/", "%", "like_regex", "starts", "exists", "is");
    private static final Set<String> IN_SUBSCRIPT = Set.of("*", "last", "to", "+", "-");
    private static final int MOST_STEPS = 10;
    private static final int DEEPEST = 10;

    private final List<String> tokens;

    private PayloadPath(List<String> tokens) {
        this.tokens = tokens;
    }

    /**
     * The rule that a path breaks; null if it breaks none.
     *
     * @param path as PostgreSQL writes it: all names in quotes
     */
    static @Nullable String broken(String path) {
        List<String> tokens = new ArrayList<>();
        Matcher matcher = TOKEN.matcher(path);
        while (matcher.find()) {
            tokens.add(matcher.group());
        }
        return new PayloadPath(tokens).broken();
    }

    private @Nullable String broken() {
        long spreading = tokens.stream()
                .filter(token -> token.equals("**") || token.equals("keyvalue"))
                .count();
        if (spreading > 1) {
            return "may have .** or .keyvalue() once, not more";
        }
        if (tokens.contains(",")) {
            return "may have one subscript or range in brackets, and no list of them";
        }
        if (tokens.stream().filter(token -> token.equals("$")).count() > 1) {
            return ROOT;
        }
        if (IntStream.range(0, tokens.size()).filter(this::isStep).count() > MOST_STEPS) {
            return "may have " + MOST_STEPS + " subscripts, filters, comparisons, methods and calculations together";
        }
        String nested = brokenInside();
        if (nested != null) {
            return nested;
        }
        for (int i = 0; i < tokens.size(); i++) {
            if (COMPARING.contains(tokens.get(i)) && !isPlainBefore(i - 1) && !isPlainBehind(i + 1)) {
                return "may compare with a text, a number, true, false or null only";
            }
        }
        return null;
    }

    /** What PostgreSQL keeps values for: one for each that it looks at there. */
    private boolean isStep(int at) {
        String token = tokens.get(at);
        return STEPS.contains(token)
                || COMPARING.contains(token)
                || (token.equals("*") && !Set.of(".", "[").contains(before(at)))
                || (token.equals("(") && Character.isLetter(before(at).charAt(0)) && !STEPS.contains(before(at)));
    }

    /** The token before that one; a blank at the start. */
    private String before(int at) {
        return at == 0 ? " " : tokens.get(at - 1);
    }

    /** What is wrong with what stands in filters and subscripts: both are followed once for each value. */
    private @Nullable String brokenInside() {
        Deque<String> open = new ArrayDeque<>();
        for (int i = 0; i < tokens.size(); i++) {
            String token = tokens.get(i);
            switch (token) {
                case "(" -> open.push(before(i).equals("?") ? "?" : "(");
                case "[" -> open.push("[");
                case ")", "]" -> open.poll();
                case "$" -> {
                    if (open.contains("?") || open.contains("[")) {
                        return ROOT;
                    }
                    if (i + 1 < tokens.size() && tokens.get(i + 1).charAt(0) == '"') {
                        return "may have no variables";
                    }
                }
                default -> {
                    // nothing opens, nothing closes
                }
            }
            if (open.size() > DEEPEST) {
                return "may be nested " + DEEPEST + " deep";
            }
            if (open.contains("[")
                    && !token.equals("[")
                    && !IN_SUBSCRIPT.contains(token)
                    && !Character.isDigit(token.charAt(0))) {
                return "may have *, a number, last or a range of those in brackets";
            }
        }
        return null;
    }

    private boolean isPlainBefore(int at) {
        int start = isSign(at - 1) ? at - 2 : at - 1;
        return isPlain(at) && (start < 0 || BEFORE.contains(tokens.get(start)));
    }

    private boolean isPlainBehind(int at) {
        int end = isSign(at) ? at + 1 : at;
        return isPlain(end) && (end + 1 == tokens.size() || BEHIND.contains(tokens.get(end + 1)));
    }

    private boolean isSign(int at) {
        return at >= 0
                && at < tokens.size()
                && (tokens.get(at).equals("-") || tokens.get(at).equals("+"));
    }

    private boolean isPlain(int at) {
        if (at < 0 || at >= tokens.size()) {
            return false;
        }
        String token = tokens.get(at);
        return switch (token) {
            case "true", "false", "null" -> true;
            default -> token.charAt(0) == '"' || Character.isDigit(token.charAt(0));
        };
    }
}
