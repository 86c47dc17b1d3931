package io.posthorn.app;

import java.util.List;

/** What came of reading the configuration. */
public sealed interface Loaded {
    /**
     * It is valid.
     *
     * @param config the settings
     * @param inForce the same with where each came from, in the order of the table
     */
    record Valid(Config config, List<InForce<?>> inForce) implements Loaded {}

    /**
     * It is not.
     *
     * @param problems everything that is wrong with it
     */
    record Invalid(List<Problem> problems) implements Loaded {
        /** All of it, for people: a heading and a line for each problem. */
        public String message() {
            StringBuilder text = new StringBuilder("The configuration has ")
                    .append(problems.size() == 1 ? "an error" : problems.size() + " errors")
                    .append(":\n");
            problems.forEach(problem -> text.append("  ").append(problem).append('\n'));
            return text.append("All settings: posthorn config --docs").toString();
        }
    }
}
