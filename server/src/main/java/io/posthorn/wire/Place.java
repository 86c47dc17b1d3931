package io.posthorn.wire;

/**
 * A place in a text.
 *
 * @param line from 1
 * @param column from 1
 */
public record Place(int line, int column) {
    /** Where a text begins. */
    static final Place START = new Place(1, 1);
}
