package io.posthorn.runtime;

/**
 * The scripts and JMESPath expressions that one thread has read, those that were used last. One whose text cannot be read
 * is not kept: it is read again each time, and fails again.
 */
public final class Scripts {
    /** What a thread keeps of them, characters of their texts; what is made of a text is some hundred times as large. */
    public static final int MOST_CHARACTERS = 512 << 10;

    /** What one takes beside its text, as so many characters of it would. */
    public static final int OF_EACH = 2 << 10;

    private record Read<T>(T script, int size) {}

    private final Recent<String, Read<Script>> scripts;
    private final Recent<String, Read<JmesPath>> paths;

    /** For one thread. */
    public Scripts() {
        this(MOST_CHARACTERS);
    }

    /**
     * For one thread.
     *
     * @param most how many characters it keeps of each kind, {@link #OF_EACH} added for each
     */
    public Scripts(int most) {
        this.scripts = new Recent<>(most, Read::size);
        this.paths = new Recent<>(most, Read::size);
    }

    /**
     * One to evaluate, on this thread.
     *
     * @param text the script
     * @throws ScriptException if it cannot be read
     */
    public Script get(String text) {
        return scripts.get(text, () -> new Read<>(Script.of(text), text.length() + OF_EACH)).script;
    }

    /**
     * An expression in JMESPath to evaluate, on this thread.
     *
     * @param text the expression
     * @throws ScriptException if it cannot be read
     */
    public JmesPath jmesPath(String text) {
        return paths.get(text, () -> new Read<>(JmesPath.of(text), text.length() + OF_EACH)).script;
    }
}
