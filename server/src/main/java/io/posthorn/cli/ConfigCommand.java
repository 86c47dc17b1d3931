package io.posthorn.cli;

import io.posthorn.app.ConfigDocs;
import io.posthorn.app.ConfigReport;
import io.posthorn.app.Loaded;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Shows what the server would run with. */
@Command(
        name = "config",
        description = "Shows every setting in force, its value and where it came from; secrets as ***.",
        footer = {
            "%nExamples",
            "  posthorn config                    what serve would run with here",
            "  posthorn config -c prod.yaml       what it would run with that file; exit code 2 if it is wrong",
            "  posthorn config --json | jq .port",
        })
final class ConfigCommand implements Callable<Integer> {
    private final Surroundings surroundings;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec command;

    @Option(names = "--json", description = "As JSON.")
    private boolean json;

    @Option(names = "--docs", description = "All settings with defaults and rules, as Markdown.")
    private boolean docs;

    ConfigCommand(Surroundings surroundings) {
        this.surroundings = surroundings;
    }

    @Override
    public Integer call() {
        if (docs) {
            surroundings.out().print(ConfigDocs.markdown());
            return ExitCodes.OK;
        }
        return switch (SettingFlags.load(surroundings, command)) {
            case Loaded.Invalid invalid -> {
                surroundings.err().println(invalid.message());
                yield ExitCodes.USAGE;
            }
            case Loaded.Valid valid -> {
                surroundings
                        .out()
                        .print(json ? ConfigReport.json(valid.inForce()) : ConfigReport.text(valid.inForce()));
                yield ExitCodes.OK;
            }
        };
    }
}
