package io.posthorn.cli;

import java.net.URI;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** A developer's machine takes the deliveries of an application. */
@Command(
        name = "listen",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "Forwards the live deliveries of an application to a URL on this machine.",
        footer = {
            "%nThe command connects to the server; nothing has to reach this machine from outside. While it runs, the",
            "application has one more endpoint, which gets what is sent from now on, signed and retried like any",
            "other. The answers of the local program become the results in the history. When the command ends, the",
            "endpoint is deleted.",
            "%nExamples",
            "  posthorn listen --app my-app --forward-to http://localhost:3000/hook",
            "  posthorn listen --app my-app --forward-to http://localhost:3000/hook --event-type order.created",
            "  posthorn listen --app my-app --forward-to http://localhost:3000/hook --json | jq .status",
            "%nExit codes: 0 ended by the server or by you; 1 no connection, or none any more; 2 wrong usage.",
        })
final class ListenCommand implements Callable<Integer> {
    private final Surroundings surroundings;

    @Mixin
    private final RemoteOptions remote = new RemoteOptions();

    @Option(names = "--app", required = true, paramLabel = "APP", description = "The application, by its id or uid.")
    private String app = "";

    @Option(
            names = "--forward-to",
            required = true,
            paramLabel = "URL",
            description = "Where the requests are made to, http or https; the certificate is checked as usual.")
    private String forwardTo = "";

    @Option(
            names = "--event-type",
            paramLabel = "TYPE",
            description = "Only deliveries of this event type; may be repeated. Otherwise of all.")
    private @Nullable List<String> eventTypes;

    @Option(
            names = "--channel",
            paramLabel = "CHANNEL",
            description = "Only deliveries on this channel; may be repeated. Otherwise on all and on none.")
    private @Nullable List<String> channels;

    @Option(
            names = "--secret",
            paramLabel = "WHSEC",
            description = "What deliveries are signed with, whsec_ and base64. Otherwise a new one is made and shown.")
    private @Nullable String secret;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec command;

    ListenCommand(Surroundings surroundings) {
        this.surroundings = surroundings;
    }

    @Override
    public Integer call() throws InterruptedException {
        URI target = target();
        ListenClient.Plan plan = new ListenClient.Plan(
                remote.base(surroundings, command.commandLine()),
                remote.token(surroundings, command.commandLine()),
                remote.environment(surroundings),
                remote.timeout(command.commandLine()),
                app,
                target,
                hello(target));
        ListenOutput output =
                remote.json() ? ListenOutput.json(surroundings.out()) : ListenOutput.text(surroundings.out());
        try (ListenClient client = new ListenClient(plan, output, ListenClient.Backoff.usual())) {
            Thread hook = Thread.ofPlatform().name("stop-listening").unstarted(client::close);
            Runtime.getRuntime().addShutdownHook(hook);
            String failure = client.run();
            if (failure == null) {
                return ExitCodes.OK;
            }
            surroundings.err().println(failure);
            return ExitCodes.FAILURE;
        }
    }

    private ListenClient.Hello hello(URI target) {
        URI shown = URI.create(target.getScheme() + "://" + target.getAuthority()
                + (target.getRawPath() == null ? "" : target.getRawPath()));
        return new ListenClient.Hello("hello", eventTypes, channels, secret, shown.toString());
    }

    private URI target() {
        URI uri;
        try {
            uri = URI.create(forwardTo);
        } catch (IllegalArgumentException e) {
            throw wrong("--forward-to is not a URL: " + e.getMessage());
        }
        String scheme = String.valueOf(uri.getScheme());
        if (!(scheme.equalsIgnoreCase("http") || scheme.equalsIgnoreCase("https")) || uri.getHost() == null) {
            throw wrong("--forward-to must be a URL such as http://localhost:3000/hook, is " + forwardTo);
        }
        if (uri.getUserInfo() != null) {
            throw wrong("--forward-to must not have a user or a password in it");
        }
        return uri;
    }

    private ParameterException wrong(String message) {
        return new ParameterException(command.commandLine(), message);
    }
}
