package io.posthorn.cli;

/**
 * A column of a list.
 *
 * @param heading what stands above it
 * @param pointer where its value is in an entry, a JSON pointer
 */
record Column(String heading, String pointer) {
    static Column of(String heading, String member) {
        return new Column(heading, "/" + member);
    }
}
