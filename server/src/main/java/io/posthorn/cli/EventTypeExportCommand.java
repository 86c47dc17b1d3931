package io.posthorn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Writes the event types as a document. */
@Command(
        name = "export",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "Writes the event types to standard output, as YAML that can be imported again.",
        footer = {
            "%nExamples",
            "  posthorn event-type export > event-types.yaml",
            "  posthorn event-type export --format openapi --group Orders   # OpenAPI 3.1, with webhooks",
        })
final class EventTypeExportCommand implements Callable<Integer> {
    private final Surroundings surroundings;

    @Mixin
    private final RemoteOptions remote = new RemoteOptions();

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec command;

    @Option(
            names = "--format",
            paramLabel = "yaml|openapi|asyncapi",
            description = "Which document: our own with all there is, OpenAPI 3.1, or AsyncAPI 3. Default: yaml")
    private String format = "yaml";

    @Option(names = "--group", paramLabel = "TEXT", description = "Only those of this group.")
    private @Nullable String group;

    @Option(names = "--include-archived", description = "The archived ones too.")
    private boolean archived;

    EventTypeExportCommand(Surroundings surroundings) {
        this.surroundings = surroundings;
    }

    @Override
    public Integer call() throws RemoteFailure, InterruptedException {
        List<String> query = new ArrayList<>(List.of("format=" + ApiClient.encode(format)));
        if (group != null) {
            query.add("group_name=" + ApiClient.encode(group));
        }
        if (archived) {
            query.add("include_archived=true");
        }
        try (ApiClient api = remote.connect(surroundings, command.commandLine())) {
            surroundings
                    .out()
                    .print(api.text(
                            ApiClient.Call.of("GET", "/catalogue/export?" + String.join("&", query), (JsonNode) null)));
            return ExitCodes.OK;
        }
    }
}
