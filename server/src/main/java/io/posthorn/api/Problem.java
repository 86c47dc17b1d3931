package io.posthorn.api;

import java.util.List;

/**
 * One place in a request that breaks a rule.
 *
 * @param loc the way to it, such as {@code body, url}; numbers are positions in a list
 * @param msg the rule, for people
 * @param type a word for programs: {@code value_error}, {@code type_error}, and kinds of them after a dot
 */
public record Problem(List<Object> loc, String msg, String type) {
    /** A value of the right type that is not allowed. */
    public static Problem value(String msg, Object... loc) {
        return new Problem(List.of(loc), msg, "value_error");
    }

    /** A value of the wrong type. */
    public static Problem type(String msg, Object... loc) {
        return new Problem(List.of(loc), msg, "type_error");
    }

    /** Not there, and needed. */
    public static Problem missing(Object... loc) {
        return new Problem(List.of(loc), "is required", "value_error.missing");
    }

    /** Not JSON. */
    public static Problem json(String msg) {
        return new Problem(List.of("body"), msg, "value_error.json");
    }
}
