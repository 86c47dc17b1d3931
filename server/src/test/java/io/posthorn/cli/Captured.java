package io.posthorn.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.Map;

/** A process that a command runs in during a test, and what it printed. */
final class Captured {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private final Path directory;
    private final Map<String, String> environment;

    Captured(Path directory, Map<String, String> environment) {
        this.directory = directory;
        this.environment = environment;
    }

    /** Not a terminal. */
    Surroundings surroundings() {
        return surroundings(false);
    }

    Surroundings surroundings(boolean terminal) {
        return new Surroundings(environment, directory, new PrintWriter(out), new PrintWriter(err), terminal);
    }

    int run(String... arguments) {
        return Posthorn.run(arguments, surroundings());
    }

    String out() {
        return out.toString();
    }

    String err() {
        return err.toString();
    }
}
