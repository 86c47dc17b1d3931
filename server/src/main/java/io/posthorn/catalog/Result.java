package io.posthorn.catalog;

import java.util.List;

/**
 * What became of a change that was asked for. A database that does not answer is not among these: that is an
 * exception, and it leaves open whether the change happened.
 *
 * @param <T> what was to be changed
 */
public sealed interface Result<T> {
    /**
     * It did not exist before.
     *
     * @param value as it is now
     * @param <T> what it is
     */
    record Created<T>(T value) implements Result<T> {}

    /**
     * It existed and has been changed.
     *
     * @param value as it is now
     * @param <T> what it is
     */
    record Updated<T>(T value) implements Result<T> {}

    /**
     * It existed already, and that was fine with the caller; nothing was changed.
     *
     * @param value as it is
     * @param <T> what it is
     */
    record Existing<T>(T value) implements Result<T> {}

    /**
     * It is gone.
     *
     * @param value as it was
     * @param <T> what it is
     */
    record Deleted<T>(T value) implements Result<T> {}

    /**
     * Another one has the value that must be unique; nothing was changed.
     *
     * @param field such as {@code uid}
     * @param detail the rule that stands against it, for people
     * @param <T> what was to be changed
     */
    record Conflict<T>(String field, String detail) implements Result<T> {}

    /**
     * It would be more than there may be; nothing was changed.
     *
     * @param detail the limit, how many there are, and who can raise it, for people
     * @param <T> what was to be changed
     */
    record Limited<T>(String detail) implements Result<T> {}

    /**
     * Somebody has asked for too much of late; nothing was changed, and it may be asked for again.
     *
     * @param detail the rule, for people
     * @param seconds after which to ask again
     * @param <T> what was to be changed
     */
    record TooMany<T>(String detail, int seconds) implements Result<T> {}

    /**
     * What it would be breaks a rule that only shows when the change is put together with what is there; nothing was
     * changed.
     *
     * @param path names of members, from the outermost on
     * @param rule for people
     * @param <T> what was to be changed
     */
    record Broken<T>(List<String> path, String rule) implements Result<T> {}

    /**
     * There is none, or none in this application; nothing was changed.
     *
     * @param what such as {@code endpoint}
     * @param <T> what was to be changed
     */
    record NotFound<T>(String what) implements Result<T> {}
}
