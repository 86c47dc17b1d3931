package io.posthorn.cli;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** The options of every command that talks to a server; a mixin. */
final class RemoteOptions {
    static final String SERVER_VARIABLE = "POSTHORN_URL";
    static final String TOKEN_VARIABLE = "POSTHORN_TOKEN";
    static final String ENVIRONMENT_VARIABLE = "POSTHORN_ENVIRONMENT";
    static final String SERVER = "http://127.0.0.1:8071";
    private static final Duration LONGEST = Duration.ofMinutes(10);

    @Option(
            names = "--server",
            paramLabel = "URL",
            order = 100,
            description = "Where the server is. Default: POSTHORN_URL, or " + SERVER)
    private @Nullable String server;

    @Option(
            names = "--token",
            paramLabel = "TOKEN",
            order = 101,
            description = "The token; others on this machine can see it here. Default: POSTHORN_TOKEN")
    private @Nullable String token;

    @Option(names = "--token-file", paramLabel = "FILE", order = 102, description = "A file that has the token.")
    private @Nullable String tokenFile;

    @Option(
            names = "--environment",
            paramLabel = "NAME",
            order = 103,
            description = "The environment to work in, its name or id. Default: POSTHORN_ENVIRONMENT, or the token's")
    private @Nullable String environment;

    @Option(
            names = "--timeout",
            paramLabel = "DURATION",
            order = 104,
            description = "The longest that one request may take. Default: 30s")
    private String timeout = "30s";

    @Option(names = "--json", order = 105, description = "Print the API's JSON.")
    private boolean json;

    /** Adds them to a command that is built by hand. */
    static RemoteOptions addTo(CommandSpec command) {
        RemoteOptions options = new RemoteOptions();
        command.addMixin("remote", CommandSpec.forAnnotatedObject(options));
        return options;
    }

    /** Whether the API's JSON is to be printed. */
    boolean json() {
        return json;
    }

    /**
     * A client as the options and the environment say.
     *
     * @param command that was called
     * @throws ParameterException if they are wrong
     */
    ApiClient connect(Surroundings surroundings, CommandLine command) {
        return new ApiClient(
                base(surroundings, command),
                token(surroundings, command),
                environment(surroundings),
                timeout(command),
                ApiClient.Pause.SLEEP);
    }

    /** Where the server is, without a slash at the end. */
    URI base(Surroundings surroundings, CommandLine command) {
        String text = Objects.requireNonNullElse(present(server, surroundings, SERVER_VARIABLE), SERVER);
        try {
            URI uri = new URI(text.replaceFirst("/+$", ""));
            String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
            if ((scheme.equals("http") || scheme.equals("https"))
                    && uri.getHost() != null
                    && uri.getRawQuery() == null
                    && uri.getRawFragment() == null) {
                return uri;
            }
        } catch (URISyntaxException e) {
            throw new ParameterException(command, noServer(text), e);
        }
        throw new ParameterException(command, noServer(text));
    }

    private static String noServer(String text) {
        return "--server (or " + SERVER_VARIABLE + ") must be a URL such as " + SERVER + ", not " + text;
    }

    /** The token. */
    String token(Surroundings surroundings, CommandLine command) {
        String found = token != null
                ? token
                : tokenFile != null
                        ? read(surroundings, command, tokenFile)
                        : surroundings.environment().getOrDefault(TOKEN_VARIABLE, "");
        if (found.isBlank()) {
            throw new ParameterException(
                    command, "a token is needed: --token-file FILE, --token TOKEN or " + TOKEN_VARIABLE);
        }
        if (!found.chars().allMatch(c -> c > ' ' && c < 127)) {
            throw new ParameterException(command, "the token has characters that no token has");
        }
        return found;
    }

    /** The environment to work in; null for the token's. */
    @Nullable
    String environment(Surroundings surroundings) {
        return present(environment, surroundings, ENVIRONMENT_VARIABLE);
    }

    /** The longest that one request may take. */
    Duration timeout(CommandLine command) {
        try {
            Duration duration = Times.duration(timeout);
            if (duration.isPositive() && duration.compareTo(LONGEST) <= 0) {
                return duration;
            }
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command, "--timeout " + e.getMessage(), e);
        }
        throw new ParameterException(command, "--timeout must be from 1ms to 10m");
    }

    private static String read(Surroundings surroundings, CommandLine command, String file) {
        try {
            return Files.readString(surroundings.directory().resolve(file)).strip();
        } catch (IOException e) {
            throw new ParameterException(command, "--token-file " + file + " cannot be read: " + Inputs.why(e), e);
        }
    }

    private static @Nullable String present(@Nullable String option, Surroundings surroundings, String variable) {
        if (option != null && !option.isBlank()) {
            return option;
        }
        String value = surroundings.environment().getOrDefault(variable, "");
        return value.isBlank() ? null : value;
    }
}
