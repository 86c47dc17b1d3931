package io.posthorn.app;

import java.util.function.Function;

/**
 * What became of a setting's text.
 *
 * @param <T> the type of its value
 */
public sealed interface Parsed<T> {
    /**
     * It is valid.
     *
     * @param value what it says
     * @param <T> the type of the value
     */
    record Value<T>(T value) implements Parsed<T> {}

    /**
     * It is not valid.
     *
     * @param rule what it has to be, as a sentence without its subject: {@code must be …}
     * @param <T> the type of the value it should have had
     */
    record Wrong<T>(String rule) implements Parsed<T> {}

    /** The next step, if this one is valid. */
    default <R> Parsed<R> then(Function<? super T, Parsed<R>> next) {
        return switch (this) {
            case Value<T>(T value) -> next.apply(value);
            case Wrong<T>(String rule) -> new Wrong<>(rule);
        };
    }
}
