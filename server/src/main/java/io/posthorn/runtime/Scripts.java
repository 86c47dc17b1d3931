package io.posthorn.runtime;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The scripts that one thread has read, those that were used last. A script whose text cannot be read is not kept: it is
 * read again each time, and fails again.
 */
public final class Scripts {
    private static final float LOAD = 0.75f;

    private final int most;
    private final Map<String, Script> kept = new LinkedHashMap<>(16, LOAD, true);

    /**
     * For one thread.
     *
     * @param most how many it keeps
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
        Script script = kept.get(text);
        if (script == null) {
            script = Script.of(text);
            kept.put(text, script);
            if (kept.size() > most) {
                kept.remove(kept.keySet().iterator().next());
            }
        }
        return script;
    }
}
