package io.posthorn.cli;

import java.io.Console;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;

/**
 * What a command gets from the process that it runs in.
 *
 * @param environment the environment variables
 * @param directory the current directory
 * @param out standard output
 * @param err standard error
 * @param terminal whether standard output is a terminal that understands escape sequences
 */
public record Surroundings(
        Map<String, String> environment, Path directory, PrintWriter out, PrintWriter err, boolean terminal) {

    /** Those of this process. */
    public static Surroundings ofProcess() {
        return new Surroundings(
                System.getenv(),
                Path.of("").toAbsolutePath(),
                new PrintWriter(System.out, true, StandardCharsets.UTF_8),
                new PrintWriter(System.err, true, StandardCharsets.UTF_8),
                isTerminal());
    }

    /** Whether colours may be used. */
    boolean colours() {
        return terminal && environment.getOrDefault("NO_COLOR", "").isEmpty();
    }

    @SuppressWarnings("SystemConsoleNull") // since Java 25 it is null again without a terminal, as before 22
    private static boolean isTerminal() {
        Console console = System.console();
        return console != null && console.isTerminal() && !"dumb".equals(System.getenv("TERM"));
    }
}
