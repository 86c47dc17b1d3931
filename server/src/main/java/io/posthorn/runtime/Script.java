package io.posthorn.runtime;

import com.dashjoin.jsonata.JException;
import com.dashjoin.jsonata.Jsonata;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A script in JSONata, the whole language, written by somebody who is not trusted. What it may use is bounded: how
 * {@link Sandbox} does that is told there. What it is given is copied, and what it gives is a copy too, so that nothing it
 * does is seen by anybody else.
 *
 * <p>Left out of the language: {@code $eval}; and for the rest of what a bound forbids, see the constants.
 *
 * <p>Not safe for several threads at once: each has its own ({@link Scripts}). Evaluated on platform threads only, since
 * the bytes that others ask for are not counted.
 */
public final class Script {
    /** The longest text of one, UTF-16 characters. */
    public static final int MOST_CHARACTERS = 16 << 10;

    /** The time of a processor that an evaluation may take. */
    public static final Duration MOST_TIME = Duration.ofMillis(100);

    /** The time on the clock that it may take, however little of a processor it got. */
    public static final Duration MOST_WAIT = Duration.ofSeconds(1);

    /** Bytes that an evaluation may ask for, those included that it gave back. */
    public static final long MOST_BYTES = 64L << 20;

    /** How deep parts of the expression are evaluated within each other; a function that calls itself needs about five. */
    public static final int MOST_DEPTH = 600;

    /** How deep lists and objects stand within each other, in what it is given, makes and gives. */
    public static final int MOST_LEVELS = 128;

    /** Of what it is given, makes and gives: characters of all names and texts, and 16 for each value. */
    public static final int MOST_WEIGHT = 2 << 20;

    /** Names that paths bind ({@code @$x}, {@code #$i}), in all of it. */
    private static final int MOST_BOUND_NAMES = 8;

    /** Percent signs: a step to a parent binds a name for each step it goes back. */
    private static final int MOST_PARENTS = 64;

    private final String text;
    private final Jsonata compiled;
    private final Jsonata.Frame environment;
    private final Sandbox sandbox;
    private final ScriptFunctions functions;

    private Script(String text, Jsonata compiled, Time clock) {
        this.text = text;
        this.compiled = compiled;
        this.sandbox = new Sandbox(text);
        this.functions = new ScriptFunctions(sandbox, clock);
        functions.register(compiled::registerFunction);
        this.environment = Library.environment(compiled);
    }

    /**
     * Reads one.
     *
     * @param text at most {@link #MOST_CHARACTERS}
     * @throws ScriptException if it cannot be used, with the place where that is known
     */
    public static Script of(String text) {
        return of(text, Time.system());
    }

    /**
     * With another clock for {@code $now} and {@code $millis}.
     *
     * @param text as above
     * @param clock asked once for each evaluation
     */
    public static Script of(String text, Time clock) {
        if (text.isBlank()) {
            throw new ScriptException(ScriptException.Kind.SYNTAX, "is empty", 0, 0);
        }
        if (text.length() > MOST_CHARACTERS) {
            throw new ScriptException(
                    ScriptException.Kind.LIMIT,
                    "has " + text.length() + " characters; at most " + MOST_CHARACTERS + " are allowed",
                    0,
                    0);
        }
        reserved(text);
        try {
            return new Script(text, Jsonata.jsonata(text), clock);
        } catch (JException e) {
            throw ScriptException.at(ScriptException.Kind.SYNTAX, said(e), text, e.getLocation() - 1);
        } catch (StackOverflowError _) {
            throw new ScriptException(ScriptException.Kind.LIMIT, "is nested too deeply", 0, 0);
        } catch (RuntimeException e) {
            throw new ScriptException(ScriptException.Kind.SYNTAX, "is no JSONata: " + said(e), 0, 0);
        } catch (Error e) {
            throw new ScriptException(ScriptException.Kind.SYNTAX, "is no JSONata: " + said(libraryOnly(e)), 0, 0);
        }
    }

    /** What the library looks up to call us back must not be named; nor may paths bind names without end. */
    private static void reserved(String text) {
        int place = text.indexOf("__evaluate");
        if (place >= 0) {
            throw ScriptException.at(ScriptException.Kind.SYNTAX, "__evaluate… is not allowed as a name", text, place);
        }
        int bound = 0;
        int parents = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '%') {
                parents++;
            } else if (c == '@' || c == '#') {
                int next = i + 1;
                while (next < text.length() && Character.isWhitespace(text.charAt(next))) {
                    next++;
                }
                if (next < text.length() && (text.charAt(next) == '$' || text.charAt(next) == '/')) {
                    bound++;
                }
            }
            if (bound > MOST_BOUND_NAMES || parents > MOST_PARENTS) {
                throw ScriptException.at(
                        ScriptException.Kind.LIMIT,
                        "has more than " + (bound > MOST_BOUND_NAMES ? MOST_BOUND_NAMES : MOST_PARENTS)
                                + (bound > MOST_BOUND_NAMES ? " names bound by @ or #" : " percent signs"),
                        text,
                        i);
            }
        }
    }

    /**
     * Whether something is wrong with one.
     *
     * @param text the script
     * @return what, for people, with its place; null if it can be used
     */
    public static @Nullable String broken(String text) {
        try {
            of(text);
            return null;
        } catch (ScriptException e) {
            return e.getMessage();
        }
    }

    /**
     * Evaluates it.
     *
     * @param input of maps with texts as keys, lists, texts, numbers, booleans and null; it is not changed
     * @param bindings variables, without their dollar sign; their values as above
     * @return of the same, its own copy; null also for nothing at all
     * @throws ScriptException if it fails or goes beyond a bound
     * @throws IllegalStateException on a virtual thread
     */
    public @Nullable Object evaluate(@Nullable Object input, Map<String, ? extends @Nullable Object> bindings) {
        sandbox.start();
        try {
            Jsonata.Frame frame = sandbox.frame(compiled);
            Copy in = new Copy(true);
            Object copied = in.of(input, 0);
            bindings.forEach((name, value) -> frame.bind(name, in.of(value, 0)));
            sandbox.start(); // what it is given is not of its own making
            functions.start();
            Library.fresh(compiled, environment);
            Object result = compiled.evaluate(copied == Jsonata.NULL_VALUE ? null : copied, frame);
            if (sandbox.beyond() instanceof ScriptException beyond) {
                throw beyond;
            }
            return new Copy(false).of(result, 0);
        } catch (ScriptException e) {
            throw e;
        } catch (StackOverflowError _) {
            throw failed(ScriptException.Kind.LIMIT, "is nested too deeply", -1);
        } catch (JException e) {
            throw failed(ScriptException.Kind.FAILED, said(e), e.getLocation());
        } catch (RuntimeException e) {
            throw failed(ScriptException.Kind.FAILED, said(e), -1);
        } catch (Error e) {
            throw failed(ScriptException.Kind.FAILED, said(libraryOnly(e)), -1);
        } finally {
            Library.fresh(compiled, environment);
            sandbox.end();
        }
    }

    private ScriptException failed(ScriptException.Kind kind, String rule, int location) {
        ScriptException beyond = sandbox.beyond();
        if (beyond != null) {
            return beyond;
        }
        return ScriptException.at(kind, rule, text, (location > 0 ? location : sandbox.at()) - 1);
    }

    /** The library throws {@code Error} itself where something is not as it expects; all others are none of its doing. */
    private static Error libraryOnly(Error e) {
        if (e.getClass() != Error.class) {
            throw e;
        }
        return e;
    }

    private static String said(Throwable e) {
        Throwable inner = e;
        while (inner.getCause() != null && !(inner instanceof JException)) {
            inner = inner.getCause();
        }
        String message = inner instanceof StackOverflowError ? "is nested too deeply" : inner.getMessage();
        String text = message == null ? inner.getClass().getSimpleName() : message;
        return text.length() > 200 ? text.substring(0, 200) + "…" : text;
    }

    /** Copies a tree, in or out, and holds it to its size. */
    private static final class Copy {
        private static final int OF_A_VALUE = 16;

        private final boolean inward;
        private long weight;

        Copy(boolean inward) {
            this.inward = inward;
        }

        @Nullable
        Object of(@Nullable Object value, int level) {
            if (level > MOST_LEVELS) {
                throw tooLarge("has more than " + MOST_LEVELS + " levels");
            }
            weigh(OF_A_VALUE);
            if (value == null || value == Jsonata.NULL_VALUE) {
                return inward ? Jsonata.NULL_VALUE : null;
            }
            if (value instanceof String text) {
                weigh(text.length());
                return text;
            }
            if (value instanceof Boolean) {
                return value;
            }
            if (value instanceof Number number) {
                return inward ? number(number) : plain(number);
            }
            if (value instanceof List<?> list) {
                weigh((long) OF_A_VALUE * list.size());
                weight -= (long) OF_A_VALUE * list.size();
                List<@Nullable Object> copy = new ArrayList<>(list.size());
                for (Object element : list) {
                    copy.add(of(element, level + 1));
                }
                return copy;
            }
            if (value instanceof Map<?, ?> map) {
                Map<String, @Nullable Object> copy = LinkedHashMap.newLinkedHashMap(map.size());
                for (Map.Entry<?, ?> entry : map.entrySet()) {
                    if (!(entry.getKey() instanceof String key)) {
                        throw new IllegalArgumentException("a name has to be a text");
                    }
                    weigh(key.length());
                    copy.put(key, of(entry.getValue(), level + 1));
                }
                return copy;
            }
            throw new IllegalArgumentException(inward ? "is given what is no value" : "gives a function, not a value");
        }

        private static Number number(Number number) {
            return number instanceof BigInteger || number instanceof BigDecimal ? number.doubleValue() : number;
        }

        /** Whole numbers as such, as far as they are exact. */
        private static Number plain(Number number) {
            if (!(number instanceof Double) && !(number instanceof Float)) {
                return number;
            }
            double value = number.doubleValue();
            if (Double.isNaN(value) || Double.isInfinite(value)) {
                throw new IllegalArgumentException("gives a number that is none");
            }
            if (value == Math.rint(value) && Math.abs(value) <= 1L << 53) {
                long whole = (long) value;
                return whole == (int) whole ? (Number) (int) whole : (Number) whole;
            }
            return value;
        }

        private void weigh(long more) {
            weight += more;
            if (weight > MOST_WEIGHT) {
                throw tooLarge("has more than " + MOST_WEIGHT + " characters, each value counted as " + OF_A_VALUE);
            }
        }

        private ScriptException tooLarge(String rule) {
            return new ScriptException(
                    ScriptException.Kind.LIMIT,
                    (inward ? "what the script is given " : "what the script gives ") + rule,
                    0,
                    0);
        }
    }
}
