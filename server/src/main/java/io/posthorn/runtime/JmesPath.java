package io.posthorn.runtime;

import io.burt.jmespath.Adapter;
import io.burt.jmespath.Expression;
import io.burt.jmespath.JmesPathType;
import io.burt.jmespath.RuntimeConfiguration;
import io.burt.jmespath.function.ArgumentConstraints;
import io.burt.jmespath.function.BaseFunction;
import io.burt.jmespath.function.FunctionArgument;
import io.burt.jmespath.function.FunctionRegistry;
import io.burt.jmespath.jcf.JcfRuntime;
import io.burt.jmespath.parser.ParseError;
import io.burt.jmespath.parser.ParseException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An expression in JMESPath, the whole language, written by somebody who is not trusted. It has no variables, no functions
 * of one's own and no recursion, so that it ends; but what it makes can double with each step. It is held to the bounds of a
 * {@link Script}: every value passes through an adapter of ours, where those that are made are weighed.
 *
 * <p>Not safe for several threads at once, and evaluated on platform threads only, as a script.
 */
public final class JmesPath {
    /** The longest text of one, UTF-16 characters. */
    public static final int MOST_CHARACTERS = 4 << 10;

    /** How deep brackets and parentheses stand within each other: the parser tries many ways to read them. */
    private static final int MOST_NESTED = 32;

    private final Sandbox sandbox;
    private final Expression<Object> compiled;

    private JmesPath(Sandbox sandbox, Expression<Object> compiled) {
        this.sandbox = sandbox;
        this.compiled = compiled;
    }

    /**
     * Reads one.
     *
     * @param text at most {@link #MOST_CHARACTERS}
     * @throws ScriptException if it cannot be used, with the place where that is known
     */
    public static JmesPath of(String text) {
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
        nested(text);
        Sandbox sandbox = new Sandbox(text);
        try {
            return new JmesPath(sandbox, new Bounded(sandbox).compile(text));
        } catch (ParseException e) {
            throw syntax(text, e);
        } catch (StackOverflowError _) {
            throw new ScriptException(ScriptException.Kind.LIMIT, "is nested too deeply", 0, 0);
        } catch (RuntimeException e) {
            throw new ScriptException(ScriptException.Kind.SYNTAX, "is no JMESPath: " + said(e), 0, 0);
        }
    }

    /** Wherever they stand, also in texts: who nests that many has no use for more. */
    private static void nested(String text) {
        int nested = 0;
        for (int i = 0; i < text.length(); i++) {
            switch (text.charAt(i)) {
                case '(', '[', '{' -> nested++;
                case ')', ']', '}' -> nested--;
                default -> {}
            }
            if (nested > MOST_NESTED) {
                throw ScriptException.at(
                        ScriptException.Kind.LIMIT, "has more than " + MOST_NESTED + " nested brackets", text, i);
            }
        }
    }

    /** The library counts from the start of the line and does not say which; in one line, it is the offset. */
    private static ScriptException syntax(String text, ParseException thrown) {
        ParseException inOneLine = thrown;
        if (text.indexOf('\n') >= 0 || text.indexOf('\r') >= 0) {
            try {
                new JcfRuntime().compile(text.replace('\n', ' ').replace('\r', ' '));
            } catch (ParseException e) {
                inOneLine = e;
            }
        }
        for (ParseError error : inOneLine) {
            return ScriptException.at(ScriptException.Kind.SYNTAX, error.message(), text, error.position());
        }
        return new ScriptException(ScriptException.Kind.SYNTAX, "is no JMESPath", 0, 0);
    }

    /**
     * Whether something is wrong with one.
     *
     * @param text the expression
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
     * @return of the same, its own copy
     * @throws ScriptException if it fails or goes beyond a bound; without a place, which this language does not tell then
     * @throws IllegalStateException on a virtual thread
     */
    public @Nullable Object evaluate(@Nullable Object input) {
        sandbox.start();
        try {
            sandbox.weigh(input);
            Object result = compiled.search(input);
            sandbox.weigh(result);
            return new ScriptCopy(false).of(result, 0);
        } catch (ScriptException e) {
            throw e;
        } catch (StackOverflowError _) {
            throw new ScriptException(ScriptException.Kind.LIMIT, "is nested too deeply", 0, 0);
        } catch (RuntimeException e) {
            throw new ScriptException(ScriptException.Kind.FAILED, said(e), 0, 0);
        } finally {
            sandbox.end();
        }
    }

    /**
     * Whether a filter that gives this wants nothing to be sent: null, false, 0, and what is empty. JMESPath itself takes 0
     * to be true.
     *
     * @param value what an expression gave
     */
    public static boolean falsy(@Nullable Object value) {
        return switch (value) {
            case null -> true;
            case Boolean b -> !b;
            case Number n -> n.doubleValue() == 0;
            case String s -> s.isEmpty();
            case Collection<?> c -> c.isEmpty();
            case Map<?, ?> m -> m.isEmpty();
            default -> false;
        };
    }

    private static String said(Throwable e) {
        String message = e.getMessage();
        String text = message == null ? e.getClass().getSimpleName() : message;
        return text.length() > 200 ? text.substring(0, 200) + "…" : text;
    }

    /** Sees every value that is made, and each look at one. */
    private static final class Bounded extends JcfRuntime {
        private static final int LOOKS = 31;

        private final Sandbox sandbox;
        private int looks;

        Bounded(Sandbox sandbox) {
            super(RuntimeConfiguration.builder()
                    .withFunctionRegistry(FunctionRegistry.defaultRegistry().extend(new Contains(sandbox)))
                    .build());
            this.sandbox = sandbox;
        }

        @Override
        public JmesPathType typeOf(@Nullable Object value) {
            if ((++looks & LOOKS) == 0) {
                sandbox.check();
            }
            return super.typeOf(value);
        }

        @Override
        public int compare(@Nullable Object one, @Nullable Object other) {
            sandbox.check();
            return super.compare(one, other);
        }

        @Override
        public String toString(@Nullable Object value) {
            sandbox.check();
            return super.toString(value);
        }

        @Override
        public Object createArray(Collection<Object> elements) {
            return weighed(super.createArray(elements));
        }

        @Override
        public Object createObject(Map<Object, Object> object) {
            return weighed(super.createObject(object));
        }

        @Override
        public Object createString(String string) {
            return weighed(super.createString(string));
        }

        private Object weighed(Object made) {
            sandbox.weigh(made);
            sandbox.check();
            return made;
        }
    }

    /** The library's own looks for a text at each place anew. */
    private static final class Contains extends BaseFunction {
        private final Sandbox sandbox;

        Contains(Sandbox sandbox) {
            super(
                    "contains",
                    ArgumentConstraints.typeOf(JmesPathType.ARRAY, JmesPathType.STRING),
                    ArgumentConstraints.anyValue());
            this.sandbox = sandbox;
        }

        @Override
        protected <T> T callFunction(Adapter<T> runtime, List<FunctionArgument<T>> arguments) {
            T in = arguments.get(0).value();
            T sought = arguments.get(1).value();
            if (runtime.typeOf(in) == JmesPathType.STRING) {
                return runtime.createBoolean(
                        new ScriptText.Search(runtime.toString(sought)).in(runtime.toString(in), 0) >= 0);
            }
            for (T element : runtime.toList(in)) {
                sandbox.check();
                if (runtime.compare(element, sought) == 0) {
                    return runtime.createBoolean(true);
                }
            }
            return runtime.createBoolean(false);
        }
    }
}
