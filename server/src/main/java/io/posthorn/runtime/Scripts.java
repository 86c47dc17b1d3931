package io.posthorn.runtime;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

/**
 * The scripts and JMESPath expressions that one thread has read, those that were used last. One whose text cannot be read
 * is not kept: it is read again each time, and fails again.
 */
public final class Scripts {
    private static final float LOAD = 0.75f;

    private final int most;
    private final Map<String, Script> kept = new LinkedHashMap<>(16, LOAD, true);
    private final Map<String, JmesPath> paths = new LinkedHashMap<>(16, LOAD, true);

    /**
     * For one thread.
     *
     * @param most how many it keeps of each kind
     */
    public Scripts(int most) {
        this.most = most;
    }

    /**
     * One to evaluate, on this thread.
     *
     * @param text the script
     * @throws ScriptException if it cannot be read
     */
    public Script get(String text) {
        return get(kept, text, Script::of);
    }

    /**
     * An expression in JMESPath to evaluate, on this thread.
     *
     * @param text the expression
     * @throws ScriptException if it cannot be read
     */
    public JmesPath jmesPath(String text) {
        return get(paths, text, JmesPath::of);
    }

    private <T> T get(Map<String, T> from, String text, Function<String, T> read) {
        T known = from.get(text);
        if (known == null) {
            known = read.apply(text);
            from.put(text, known);
            if (from.size() > most) {
                from.remove(from.keySet().iterator().next());
            }
        }
        return known;
    }
}
