package io.posthorn.cli;

import java.net.URI;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Which server a command talks to, and as whom. */
final class Remote {
    private static final String USUAL = "http://localhost:8071";

    @Option(
            names = "--server",
            paramLabel = "URL",
            description = "The server; otherwise POSTHORN_URL, otherwise " + USUAL + ".")
    private @Nullable String server;

    @Option(names = "--token", paramLabel = "TOKEN", description = "The API token; otherwise POSTHORN_TOKEN.")
    private @Nullable String token;

    @Spec(Spec.Target.MIXEE)
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec command;

    /** The root of the server's URL. */
    URI server(Surroundings surroundings) {
        String given = server;
        String text = given == null ? surroundings.environment().getOrDefault("POSTHORN_URL", USUAL) : given;
        URI uri;
        try {
            uri = URI.create(text);
        } catch (IllegalArgumentException e) {
            throw wrong("--server is not a URL: " + e.getMessage());
        }
        String scheme = String.valueOf(uri.getScheme());
        if (!(scheme.equals("http") || scheme.equals("https")) || uri.getHost() == null) {
            throw wrong("--server must be a URL such as https://posthorn.example.com, is " + text);
        }
        return uri;
    }

    /** The token. */
    String token(Surroundings surroundings) {
        String given = token;
        String text = given == null ? surroundings.environment().getOrDefault("POSTHORN_TOKEN", "") : given;
        if (text.isBlank()) {
            throw wrong("this needs a token: --token or the environment variable POSTHORN_TOKEN");
        }
        return text.strip();
    }

    private ParameterException wrong(String message) {
        return new ParameterException(command.commandLine(), message);
    }
}
