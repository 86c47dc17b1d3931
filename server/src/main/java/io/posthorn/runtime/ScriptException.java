package io.posthorn.runtime;

/** That a script could not be read, failed, or went beyond a bound: with its place, where that is known. */
public final class ScriptException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** What kind of trouble it is. */
    public enum Kind {
        /** The text is none of the language. */
        SYNTAX,
        /** It was read, and failed with what it was given. */
        FAILED,
        /** It needs more than it may have: of time, memory, depth, size. */
        LIMIT
    }

    private final Kind kind;
    private final String rule;
    private final int line;
    private final int column;

    ScriptException(Kind kind, String rule, int line, int column) {
        super(line > 0 ? "line " + line + ", column " + column + ": " + rule : rule, null, false, false);
        this.kind = kind;
        this.rule = rule;
        this.line = line;
        this.column = column;
    }

    /** With the place that an offset into a text is. */
    static ScriptException at(Kind kind, String rule, String text, int offset) {
        if (offset < 0) {
            return new ScriptException(kind, rule, 0, 0);
        }
        int end = Math.min(offset, text.length());
        int line = 1;
        int start = 0;
        for (int i = 0; i < end; i++) {
            if (text.charAt(i) == '\n') {
                line++;
                start = i + 1;
            }
        }
        return new ScriptException(kind, rule, line, end - start + 1);
    }

    /** What kind of trouble it is. */
    public Kind kind() {
        return kind;
    }

    /** What is wrong, for people, without the place. */
    public String rule() {
        return rule;
    }

    /** From 1; 0 if it is not known. */
    public int line() {
        return line;
    }

    /** From 1, in UTF-16 characters; 0 if it is not known. */
    public int column() {
        return column;
    }
}
