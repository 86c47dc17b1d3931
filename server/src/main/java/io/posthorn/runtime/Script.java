package io.posthorn.runtime;

import com.dashjoin.jsonata.JException;
import com.dashjoin.jsonata.Jsonata;
import com.dashjoin.jsonata.Parser;
import java.time.Duration;
import java.util.Map;
import java.util.regex.Pattern;
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

    /** What the library makes of a signature that is one: a type or a choice of types for each parameter. */
    private static final Pattern SIGNATURE = Pattern.compile("\\^(\\((\\[[a-z]+]|f)[?+]*+\\))*+\\$");

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
            Jsonata compiled = Jsonata.jsonata(text);
            allowed(text, compiled);
            return new Script(text, compiled, clock);
        } catch (ScriptException e) {
            throw e;
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

    /** What the library makes regular expressions of is held to what can be counted. */
    private static void allowed(String text, Jsonata compiled) {
        for (Parser.Symbol part : Library.parts(compiled)) {
            String wrong = Library.value(part) instanceof Pattern pattern ? PatternCost.broken(pattern) : null;
            if (wrong != null) {
                throw ScriptException.at(ScriptException.Kind.LIMIT, wrong, text, Library.position(part) - 1);
            }
            String signature = Library.signatureRegex(part);
            if (signature != null && !SIGNATURE.matcher(signature).matches()) {
                throw ScriptException.at(
                        ScriptException.Kind.SYNTAX,
                        "a function's signature has other than types in it",
                        text,
                        Library.position(part) - 1);
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
     * @return of the same, its own copy, except for {@link Kept} ones that were handed on; null also for nothing at all
     * @throws ScriptException if it fails or goes beyond a bound
     * @throws IllegalStateException on a virtual thread
     */
    public @Nullable Object evaluate(@Nullable Object input, Map<String, ? extends @Nullable Object> bindings) {
        sandbox.start();
        try {
            Jsonata.Frame frame = sandbox.frame(compiled);
            ScriptCopy in = new ScriptCopy(true);
            Object copied = in.of(input, 0);
            bindings.forEach((name, value) -> frame.bind(name, in.of(value, 0)));
            sandbox.start(); // what it is given is not of its own making
            functions.start();
            Library.fresh(compiled, environment);
            Object result = compiled.evaluate(copied == Jsonata.NULL_VALUE ? null : copied, frame);
            ScriptException beyond = sandbox.beyond();
            if (beyond != null) {
                throw beyond;
            }
            return new ScriptCopy(false).of(result, 0);
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

    /**
     * What a map or a list implements that never changes and is not to be lost: where a script hands it on as it is, what
     * comes out is the same object and not a copy.
     */
    public interface Kept {}
}
