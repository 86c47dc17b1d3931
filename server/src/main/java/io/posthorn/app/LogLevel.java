package io.posthorn.app;

/** How much the log says; each level includes those after it. */
public enum LogLevel {
    /** Every step. */
    TRACE,
    /** For finding an error. */
    DEBUG,
    /** Starts, stops, changes. */
    INFO,
    /** Something is not as it should be, and the server goes on by itself. */
    WARN,
    /** Somebody has to do something. */
    ERROR,
    /** Nothing. */
    OFF
}
