package io.posthorn.cli;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;

/** A process that a command runs in during a test, and what it printed. */
final class Captured {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private final Path directory;
    private final Map<String, String> environment;
    private InputStream in = InputStream.nullInputStream();

    Captured(Path directory, Map<String, String> environment) {
        this.directory = directory;
        this.environment = environment;
    }

    /** Not a terminal. */
    Surroundings surroundings() {
        return surroundings(false);
    }

    Surroundings surroundings(boolean terminal) {
        return new Surroundings(
                environment, directory, in, new PrintWriter(out), new PrintWriter(err), terminal, terminal);
    }

    /** What comes on standard input. */
    Captured in(InputStream stream) {
        in = stream;
        return this;
    }

    /** The same as text. */
    Captured in(String text) {
        return in(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
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
