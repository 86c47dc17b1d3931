package io.posthorn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Reads event types from a document. */
@Command(
        name = "import",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description =
                "Reads event types from a document: our own YAML, OpenAPI 3.1 with webhooks, or AsyncAPI 3. All of it"
                        + " is done or nothing.",
        footer = {
            "%nExamples",
            "  posthorn event-type import event-types.yaml --dry-run",
            "  posthorn event-type import openapi.json --replace-all",
            "  posthorn event-type import --catalogue timify      one that comes with the server",
        })
final class EventTypeImportCommand implements Callable<Integer> {
    private static final int MOST = 32 << 20;

    private final Surroundings surroundings;

    @Mixin
    private final RemoteOptions remote = new RemoteOptions();

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec command;

    @Parameters(arity = "0..1", paramLabel = "FILE", description = "The document, YAML or JSON; - is standard input.")
    private @Nullable String file;

    @Option(
            names = "--catalogue",
            paramLabel = "NAME",
            description = "One that comes with the server, instead of a file; event-type catalogues lists them.")
    private @Nullable String catalogue;

    @Option(names = "--dry-run", description = "Tell what would be changed, and change nothing.")
    private boolean dryRun;

    @Option(names = "--replace-all", description = "Archive the event types that the document does not name.")
    private boolean replaceAll;

    EventTypeImportCommand(Surroundings surroundings) {
        this.surroundings = surroundings;
    }

    @Override
    public Integer call() throws RemoteFailure, InterruptedException {
        if ((file == null) == (catalogue == null)) {
            throw new ParameterException(command.commandLine(), "either FILE or --catalogue is needed");
        }
        List<String> query = new ArrayList<>(List.of("dry_run=" + dryRun, "replace_all=" + replaceAll));
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        if (file != null) {
            body.put("text", new String(Inputs.read(surroundings, file, MOST), StandardCharsets.UTF_8));
        }
        if (catalogue != null) {
            query.add("catalogue=" + ApiClient.encode(catalogue));
        }
        try (ApiClient api = remote.connect(surroundings, command.commandLine())) {
            JsonNode answer = api.json(ApiClient.Call.of("POST", "/catalogue/import?" + String.join("&", query), body));
            Printer printer = new Printer(surroundings, command.commandLine());
            if (remote.json()) {
                printer.json(answer);
            } else {
                told(answer);
            }
            return ExitCodes.OK;
        }
    }

    private void told(JsonNode answer) {
        for (String what : List.of("created", "updated", "archived")) {
            for (JsonNode name : answer.path(what)) {
                surroundings.out().println((dryRun ? "would be " : "") + what + "  " + Cells.of(name));
            }
        }
        surroundings.out().println(answer.path("unchanged").size() + " unchanged.");
    }
}
