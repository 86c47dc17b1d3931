package io.posthorn.runtime;

import com.dashjoin.jsonata.Jsonata;
import com.dashjoin.jsonata.Parser;
import com.dashjoin.jsonata.utils.Signature;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a sandbox needs of the JSONata library and what that keeps to itself: of what kind a part of an expression is and
 * where it stands, and its built-in functions. A version of the library that is built otherwise fails here, when the class
 * is loaded, and not by letting something through.
 */
final class Library {
    private static final VarHandle TYPE;
    private static final VarHandle VALUE;
    private static final VarHandle POSITION;
    private static final VarHandle ARGUMENTS;
    private static final VarHandle STEPS;
    private static final VarHandle TERMS;
    private static final VarHandle EXPRESSION;
    private static final VarHandle AST;
    private static final VarHandle ENVIRONMENT;
    private static final VarHandle INPUT;
    private static final ThreadLocal<@Nullable Jsonata> CURRENT;
    private static final VarHandle FUNCTION_NAME;
    private static final VarHandle FUNCTION_SIGNATURE;
    private static final VarHandle FUNCTION_METHOD;
    private static final VarHandle SIGNATURE_REGEX;

    /** Of a part of an expression, all that can hold other parts. */
    private static final List<VarHandle> HOLDING = new ArrayList<>();

    /** The built-in functions, by name. */
    static final Map<String, Jsonata.JFunction> FUNCTIONS;

    static {
        try {
            MethodHandles.Lookup mine = MethodHandles.lookup();
            MethodHandles.Lookup symbol = MethodHandles.privateLookupIn(Parser.Symbol.class, mine);
            TYPE = symbol.findVarHandle(Parser.Symbol.class, "type", String.class);
            VALUE = symbol.findVarHandle(Parser.Symbol.class, "value", Object.class);
            POSITION = symbol.findVarHandle(Parser.Symbol.class, "position", int.class);
            ARGUMENTS = symbol.findVarHandle(Parser.Symbol.class, "arguments", List.class);
            STEPS = symbol.findVarHandle(Parser.Symbol.class, "steps", List.class);
            TERMS = symbol.findVarHandle(Parser.Symbol.class, "terms", List.class);
            EXPRESSION = symbol.findVarHandle(Parser.Symbol.class, "expression", Parser.Symbol.class);
            for (Field field : Parser.Symbol.class.getDeclaredFields()) {
                Class<?> type = field.getType();
                if (!Modifier.isStatic(field.getModifiers())
                        && (type == Object.class || type == Parser.Symbol.class || type == List.class)) {
                    HOLDING.add(symbol.unreflectVarHandle(field));
                }
            }
            SIGNATURE_REGEX = MethodHandles.privateLookupIn(Signature.class, mine)
                    .findVarHandle(Signature.class, "_regex", Pattern.class);
            MethodHandles.Lookup function = MethodHandles.privateLookupIn(Jsonata.JFunction.class, mine);
            FUNCTION_NAME = function.findVarHandle(Jsonata.JFunction.class, "functionName", String.class);
            FUNCTION_SIGNATURE = function.findVarHandle(Jsonata.JFunction.class, "signature", Signature.class);
            FUNCTION_METHOD = function.findVarHandle(Jsonata.JFunction.class, "method", Method.class);
            MethodHandles.Lookup jsonata = MethodHandles.privateLookupIn(Jsonata.class, mine);
            AST = jsonata.findVarHandle(Jsonata.class, "ast", Parser.Symbol.class);
            ENVIRONMENT = jsonata.findVarHandle(Jsonata.class, "environment", Jsonata.Frame.class);
            INPUT = jsonata.findVarHandle(Jsonata.class, "input", Object.class);
            @SuppressWarnings("unchecked")
            ThreadLocal<@Nullable Jsonata> current = (ThreadLocal<@Nullable Jsonata>)
                    jsonata.findStaticVarHandle(Jsonata.class, "current", ThreadLocal.class)
                            .get();
            CURRENT = current;
            Object frame = jsonata.findStaticVarHandle(Jsonata.class, "staticFrame", Jsonata.Frame.class)
                    .get();
            @SuppressWarnings("unchecked")
            Map<String, Jsonata.JFunction> all =
                    (Map<String, Jsonata.JFunction>) MethodHandles.privateLookupIn(Jsonata.Frame.class, mine)
                            .findVarHandle(Jsonata.Frame.class, "bindings", Map.class)
                            .get(frame);
            FUNCTIONS = Map.copyOf(all);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private Library() {}

    /** What kind of expression it is, for instance "path". */
    static @Nullable String type(Parser.Symbol symbol) {
        return (String) TYPE.get(symbol);
    }

    /** What a literal, a name or an operator is. */
    static @Nullable Object value(Parser.Symbol symbol) {
        return VALUE.get(symbol);
    }

    static void value(Parser.Symbol symbol, Object value) {
        VALUE.set(symbol, value);
    }

    /** Behind its token, in characters from the start of the text. */
    static int position(Parser.Symbol symbol) {
        return (int) POSITION.get(symbol);
    }

    /** How many arguments a call has, or parameters a function. */
    static int arguments(Parser.Symbol symbol) {
        List<?> arguments = (List<?>) ARGUMENTS.get(symbol);
        return arguments == null ? 0 : arguments.size();
    }

    /** How many parameters the signature of a function names. */
    static int signature(Parser.Symbol symbol) {
        return symbol.signature instanceof Signature signature ? signature.getNumberOfArgs() : 0;
    }

    /**
     * All parts of an expression, whether they are evaluated or not: more than that are seen, since the library keeps some
     * that it does not use.
     */
    static Set<Parser.Symbol> parts(Jsonata compiled) {
        Set<Parser.Symbol> parts = Collections.newSetFromMap(new IdentityHashMap<>());
        Deque<Object> left = new ArrayDeque<>();
        left.push(AST.get(compiled));
        while (!left.isEmpty()) {
            switch (left.pop()) {
                case Parser.Symbol part
                when parts.add(part) -> {
                    for (VarHandle holding : HOLDING) {
                        Object held = holding.get(part);
                        if (held != null) {
                            left.push(held);
                        }
                    }
                }
                case Parser.Symbol[] some -> left.addAll(List.of(some));
                case List<?> some -> some.stream().filter(Objects::nonNull).forEach(left::push);
                default -> {}
            }
        }
        return parts;
    }

    /** What the library makes of the signature of a function: the regular expression that the arguments' types match. */
    static @Nullable String signatureRegex(Parser.Symbol symbol) {
        return symbol.signature instanceof Signature signature
                ? ((Pattern) SIGNATURE_REGEX.get(signature)).pattern()
                : null;
    }

    /** Lets a function look like a built-in one: by its name, what it accepts, and how many arguments it has. */
    static void disguise(Jsonata.JFunction function, String name, Jsonata.JFunction as) {
        FUNCTION_NAME.set(function, name);
        FUNCTION_SIGNATURE.set(function, (Signature) FUNCTION_SIGNATURE.get(as));
        FUNCTION_METHOD.set(function, (Method) FUNCTION_METHOD.get(as));
    }

    /**
     * The order-by steps among the steps of a path are given terms whose numbers are all of one type; the library cannot
     * compare a whole number with a fraction there.
     *
     * @param path of type "path"
     * @param name of a function that is registered and makes numbers alike
     */
    static void alike(Parser.Symbol path, String name) {
        @SuppressWarnings("unchecked")
        List<Parser.Symbol> steps = (List<Parser.Symbol>) STEPS.get(path);
        for (Parser.Symbol step : steps) {
            @SuppressWarnings("unchecked")
            List<Parser.Symbol> terms = (List<Parser.Symbol>) TERMS.get(step);
            if (terms == null || !"sort".equals(type(step))) {
                continue;
            }
            for (Parser.Symbol term : terms) {
                Parser.Symbol expression = (Parser.Symbol) EXPRESSION.get(term);
                Parser.Symbol call = (Parser.Symbol) AST.get(Jsonata.jsonata("$" + name + "(1)"));
                POSITION.set(call, position(expression));
                ARGUMENTS.set(call, List.of(expression));
                EXPRESSION.set(term, call);
            }
        }
    }

    /** What an expression has of names and functions before it is evaluated. */
    static Jsonata.Frame environment(Jsonata compiled) {
        return (Jsonata.Frame) ENVIRONMENT.get(compiled);
    }

    /**
     * Makes an expression as it was before its first evaluation. The library keeps the names of an evaluation, and takes the
     * next one to be within it: they would be seen again, and none would ever be let go. It keeps them with the expression
     * that was read last on the thread, not with the one that is evaluated; so that has to be the same.
     *
     * @param environment as it was
     */
    static void fresh(Jsonata compiled, Jsonata.Frame environment) {
        CURRENT.set(compiled);
        ENVIRONMENT.set(compiled, environment);
        INPUT.set(compiled, null);
    }
}
