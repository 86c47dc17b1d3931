package io.posthorn.cli;

import io.posthorn.model.SigningSecret;
import io.posthorn.wire.StandardHeaders;
import io.posthorn.wire.StandardVerifier;
import io.posthorn.wire.StandardVerifier.Result;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Checks the signature of a webhook, without a server. */
@Command(
        name = "verify",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "Checks the Standard Webhooks signature of a request: exit code 0 if it is valid, 1 if not.",
        footer = {
            "%nThe three headers are given with --header as they came (webhook-… or svix-…), or one by one.",
            "%nExamples",
            "  posthorn verify --secret whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw --header 'webhook-id: msg_1' \\",
            "      --header 'webhook-timestamp: 1614265330' --header 'webhook-signature: v1,…' body.json",
            "  posthorn verify --secret-file secret --id msg_1 --timestamp 1614265330 --signature v1,… < body.json",
            "  posthorn verify … --ignore-time body.json     a request of yesterday",
        })
final class VerifyCommand implements Callable<Integer> {
    private static final int MOST = 64 << 20;
    private static final String OURS = "webhook-";
    private static final String SVIX = "svix-";

    private final Surroundings surroundings;
    private final Clock clock;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec command;

    @Option(
            names = "--secret",
            paramLabel = "SECRET",
            description = "The endpoint's signing secret, whsec_ and base64; once for each that may have signed.")
    private List<String> secrets = new ArrayList<>();

    @Option(names = "--secret-file", paramLabel = "FILE", description = "A file with a secret in each line.")
    private @Nullable String secretFile;

    @Option(
            names = "--header",
            paramLabel = "'NAME: VALUE'",
            description = "A header of the request, once for each; NAME=VALUE is possible, too.")
    private List<String> headers = new ArrayList<>();

    @Option(names = "--id", paramLabel = "ID", description = "The value of webhook-id.")
    private @Nullable String id;

    @Option(names = "--timestamp", paramLabel = "SECONDS", description = "The value of webhook-timestamp.")
    private @Nullable String timestamp;

    @Option(names = "--signature", paramLabel = "SIGNATURE", description = "The value of webhook-signature.")
    private @Nullable String signature;

    @Option(
            names = "--tolerance",
            paramLabel = "DURATION",
            description = "How far the timestamp may be from now, in both directions. Default: 5m")
    private String tolerance = "5m";

    @Option(names = "--ignore-time", description = "Whatever the timestamp says.")
    private boolean ignoreTime;

    @Parameters(
            arity = "0..1",
            paramLabel = "FILE",
            description = "The body, byte for byte as it came. Default: -, which is standard input")
    private String file = Inputs.STANDARD;

    VerifyCommand(Surroundings surroundings, Clock clock) {
        this.surroundings = surroundings;
        this.clock = clock;
    }

    @Override
    public Integer call() throws RemoteFailure {
        List<SigningSecret> keys = keys();
        Duration allowed = allowed();
        String shownId = value(id, StandardHeaders.ID);
        String shownTimestamp = value(timestamp, StandardHeaders.TIMESTAMP);
        String shownSignature = value(signature, StandardHeaders.SIGNATURE);
        List<String> missing = new ArrayList<>();
        if (shownId == null) {
            missing.add(StandardHeaders.ID);
        }
        if (shownTimestamp == null) {
            missing.add(StandardHeaders.TIMESTAMP);
        }
        if (shownSignature == null) {
            missing.add(StandardHeaders.SIGNATURE);
        }
        if (shownId == null || shownTimestamp == null || shownSignature == null) {
            return invalid("the request has no " + String.join(" and no ", missing));
        }
        byte[] body = Inputs.read(surroundings, file, MOST);
        return told(
                StandardVerifier.verify(keys, shownId, shownTimestamp, shownSignature, body, clock.instant(), allowed));
    }

    private int told(Result result) {
        return switch (result) {
            case Result.Valid _ -> {
                surroundings.out().println("valid");
                yield ExitCodes.OK;
            }
            case Result.Malformed(String header, String rule) -> invalid(header + " " + rule);
            case Result.OutOfTime(Duration age) ->
                invalid("the signature is right, but the timestamp is "
                        + (age.isNegative() ? "ahead of this clock by " : "too old by this clock: ")
                        + age.abs().toSeconds() + " s, and " + tolerance + " are allowed");
            case Result.NoMatch _ ->
                invalid("no signature matches: another secret, or the id, the timestamp or the body was altered"
                        + " (a body that was parsed and printed again is altered)");
        };
    }

    private int invalid(String why) {
        surroundings.out().println("invalid: " + Cells.oneLine(why));
        return ExitCodes.FAILURE;
    }

    private List<SigningSecret> keys() throws RemoteFailure {
        List<String> texts = new ArrayList<>(secrets);
        if (secretFile != null) {
            texts.addAll(new String(Inputs.read(surroundings, secretFile, 1 << 16), StandardCharsets.UTF_8)
                    .lines()
                    .map(String::strip)
                    .filter(line -> !line.isEmpty())
                    .toList());
        }
        if (texts.isEmpty()) {
            throw wrong("a secret is needed: --secret or --secret-file", null);
        }
        try {
            return texts.stream().map(SigningSecret::parse).toList();
        } catch (IllegalArgumentException e) {
            throw wrong("--secret: " + e.getMessage(), e);
        }
    }

    private Duration allowed() {
        if (ignoreTime) {
            return Duration.ofSeconds(Long.MAX_VALUE);
        }
        try {
            return Times.duration(tolerance);
        } catch (IllegalArgumentException e) {
            throw wrong("--tolerance " + e.getMessage(), e);
        }
    }

    /** The option, or the header under one of its names, in whatever case. */
    private @Nullable String value(@Nullable String option, String name) {
        if (option != null) {
            return option;
        }
        String other = SVIX + name.substring(OURS.length());
        String found = null;
        for (String header : headers) {
            HeaderText parsed = HeaderText.parse(header);
            if (parsed == null) {
                throw wrong("--header " + HeaderText.RULE + ", not " + header, null);
            }
            String given = parsed.name().toLowerCase(Locale.ROOT);
            if (given.equals(name) || (given.equals(other) && found == null)) {
                found = parsed.value();
            }
        }
        return found;
    }

    private ParameterException wrong(String message, @Nullable Throwable cause) {
        return new ParameterException(command.commandLine(), message, cause);
    }
}
