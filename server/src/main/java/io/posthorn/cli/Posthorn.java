package io.posthorn.cli;

import io.posthorn.app.Nearest;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/** The command line. */
@Command(
        name = "posthorn",
        versionProvider = Version.class,
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        description = "Accepts events over HTTP and delivers them as signed webhooks.",
        footer = {
            "%nExamples",
            "  posthorn demo             see it work, in half a minute",
            "  posthorn serve            run the server, with an embedded database in ./posthorn-data",
            "  posthorn config           what serve would run with, and where each value comes from",
            "  posthorn help serve       every setting",
            "%nExit codes: 0 success; 1 failure; 2 wrong usage or configuration; 128 + n after signal n.",
        })
public final class Posthorn implements Callable<Integer> {
    private static final int WIDTH = 110;

    private final Surroundings surroundings;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec command;

    private Posthorn(Surroundings surroundings) {
        this.surroundings = surroundings;
    }

    /**
     * Runs a command.
     *
     * @param arguments its name and options
     * @param surroundings what it gets from its process
     * @return the exit code
     */
    public static int run(String[] arguments, Surroundings surroundings) {
        CommandLine root = new CommandLine(new Posthorn(surroundings));
        CommandLine serve = new CommandLine(new ServeCommand(surroundings));
        CommandLine config = new CommandLine(new ConfigCommand(surroundings));
        SettingFlags.addTo(serve.getCommandSpec());
        SettingFlags.addTo(config.getCommandSpec());
        for (CommandLine command : new CommandLine[] {serve, config}) {
            command.getCommandSpec().mixinStandardHelpOptions(true).versionProvider(new Version());
        }
        root.addSubcommand(serve)
                .addSubcommand(config)
                .addSubcommand(new DemoCommand(surroundings))
                .addSubcommand(new ListenCommand(surroundings))
                .addSubcommand(new VersionCommand(surroundings))
                .addSubcommand(new HelpCommand());
        int code = root.setOut(surroundings.out())
                .setErr(surroundings.err())
                .setUsageHelpWidth(WIDTH)
                .setUsageHelpAutoWidth(surroundings.terminal())
                .setColorScheme(CommandLine.Help.defaultColorScheme(
                        surroundings.colours() ? CommandLine.Help.Ansi.ON : CommandLine.Help.Ansi.OFF))
                .setParameterExceptionHandler(Posthorn::wrongUsage)
                .execute(arguments);
        surroundings.out().flush();
        surroundings.err().flush();
        return code;
    }

    /** Without a command: tells which there are. */
    @Override
    public Integer call() {
        command.commandLine().usage(surroundings.err());
        return ExitCodes.USAGE;
    }

    private static int wrongUsage(ParameterException e, String[] arguments) {
        CommandLine command = e.getCommandLine();
        PrintWriter err = command.getErr();
        if (e instanceof UnmatchedArgumentException unmatched
                && unmatched.getUnmatched().getFirst().startsWith("--")) {
            String flag = unmatched.getUnmatched().getFirst().replaceFirst("=.*", "");
            List<String> known = command.getCommandSpec().options().stream()
                    .map(OptionSpec::longestName)
                    .toList();
            err.println(flag + " " + Nearest.hint(flag, known));
        } else {
            err.println(e.getMessage());
            UnmatchedArgumentException.printSuggestions(e, err);
        }
        err.println("Usage: " + command.getCommandSpec().qualifiedName() + " --help");
        return ExitCodes.USAGE;
    }
}
