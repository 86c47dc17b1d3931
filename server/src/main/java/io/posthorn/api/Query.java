package io.posthorn.api;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The query of a request: what is asked for is checked, what is not known is ignored. */
public final class Query {
    private final Map<String, String> values;
    private final List<Problem> problems = new ArrayList<>();

    /** The first value of each name. */
    Query(Map<String, String> values) {
        this.values = values;
    }

    Map<String, String> values() {
        return values;
    }

    /** A text; null if it is not there. */
    public @Nullable String text(String name) {
        return values.get(name);
    }

    /** All values of a name; empty if it is not there. */
    List<String> all(String name) {
        String value = values.get(name);
        return value == null ? List.of() : List.of(value);
    }

    /** {@code true} or {@code false}; not there is false. */
    public boolean flag(String name) {
        String value = values.get(name);
        if (value == null || value.equals("false")) {
            return false;
        }
        if (!value.equals("true")) {
            problems.add(Problem.type("must be true or false", "query", name));
        }
        return true;
    }

    /** A whole number within bounds. */
    public int number(String name, int ifAbsent, int least, int most) {
        String value = values.get(name);
        if (value == null) {
            return ifAbsent;
        }
        try {
            int number = Integer.parseInt(value);
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException e) {
            problems.add(Problem.type("must be a whole number from " + least + " to " + most, "query", name));
            return ifAbsent;
        }
        problems.add(Problem.value("must be " + least + " to " + most, "query", name));
        return ifAbsent;
    }

    void refuse(String name, String rule) {
        problems.add(Problem.value(rule, "query", name));
    }

    /** All that was wrong with what has been asked for; to be answered with 422 if there is any. */
    public List<Problem> problems() {
        return problems;
    }
}
