package io.posthorn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.posthorn.wire.ProfileParser;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Stores a profile. */
@Command(
        name = "put",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "Stores a profile, new or not. All that is wrong with it is told at once, with its lines.",
        footer = {"%nExamples", "  posthorn profile put acme acme.yaml"})
final class ProfilePutCommand implements Callable<Integer> {
    private final Surroundings surroundings;

    @Mixin
    private final RemoteOptions remote = new RemoteOptions();

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec command;

    @Parameters(index = "0", paramLabel = "PROFILE", description = "Its name.")
    private String name = "";

    @Parameters(index = "1", paramLabel = "FILE", description = "YAML; - is standard input.")
    private String file = "";

    ProfilePutCommand(Surroundings surroundings) {
        this.surroundings = surroundings;
    }

    @Override
    public Integer call() throws RemoteFailure, InterruptedException {
        String source =
                new String(Inputs.read(surroundings, file, ProfileParser.MOST_CHARACTERS * 4), StandardCharsets.UTF_8);
        Printer printer = new Printer(surroundings, command.commandLine());
        try (ApiClient api = remote.connect(surroundings, command.commandLine())) {
            JsonNode body = JsonNodeFactory.instance.objectNode().put("source", source);
            JsonNode answer = api.json(ApiClient.Call.of("PUT", "/profile/" + ApiClient.encode(name), body));
            if (remote.json()) {
                printer.json(answer);
            } else {
                surroundings.out().println("The profile " + name + " is stored.");
            }
            return ExitCodes.OK;
        }
    }
}
