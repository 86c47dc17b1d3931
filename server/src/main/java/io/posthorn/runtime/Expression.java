package io.posthorn.runtime;

import com.dashjoin.jsonata.JException;
import com.dashjoin.jsonata.Jsonata;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A condition in JSONata, written by somebody who is not trusted. It is held to a part of the language in which the work
 * is at most the size of the answer times the size of the expression:
 *
 * <pre>{@code
 * condition  = or [ "?" condition ":" condition ]
 * or         = and { "or" and }
 * and        = comparison { "and" comparison }
 * comparison = operand [ ( "=" | "!=" | "<" | "<=" | ">" | ">=" | "in" ) operand ]
 * operand    = literal | list of literals | path | call | "(" condition ")"
 * path       = name { "[" whole number "]" } { "." name { "[" whole number "]" } }
 * call       = "$" function "(" operand { "," operand } ")"
 * }</pre>
 *
 * <p>Why that bounds the work, N being what the answer has of values and characters, and E the characters of the
 * expression:
 *
 * <ul>
 *   <li>There are no loops, no variables and no predicates: each part of the expression is worked out once at the most, and
 *       always against the whole answer. Nothing is worked out for each of many values.
 *   <li>A path only goes down. What one step gives are different places of the answer, none within another: the next step
 *       leads from each of them to its own children. So all values that a step gives are together no larger than N. A step
 *       copies references of these, once for each level of lists within lists, of which there are at most
 *       {@value #MOST_LEVELS}: that is the constant. An index picks from them.
 *   <li>A comparison looks at each of its two values once, {@code in} at one for each of a list, as far as they are alike:
 *       at most N.
 *   <li>A function gives nothing that is larger than what it is given, and reads it once; upper and lower case are our own
 *       for that, character by character. Where it searches, what it searches for is a
 *       literal, so that N times the length of that is what it costs. {@code $round} has no second argument: with one it
 *       writes as many digits as that says.
 * </ul>
 *
 * <p>So the work is at most a constant for each of N · E. The answer is held to {@link #MOST_ANSWER_CHARACTERS} and
 * {@link #MOST_VALUES}, the expression to {@link #MOST_CHARACTERS}. The text is read here, token by token, and what JSONata
 * gets is written anew from that, with all names in backquotes: how it would have read the text is of no meaning. Beyond
 * that it has a second, which it does not need.
 *
 * <p>Not safe for several threads at once: each has its own.
 */
public final class Expression {
    /** The longest there may be, characters. */
    public static final int MOST_CHARACTERS = 1_024;

    /** The longest body there may be in an answer; a longer one is to be cut or left out. */
    public static final int MOST_ANSWER_CHARACTERS = 16 << 10;

    /** Values in it, objects and lists included. */
    public static final int MOST_VALUES = 4_000;
    /** How deep lists and objects stand in it. */
    public static final int MOST_LEVELS = 20;

    private static final long MOST_MILLIS = 1_000;
    /** More than what the grammar and {@link #MOST_NESTED} allow: 341 operands joined by {@code or} are as deep. */
    private static final int MOST_DEPTH = 1_000;

    /** How deep brackets, calls and conditions stand in an expression. */
    private static final int MOST_NESTED = 32;

    /** What a function may be given. */
    private enum Kind {
        ONE(1, 1),
        PART(2, 3),
        /** The second one is what is looked for, a literal. */
        SEARCH(2, 2);

        final int least;
        final int most;

        Kind(int least, int most) {
            this.least = least;
            this.most = most;
        }
    }

    private static final Map<String, Kind> FUNCTIONS = Map.ofEntries(
            Map.entry("abs", Kind.ONE),
            Map.entry("average", Kind.ONE),
            Map.entry("boolean", Kind.ONE),
            Map.entry("ceil", Kind.ONE),
            Map.entry("contains", Kind.SEARCH),
            Map.entry("count", Kind.ONE),
            Map.entry("exists", Kind.ONE),
            Map.entry("floor", Kind.ONE),
            Map.entry("keys", Kind.ONE),
            Map.entry("length", Kind.ONE),
            Map.entry("lookup", Kind.SEARCH),
            Map.entry("lowercase", Kind.ONE),
            Map.entry("max", Kind.ONE),
            Map.entry("min", Kind.ONE),
            Map.entry("not", Kind.ONE),
            Map.entry("number", Kind.ONE),
            Map.entry("round", Kind.ONE),
            Map.entry("substring", Kind.PART),
            Map.entry("substringAfter", Kind.SEARCH),
            Map.entry("substringBefore", Kind.SEARCH),
            Map.entry("sum", Kind.ONE),
            Map.entry("trim", Kind.ONE),
            Map.entry("type", Kind.ONE),
            Map.entry("uppercase", Kind.ONE));

    private final Jsonata compiled;
    private final Jsonata.Frame environment;

    private Expression(Jsonata compiled) {
        this.compiled = compiled;
        this.environment = Library.environment(compiled);
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
        try {
            compile(text);
            return null;
        } catch (NotAllowed e) {
            return String.valueOf(e.getMessage());
        } catch (RuntimeException e) {
            return "is no JSONata: " + said(e);
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
        Jsonata compiled = Jsonata.jsonata(new Reader(text).canonical());
        compiled.registerFunction(
                "lowercase", (Jsonata.Fn1<@Nullable Object, @Nullable Object>) value -> cased(value, false));
        compiled.registerFunction(
                "uppercase", (Jsonata.Fn1<@Nullable Object, @Nullable Object>) value -> cased(value, true));
        return compiled;
    }

    /** Character by character. Java's own, where one becomes two, copies all that it has so far, each time. */
    private static @Nullable Object cased(@Nullable Object value, boolean upper) {
        if (value == null) {
            return null; // what is not there
        }
        if (!(value instanceof String text)) {
            throw new IllegalArgumentException("only of a text there is an upper and a lower case");
        }
        StringBuilder cased = new StringBuilder(text.length());
        text.codePoints()
                .map(upper ? Character::toUpperCase : Character::toLowerCase)
                .forEach(cased::appendCodePoint);
        return cased.toString();
    }

    /**
     * Asks it.
     *
     * @param input of maps with texts as keys, lists, texts, numbers, booleans and null, within the bounds above
     * @return true only if it gives the value true; that it fails is no exception but an answer
     */
    public Answer ask(Object input) {
        try {
            Jsonata.Frame frame = compiled.createFrame();
            frame.setRuntimeBounds(MOST_MILLIS, MOST_DEPTH);
            Library.fresh(compiled, environment);
            Object value = compiled.evaluate(input, frame);
            return Boolean.TRUE.equals(value)
                    ? new Answer(true, null)
                    : new Answer(false, "the success expression gave " + shown(value) + ", not true");
        } catch (RuntimeException e) {
            return new Answer(false, "the success expression failed: " + said(e));
        } catch (StackOverflowError _) {
            return new Answer(false, "the success expression failed: its input is nested too deeply");
        } finally {
            Library.fresh(compiled, environment);
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

    /** What is wrong with an expression, for people. It carries no stack: it is an answer. */
    private static final class NotAllowed extends RuntimeException {
        private static final long serialVersionUID = 1L;

        NotAllowed(String rule) {
            super(rule, null, false, false);
        }
    }

    /** Reads the grammar above, and writes what it has read. */
    private static final class Reader {
        private static final Pattern NUMBER =
                Pattern.compile("-?(0|[1-9][0-9]{0,17})(\\.[0-9]{1,17})?([eE][-+]?[0-9]{1,3})?");
        private static final Pattern INDEX = Pattern.compile("-?[0-9]{1,6}");
        private static final Pattern WORD = Pattern.compile("[\\p{L}_][\\p{L}\\p{N}_]*");
        private static final Pattern OPERATOR = Pattern.compile("!=|<=|>=|=|<|>");
        private static final Set<String> KEYWORDS = Set.of("and", "or", "in", "function");
        private static final Set<String> CONSTANTS = Set.of("true", "false", "null");

        private final String text;
        private final StringBuilder out = new StringBuilder();
        private int at;
        private int nested;

        Reader(String text) {
            this.text = text;
        }

        String canonical() {
            condition();
            if (!atEnd()) {
                throw unexpected("an operator");
            }
            return out.toString();
        }

        private void condition() {
            deeper();
            joined();
            if (takes('?')) {
                out.append(" ? ");
                condition();
                if (!takes(':')) {
                    throw unexpected("a colon");
                }
                out.append(" : ");
                condition();
            }
            nested--;
        }

        /** JSONata knows as well as we do that "and" binds closer than "or", and comparisons closer than both. */
        private void joined() {
            comparison();
            while (true) {
                if (takesWord("and")) {
                    out.append(" and ");
                } else if (takesWord("or")) {
                    out.append(" or ");
                } else {
                    return;
                }
                comparison();
            }
        }

        private void comparison() {
            operand(false);
            if (takesWord("in")) {
                out.append(" in ");
                operand(false);
                return;
            }
            String operator = takes(OPERATOR);
            if (operator != null) {
                out.append(' ').append(operator).append(' ');
                operand(false);
            }
        }

        private void operand(boolean literalOnly) {
            char c = peek();
            if (c == '"' || c == '\'') {
                out.append(quoted(c));
            } else if (c == '-' || (c >= '0' && c <= '9')) {
                number();
            } else if (literalOnly) {
                throw new NotAllowed("looks for what is no literal, in " + rest() + ": that could take long");
            } else if (c == '[') {
                list();
            } else if (c == '(') {
                at++;
                out.append('(');
                condition();
                close(')');
            } else if (c == '$') {
                call();
            } else {
                path();
            }
        }

        private void path() {
            String word = peek() == '`' ? null : takes(WORD);
            if (word != null && CONSTANTS.contains(word)) {
                out.append(word);
                return;
            }
            name(word);
            while (true) {
                if (takes('[')) {
                    skipBlanks();
                    String index = takes(INDEX);
                    if (index == null) {
                        throw new NotAllowed("has brackets with something else than a whole number, at " + rest());
                    }
                    out.append('[').append(Integer.parseInt(index));
                    close(']');
                } else if (takes('.')) {
                    out.append('.');
                    skipBlanks();
                    name(peek() == '`' ? null : takes(WORD));
                } else {
                    return;
                }
            }
        }

        private void name(@Nullable String word) {
            String name = word;
            if (name == null && takes('`')) {
                int end = text.indexOf('`', at);
                if (end <= at) {
                    throw new NotAllowed("has backquotes with nothing in them, or that do not end");
                }
                name = text.substring(at, end);
                at = end + 1;
            } else if (name == null) {
                throw unexpected("a value");
            } else if (KEYWORDS.contains(name)) {
                throw new NotAllowed("has " + name + " where a value is expected; as a name it stands in backquotes");
            }
            out.append('`').append(name).append('`');
        }

        private void call() {
            at++;
            String name = takes(WORD);
            Kind kind = name == null ? null : FUNCTIONS.get(name);
            if (name == null || kind == null) {
                throw new NotAllowed(
                        "uses $" + (name == null ? "" : name) + ", which is not one of the functions that are allowed");
            }
            if (!takes('(')) {
                throw unexpected("an argument in round brackets");
            }
            out.append('$').append(name).append('(');
            deeper();
            int arguments = 0;
            do {
                if (arguments > 0) {
                    out.append(", ");
                }
                operand(kind == Kind.SEARCH && arguments > 0);
                arguments++;
            } while (takes(','));
            nested--;
            if (arguments < kind.least || arguments > kind.most) {
                throw new NotAllowed("gives $" + name + " " + arguments + " arguments; it takes " + kind.least
                        + (kind.most > kind.least ? " to " + kind.most : ""));
            }
            close(')');
        }

        private void list() {
            at++;
            out.append('[');
            if (peek() != ']') {
                do {
                    if (out.charAt(out.length() - 1) != '[') {
                        out.append(", ");
                    }
                    literal();
                } while (takes(','));
            }
            close(']');
        }

        private void literal() {
            char c = peek();
            if (c == '"' || c == '\'') {
                out.append(quoted(c));
                return;
            }
            String word = takes(WORD);
            if (word == null) {
                number();
            } else if (CONSTANTS.contains(word)) {
                out.append(word);
            } else {
                throw new NotAllowed("has a list with " + word + ": only literals are allowed in one");
            }
        }

        private void number() {
            String number = takes(NUMBER);
            if (number == null) {
                throw unexpected("a value");
            }
            if (at < text.length() && (Character.isLetterOrDigit(text.charAt(at)) || text.charAt(at) == '_')) {
                throw new NotAllowed("has " + number + text.charAt(at) + "…, which is neither a number nor a name");
            }
            out.append(number);
        }

        /** As it stands: JSONata's escapes are those of JSON, and it says what is wrong with them. */
        private String quoted(char quote) {
            int from = at++;
            while (at < text.length() && text.charAt(at) != quote) {
                at += text.charAt(at) == '\\' ? 2 : 1;
            }
            if (at >= text.length()) {
                throw new NotAllowed("has a quotation that does not end");
            }
            at++;
            return text.substring(from, at);
        }

        private void deeper() {
            if (++nested > MOST_NESTED) {
                throw new NotAllowed("is nested more than " + MOST_NESTED + " deep");
            }
        }

        private void close(char bracket) {
            if (!takes(bracket)) {
                throw unexpected("a closing bracket, " + bracket + ",");
            }
            out.append(bracket);
        }

        private boolean takes(char c) {
            if (peek() != c || at >= text.length()) {
                return false;
            }
            at++;
            return true;
        }

        private boolean takesWord(String word) {
            skipBlanks();
            int before = at;
            if (word.equals(takes(WORD))) {
                return true;
            }
            at = before;
            return false;
        }

        private @Nullable String takes(Pattern pattern) {
            skipBlanks();
            Matcher matcher = pattern.matcher(text).region(at, text.length());
            if (!matcher.lookingAt()) {
                return null;
            }
            at = matcher.end();
            return matcher.group();
        }

        private char peek() {
            skipBlanks();
            return at < text.length() ? text.charAt(at) : '\0';
        }

        private boolean atEnd() {
            skipBlanks();
            return at >= text.length();
        }

        private void skipBlanks() {
            while (at < text.length() && " \t\n\r".indexOf(text.charAt(at)) >= 0) {
                at++;
            }
        }

        private NotAllowed unexpected(String instead) {
            return new NotAllowed(
                    atEnd()
                            ? "ends where " + instead + " is expected"
                            : "has " + rest() + " where " + instead
                                    + " is expected; what may stand in an expression is in the documentation of deliveries");
        }

        private String rest() {
            return text.length() - at > 12 ? text.substring(at, at + 12) + "…" : text.substring(at);
        }
    }
}
