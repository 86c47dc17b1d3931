package io.posthorn.api;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The query of a request: what is asked for is checked, what is not known is ignored. */
public final class Query {
    private final Map<String, List<String>> values;
    private final List<Problem> problems = new ArrayList<>();

    /** The values of each name, in their order. */
    Query(Map<String, List<String>> values) {
        this.values = values;
    }

    Map<String, List<String>> values() {
        return values;
    }

    /** A text; null if it is not there. It may be there once only: of two values one would be ignored. */
    public @Nullable String text(String name) {
        List<String> all = values.getOrDefault(name, List.of());
        if (all.size() > 1) {
            refuse(name, "must not be given more than once");
        }
        return all.isEmpty() ? null : all.getFirst();
    }

    /**
     * Texts, whether the parameter is repeated for each of them or has them in one value with commas between them, as
     * clients do. A value that is empty says nothing.
     */
    public List<String> texts(String name) {
        return values.getOrDefault(name, List.of()).stream()
                .filter(value -> !value.isEmpty())
                .flatMap(value -> Stream.of(value.split(",", -1)))
                .toList();
    }

    /** All values of a name; empty if it is not there. */
    List<String> all(String name) {
        return values.getOrDefault(name, List.of());
    }

    /** {@code true} or {@code false}; not there is false. */
    public boolean flag(String name) {
        String value = text(name);
        if (value == null || value.equals("false")) {
            return false;
        }
        if (!value.equals("true")) {
            note(Problem.type("must be true or false", "query", name));
        }
        return true;
    }

    /** A whole number within bounds. */
    public int number(String name, int ifAbsent, int least, int most) {
        String value = text(name);
        if (value == null) {
            return ifAbsent;
        }
        try {
            int number = Integer.parseInt(value);
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException e) {
            note(Problem.type("must be a whole number from " + least + " to " + most, "query", name));
            return ifAbsent;
        }
        note(Problem.value("must be " + least + " to " + most, "query", name));
        return ifAbsent;
    }

    void refuse(String name, String rule) {
        note(Problem.value(rule, "query", name));
    }

    /** Once, however often the parameter is read. */
    private void note(Problem problem) {
        if (!problems.contains(problem)) {
            problems.add(problem);
        }
    }

    /** All that was wrong with what has been asked for; to be answered with 422 if there is any. */
    public List<Problem> problems() {
        return problems;
    }
}
