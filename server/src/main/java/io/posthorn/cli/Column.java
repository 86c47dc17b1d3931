package io.posthorn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.function.Function;

/**
 * A column of a list.
 *
 * @param heading what stands above it
 * @param cell its text in an entry, one line
 */
record Column(String heading, Function<JsonNode, String> cell) {
    /** A member of the entry, as it is. */
    static Column of(String heading, String member) {
        return new Column(heading, entry -> Cells.of(entry.path(member)));
    }
}
