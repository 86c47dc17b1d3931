package io.posthorn.cli;

import java.io.Console;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * What a command gets from the process that it runs in.
 *
 * @param environment the environment variables
 * @param directory the current directory
 * @param in standard input
 * @param out standard output
 * @param err standard error
 * @param terminal whether standard output is a terminal that understands escape sequences
 * @param progress whether standard error is a terminal, where a line may be written over
 */
public record Surroundings(
        Map<String, String> environment,
        Path directory,
        InputStream in,
        PrintWriter out,
        PrintWriter err,
        boolean terminal,
        boolean progress) {

    /** Without anything on standard input, and with a standard error that is no terminal. */
    public Surroundings(
            Map<String, String> environment, Path directory, PrintWriter out, PrintWriter err, boolean terminal) {
        this(environment, directory, InputStream.nullInputStream(), out, err, terminal, false);
    }

    /** Those of this process. */
    public static Surroundings ofProcess() {
        return new Surroundings(
                System.getenv(),
                Path.of("").toAbsolutePath(),
                System.in,
                new PrintWriter(System.out, true, StandardCharsets.UTF_8),
                new PrintWriter(System.err, true, StandardCharsets.UTF_8),
                isTerminal(),
                showsProgress());
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

    /** Java knows only of standard input and output together; where the system tells more, it is asked. */
    private static boolean showsProgress() {
        try {
            String err = Files.readSymbolicLink(Path.of("/proc/self/fd/2")).toString();
            return err.startsWith("/dev/pts/") || err.startsWith("/dev/tty");
        } catch (IOException notLinux) {
            return isTerminal();
        }
    }
}
