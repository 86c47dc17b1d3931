package io.posthorn.cli;

import org.jspecify.annotations.Nullable;

/**
 * A header as an option gives it: {@code NAME: VALUE}, as in a request, or {@code NAME=VALUE}. The name of a header has
 * neither of the two signs in it, so the first of them is where it ends.
 *
 * @param name not empty, without blanks around it
 * @param value without blanks around it; may be empty
 */
record HeaderText(String name, String value) {
    /** What is told of a text that is no header. */
    static final String RULE = "must be NAME=VALUE or 'NAME: VALUE'";

    /** Reads one; null if it is none. */
    static @Nullable HeaderText parse(String text) {
        int end = 0;
        while (end < text.length() && text.charAt(end) != ':' && text.charAt(end) != '=') {
            end++;
        }
        String name = text.substring(0, end).strip();
        return end == text.length() || name.isEmpty()
                ? null
                : new HeaderText(name, text.substring(end + 1).strip());
    }
}
