package io.posthorn.cli;

import io.posthorn.app.ProfileFile;
import io.posthorn.runtime.Time;
import io.posthorn.wire.Builtins;
import io.posthorn.wire.Profile;
import io.posthorn.wire.ProfileParser;
import io.posthorn.wire.ProfileProblem;
import io.posthorn.wire.Sample;
import io.posthorn.wire.Trial;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Shows what a profile makes of a sample, without a server. */
@Command(
        name = "test",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = {
            "Shows the request that a profile makes of a sample, as it would go over the wire, or all that is wrong with"
                    + " the profile, with the lines. No server is needed, and nothing is sent.",
            "%nIt is signed with " + Sample.SECRET + ", or with secret of the configuration where the profile says so."
        },
        footer = {
            "%nExamples",
            "  posthorn profile test acme.yaml",
            "  posthorn profile test admin --event-type user.created --payload '{\"user_id\": \"usr_1\"}'",
            "  posthorn profile test teams --payload @alert.json",
        })
final class ProfileTestCommand implements Callable<Integer> {
    private static final int MOST = 1 << 20;

    private final Surroundings surroundings;
    private final Time clock;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec command;

    @Parameters(paramLabel = "FILE|NAME", description = "A file, or the name of a built-in profile.")
    private String what = "";

    @Option(names = "--event-type", paramLabel = "TEXT", description = "That of the sample.")
    private @Nullable String eventType;

    @Option(names = "--payload", paramLabel = "JSON|@FILE", description = "That of the sample.")
    private @Nullable String payload;

    @Option(names = "--config", paramLabel = "JSON|@FILE", description = "The configuration of the endpoint.")
    private @Nullable String config;

    @Option(
            names = "--header",
            paramLabel = "NAME=VALUE",
            description = "What the publisher gave with the message; once for each.")
    private List<String> headers = new ArrayList<>();

    @Option(names = "--attempt", paramLabel = "NUMBER", description = "Which attempt it is. Default: 1")
    private int attempt = 1;

    ProfileTestCommand(Surroundings surroundings, Time clock) {
        this.surroundings = surroundings;
        this.clock = clock;
    }

    @Override
    public Integer call() throws RemoteFailure {
        Builtins.Builtin builtin = Builtins.find(what);
        boolean file =
                builtin == null || Files.isRegularFile(surroundings.directory().resolve(what));
        String source = builtin != null && !file
                ? builtin.source()
                : new String(
                        Inputs.read(surroundings, what, ProfileParser.MOST_CHARACTERS * 4), StandardCharsets.UTF_8);
        return switch (ProfileFile.read(source)) {
            case ProfileParser.Result.Wrong(List<ProfileProblem> problems) -> {
                for (ProfileProblem each : problems) {
                    surroundings
                            .err()
                            .println(Cells.oneLine(Inputs.shown(what) + ":" + each.line() + ":" + each.column() + ": "
                                    + (each.path().isEmpty() ? "" : each.path() + " ") + each.rule()));
                }
                yield ExitCodes.FAILURE;
            }
            case ProfileParser.Result.Parsed(Profile profile) -> tried(profile);
        };
    }

    private int tried(Profile profile) throws RemoteFailure {
        return switch (Trial.of(profile, sample(), clock.micros())) {
            case Trial.Result.Failed(String detail) -> {
                surroundings.err().println(Cells.oneLine(detail));
                yield ExitCodes.FAILURE;
            }
            case Trial.Result.Request request -> {
                show(request);
                yield ExitCodes.OK;
            }
        };
    }

    private void show(Trial.Result.Request request) {
        URI url = URI.create(request.url());
        String query = url.getRawQuery() == null ? "" : "?" + url.getRawQuery();
        surroundings.out().println(request.method() + " " + url.getRawPath() + query + " HTTP/1.1");
        surroundings.out().println("host: " + url.getHost());
        String agent = request.userAgent();
        surroundings.out().println("user-agent: " + (agent == null ? "posthorn" : agent));
        for (int i = 0; i < request.headers().length; i += 2) {
            surroundings.out().println(request.headers()[i] + ": " + request.headers()[i + 1]);
        }
        surroundings.out().println("content-length: " + request.body().length);
        surroundings.out().println();
        surroundings.out().println(new String(request.body(), StandardCharsets.UTF_8));
    }

    private Sample sample() throws RemoteFailure {
        Sample usual = Sample.usual();
        Map<String, String> given = new LinkedHashMap<>();
        for (String header : headers) {
            HeaderText parsed = HeaderText.parse(header);
            if (parsed == null) {
                throw wrong("--header " + HeaderText.RULE + ", not " + header);
            }
            given.put(parsed.name(), parsed.value());
        }
        if (attempt < 1) {
            throw wrong("--attempt must be at least 1");
        }
        return new Sample(
                eventType == null ? usual.eventType() : eventType,
                json("--payload", payload, usual.payload()),
                given,
                json("--config", config, usual.config()),
                attempt);
    }

    private String json(String option, @Nullable String given, @Nullable String usual) throws RemoteFailure {
        if (given == null) {
            return usual == null ? "{}" : usual;
        }
        byte[] json = given.startsWith("@")
                ? Inputs.read(surroundings, given.substring(1), MOST)
                : given.getBytes(StandardCharsets.UTF_8);
        String wrong = JsonText.wrong(json, false);
        if (wrong != null) {
            throw wrong(option + " " + wrong);
        }
        return new String(json, StandardCharsets.UTF_8);
    }

    private ParameterException wrong(String message) {
        return new ParameterException(command.commandLine(), message);
    }
}
