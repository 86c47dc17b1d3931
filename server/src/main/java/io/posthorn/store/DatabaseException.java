package io.posthorn.store;

import org.jspecify.annotations.Nullable;

/** The database cannot be opened. The message says what is wrong, where, and what to do; it is meant for people. */
public final class DatabaseException extends Exception {
    /** What kind of trouble it is. */
    public enum Kind {
        /** Another process, or this one, has the data folder open. */
        FOLDER_IN_USE,
        /** The data folder or a file in it cannot be read or written. */
        NO_PERMISSION,
        /** The server, or the data in the folder, is of a PostgreSQL version that does not fit. */
        WRONG_VERSION,
        /** Another program listens on the port asked for. */
        PORT_TAKEN,
        /** No space left. */
        DISK_FULL,
        /** No server answers. */
        UNREACHABLE,
        /** The server refuses the user or the password. */
        AUTH_FAILED,
        /** A newer Posthorn has changed the tables. */
        SCHEMA_NEWER,
        /** Something else; the message has the details. */
        BROKEN,
        /** No embedded server for this operating system, processor or environment. */
        UNSUPPORTED_PLATFORM
    }

    private final Kind kind;

    DatabaseException(Kind kind, String message) {
        this(kind, message, null);
    }

    DatabaseException(Kind kind, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    /** What kind of trouble it is. */
    public Kind kind() {
        return kind;
    }
}
