package io.posthorn.runtime;

/**
 * What is done when a part that nothing works without has failed in a way that was not foreseen. To go on without it
 * would be worse than to end: whoever started the process starts it again, and recovery goes on where it stopped.
 */
@FunctionalInterface
public interface Fatal {
    /**
     * Told once or more often, on any thread; returns soon.
     *
     * @param part which has failed, for the log
     * @param why it has
     */
    void failed(String part, Throwable why);
}
