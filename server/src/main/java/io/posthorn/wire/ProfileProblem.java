package io.posthorn.wire;

/**
 * What is wrong with a profile.
 *
 * @param line from 1
 * @param column from 1
 * @param path names of members with dots between them, from the outermost on; empty for the whole
 * @param rule that is broken, for people
 */
public record ProfileProblem(int line, int column, String path, String rule) {

    /** As people read it: the place, the member and the rule. */
    public String text() {
        return "line " + line + ", column " + column + ": " + (path.isEmpty() ? "" : path + " ") + rule;
    }
}
