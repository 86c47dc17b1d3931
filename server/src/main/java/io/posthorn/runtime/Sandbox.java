package io.posthorn.runtime;

import com.dashjoin.jsonata.Jsonata;
import com.dashjoin.jsonata.Parser;
import com.dashjoin.jsonata.Utils;
import java.lang.management.ManagementFactory;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Holds the evaluation of one script to its bounds. The library calls it before and after each part of the expression, and
 * through {@link ScriptFunctions} before and after each built-in function. What one part or one function can do between two
 * calls is bounded by the size of what it works on; so that is what is held down:
 *
 * <ul>
 *   <li>Every value that comes out of a part or a function is <em>weighed</em>, all that hangs from it counted as often as
 *       it is reached: a value that holds another twice weighs it twice, as it would when it is written out or compared.
 *       Nothing heavier than {@link Script#MOST_WEIGHT} goes on, nor deeper than {@link Script#MOST_LEVELS}. So what works on
 *       a value in proportion to its size ends soon; what does not is replaced in {@link ScriptFunctions}.
 *   <li>The elements of all lists that are handed on are counted: the library joins the lists that one step of a path gives
 *       for each of many values, which is no larger than that count.
 *   <li>Time, depth, and the bytes that the thread has asked for are looked at each time.
 * </ul>
 *
 * <p>What has gone beyond a bound stays so: the library catches exceptions here and there and goes on.
 *
 * <p>Weights are kept by identity, so that a large value that is looked at a thousand times is weighed once. The update
 * operator {@code |…|…|} is the one thing that changes a value after it was made; where a script has one, nothing is kept.
 */
final class Sandbox {
    private static final com.sun.management.ThreadMXBean THREADS =
            (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();

    /** Of the elements of lists handed on, in one evaluation. */
    private static final long MOST_ELEMENTS = 4_000_000;

    /** Of a call; the library tries them against a signature in every way there is. */
    private static final int MOST_ARGUMENTS = 32;

    private static final int MOST_SIGNED = 6;
    private static final int MOST_KEPT = 20_000;

    /** What a value weighs beside its characters. */
    private static final int OF_A_VALUE = 16;

    /** More than the levels there may be. */
    private static final long LEVELS = 1_024;

    private final String text;
    private final boolean keeps;
    private final IdentityHashMap<Pattern, ScriptFunctions.Regex> regexes = new IdentityHashMap<>();
    private final Set<Parser.Symbol> paths = Collections.newSetFromMap(new IdentityHashMap<>());
    private final IdentityHashMap<Object, Long> weights = new IdentityHashMap<>();

    private long cpuNanos;
    private long wallNanos;
    private long mostNanos;
    private long mostWait;
    private @Nullable Budget budget;
    private long bytes;
    private long elements;
    private int depth;
    private int at;
    private boolean running;
    private @Nullable ScriptException beyond;

    Sandbox(String text) {
        this.text = text;
        this.keeps = text.indexOf('|') < 0;
    }

    /**
     * From now on; what was since it was last started is taken from the thread's {@link Budget}.
     *
     * @throws ScriptException if nothing is left of that
     */
    void start() {
        settle();
        weights.clear();
        elements = 0;
        depth = 0;
        at = 0;
        beyond = null;
        mostNanos = Script.MOST_TIME.toNanos();
        mostWait = Script.MOST_WAIT.toNanos();
        Budget present = Budget.present();
        budget = present;
        if (present != null) {
            mostNanos = Math.min(mostNanos, present.cpuNanos());
            mostWait = Math.min(mostWait, present.wallNanos());
            if (mostNanos <= 0 || mostWait <= 0) {
                throw tooLong();
            }
        }
        running = true;
        cpuNanos = THREADS.getCurrentThreadCpuTime();
        wallNanos = System.nanoTime();
        bytes = THREADS.getCurrentThreadAllocatedBytes();
        if (bytes < 0) {
            throw new IllegalStateException(
                    "a script is evaluated on a platform thread: the bytes of others are not counted");
        }
    }

    private void settle() {
        Budget present = budget;
        if (running && present != null) {
            present.spend(THREADS.getCurrentThreadCpuTime() - cpuNanos, System.nanoTime() - wallNanos);
        }
        running = false;
    }

    private ScriptException tooLong() {
        long most = Script.MOST_TIME.toNanos();
        return beyond(
                mostNanos < most || mostWait <= 0
                        ? "took longer than was left of the " + Budget.MOST_TIME.toMillis()
                                + " ms for all expressions of a request"
                        : "took longer than " + Script.MOST_TIME.toMillis() + " ms");
    }

    /** Lets go of what was weighed. */
    void end() {
        settle();
        budget = null;
        weights.clear();
    }

    /** What has gone beyond a bound, if anything has. */
    @Nullable
    ScriptException beyond() {
        return beyond;
    }

    /** Where the evaluation is, in characters from the start of the text. */
    int at() {
        return at;
    }

    void entered(Parser.Symbol symbol) {
        at = Library.position(symbol);
        depth++;
        if (depth > Script.MOST_DEPTH) {
            throw beyond("is nested or calls itself more than " + Script.MOST_DEPTH + " deep");
        }
        check();
        String type = Library.type(symbol);
        if (type == null) {
            return;
        }
        switch (type) {
            case "regex" -> {
                if (Library.value(symbol) instanceof Pattern pattern) {
                    Library.value(symbol, regexes.computeIfAbsent(pattern, p -> new ScriptFunctions.Regex(this, p)));
                }
            }
            case "path" -> {
                if (paths.add(symbol)) {
                    Library.alike(symbol, ScriptFunctions.ALIKE);
                }
            }
            case "lambda" -> {
                if (Library.signature(symbol) > MOST_SIGNED) {
                    throw beyond("a function's signature names at most " + MOST_SIGNED + " parameters");
                }
            }
            case "function", "partial" -> {
                if (Library.arguments(symbol) > MOST_ARGUMENTS) {
                    throw beyond("a function is given at most " + MOST_ARGUMENTS + " arguments");
                }
            }
            default -> {}
        }
    }

    void left(@Nullable Object result) {
        depth--;
        weigh(result);
        check();
    }

    /** Whether it may go on. */
    void check() {
        if (beyond != null) {
            throw beyond;
        }
        if (!running) { // what is read only, a text of bounded length
            return;
        }
        long wall = System.nanoTime() - wallNanos;
        // A thread that was not let run has not used its time up; but nobody waits for ever.
        if (wall > Math.min(mostNanos, mostWait)
                && (wall > mostWait || THREADS.getCurrentThreadCpuTime() - cpuNanos > mostNanos)) {
            throw tooLong();
        }
        if (THREADS.getCurrentThreadAllocatedBytes() - bytes > Script.MOST_BYTES) {
            throw beyond("asked for more than " + (Script.MOST_BYTES >> 20) + " MiB of memory");
        }
    }

    ScriptException beyond(String rule) {
        ScriptException made = ScriptException.at(ScriptException.Kind.LIMIT, rule, text, at - 1);
        beyond = made;
        return made;
    }

    /** Holds what a part or a function gave, or is given, to what a value may weigh. */
    long weigh(@Nullable Object value) {
        if (value instanceof List<?> list) {
            handled(list.size());
        }
        return weight(value, 0) / LEVELS;
    }

    /** Times {@link #LEVELS}, and how many levels there are below added. */
    private long weight(@Nullable Object value, int level) {
        if (value instanceof String string) {
            return held(OF_A_VALUE + string.length()) * LEVELS;
        }
        if (value instanceof Utils.RangeList range) { // its numbers are made as they are asked for
            return held((long) OF_A_VALUE * (1 + range.size())) * LEVELS + 1;
        }
        if (!(value instanceof List<?>) && !(value instanceof Map<?, ?>)) {
            return (long) OF_A_VALUE * LEVELS;
        }
        Long known = keeps ? weights.get(value) : null;
        if (known != null) {
            return known;
        }
        shallow(level + 1);
        if (!keeps) {
            handled(1);
        }
        long weight = OF_A_VALUE;
        int below = 0;
        if (value instanceof List<?> list) {
            held((long) OF_A_VALUE * list.size());
            for (Object element : list) {
                long one = weight(element, level + 1);
                weight = held(weight + one / LEVELS);
                below = Math.max(below, (int) (one % LEVELS));
            }
        } else {
            for (Map.Entry<?, ?> entry : ((Map<?, ?>) value).entrySet()) {
                int key = entry.getKey() instanceof String string ? string.length() : 0;
                long one = weight(entry.getValue(), level + 1);
                weight = held(weight + key + one / LEVELS);
                below = Math.max(below, (int) (one % LEVELS));
            }
        }
        shallow(below + 1);
        long both = weight * LEVELS + below + 1;
        if (keeps) {
            if (weights.size() >= MOST_KEPT) {
                weights.clear();
            }
            weights.put(value, both);
        }
        return both;
    }

    private void shallow(int levels) {
        if (levels > Script.MOST_LEVELS) {
            throw beyond("makes a value of more than " + Script.MOST_LEVELS + " levels");
        }
    }

    private void handled(int count) {
        elements += count;
        if (elements > MOST_ELEMENTS) {
            throw beyond("handles more than " + MOST_ELEMENTS + " elements of lists");
        }
    }

    private long held(long weight) {
        if (weight > Script.MOST_WEIGHT) {
            throw beyond("makes a value of more than " + Script.MOST_WEIGHT + " characters, each value counted as "
                    + OF_A_VALUE);
        }
        return weight;
    }

    /** A text of so many characters is about to be made. */
    void makes(long characters) {
        held(characters);
    }

    /** What the library asks for with each part of an expression, and our functions in place of its own. */
    Jsonata.Frame frame(Jsonata compiled) {
        Jsonata.Frame frame = compiled.createFrame();
        frame.setEvaluateEntryCallback((symbol, input, environment) -> entered(symbol));
        frame.setEvaluateExitCallback((symbol, input, environment, result) -> left(result));
        return frame;
    }
}
