package io.posthorn.intake;

import java.util.List;

/** What came of reading a message. */
public sealed interface ParsedMessage {
    /** It is one. */
    record Ok(NewMessage message) implements ParsedMessage {}

    /**
     * It is one, and breaks what the catalogue promises of it today. Since the promise may have become stricter since it
     * was accepted, whoever repeats it is to be answered as at first.
     *
     * @param message that is not to be accepted; it has a key, or an event id, by which it may be known
     * @param problems everything that is wrong with it
     */
    record Refused(NewMessage message, List<Problem> problems) implements ParsedMessage {}

    /** It is not; everything that is wrong with it. */
    record Invalid(List<Problem> problems) implements ParsedMessage {}

    /**
     * One thing that is wrong.
     *
     * @param path of the field, such as {@code payload} or {@code channels}, {@code 3}; empty for the whole body
     * @param rule what it should be, and for bad JSON where it goes wrong
     * @param type a word for programs, such as {@code value_error.missing}
     */
    record Problem(List<String> path, String rule, String type) {}
}
