package io.posthorn.catalog;

import org.jspecify.annotations.Nullable;

/** The audit log cannot be read. Unchecked, because there is one place that can do something about it: the answer. */
public final class AuditException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Why. */
    public enum Kind {
        /** It took longer than reading may take; the same question takes as long again. */
        TOO_SLOW,
        /** Others are reading as much as may be read at a time; to be asked again. */
        BUSY
    }

    private final Kind kind;

    AuditException(Kind kind, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    /** Why. */
    public Kind kind() {
        return kind;
    }
}
