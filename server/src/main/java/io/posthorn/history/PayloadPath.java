package io.posthorn.history;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a path of SQL/JSON may be, so that following it in a payload stays bounded by the payload's size. A statement that
 * takes too long is broken off, but PostgreSQL collects what a path finds in memory, and does not look up from comparing
 * two lists. So nothing may find the same values again and again ({@code $.**.**}, {@code $[0,0][0,0]}, {@code
 * $.keyvalue().keyvalue()}: each step multiplies what the one before found), and no list is compared with another one.
 */
final class PayloadPath {
    private static final Pattern TOKEN = Pattern.compile("\"(?:[^\"\\\\]++|\\\\.)*+\"|\\*\\*|[=!<>]=|<>|&&|\\|\\|"
            + "|[A-Za-z_]++|[0-9]++(?:\\.[0-9]++)?(?:[eE][+-]?[0-9]++)?|\\S");
    private static final Set<String> COMPARING = Set.of("==", "!=", "<>", "<", ">", "<=", ">=");
    private static final Set<String> BEFORE = Set.of("(", "&&", "||");
    private static final Set<String> BEHIND = Set.of(")", "&&", "||");

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
        for (int i = 0; i < tokens.size(); i++) {
            if (COMPARING.contains(tokens.get(i)) && !isPlainBefore(i - 1) && !isPlainBehind(i + 1)) {
                return "may compare with a text, a number, true, false or null only";
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
