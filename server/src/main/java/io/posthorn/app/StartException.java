package io.posthorn.app;

/** The server cannot start. The message says what is wrong and what to do; it is meant for people. */
public final class StartException extends Exception {
    /**
     * With a message only.
     *
     * @param message for people
     */
    public StartException(String message) {
        super(message);
    }

    /**
     * With a cause, whose stack is shown when the log level is debug or lower.
     *
     * @param message for people
     * @param cause what happened
     */
    public StartException(String message, Throwable cause) {
        super(message, cause);
    }
}
