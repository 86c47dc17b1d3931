package io.posthorn.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Shows the help of a command, also of one within another: {@code posthorn help app create}. */
@Command(
        name = "help",
        description = "Shows what a command does and its options.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        footer = {
            "%nExamples",
            "  posthorn help",
            "  posthorn help serve",
            "  posthorn help app create",
        })
final class HelpCommand implements Callable<Integer> {
    private final Surroundings surroundings;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec command;

    @Parameters(paramLabel = "COMMAND", arity = "0..*", description = "The command, and the one within it.")
    private List<String> path = new ArrayList<>();

    HelpCommand(Surroundings surroundings) {
        this.surroundings = surroundings;
    }

    @Override
    public Integer call() {
        CommandLine at = command.root().commandLine();
        for (String name : path) {
            CommandLine within = at.getSubcommands().get(name);
            if (within == null) {
                throw new ParameterException(
                        at,
                        "there is no command " + at.getCommandSpec().qualifiedName() + " " + name + "; there is "
                                + String.join(", ", at.getSubcommands().keySet()));
            }
            at = within;
        }
        at.usage(surroundings.out());
        return ExitCodes.OK;
    }
}
