package io.posthorn.history;

import org.jspecify.annotations.Nullable;

/** The history cannot be read. Unchecked, because there is one place that can do something about it: the answer. */
public final class HistoryException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Why. */
    public enum Kind {
        /** It took longer than reading may take; the same question takes as long again. */
        TOO_SLOW,
        /** The path into payloads is none, or one that could take any amount of memory; the message says what is wrong. */
        WRONG_PATH,
        /** Others are reading as much as may be read at a time; to be asked again. */
        BUSY,
        /** The database failed; the cause says how, and whether it is away. */
        FAILED
    }

    private final Kind kind;

    HistoryException(Kind kind, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    /** Why. */
    public Kind kind() {
        return kind;
    }
}
