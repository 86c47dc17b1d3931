package io.posthorn.cli;

import io.posthorn.runtime.Nearest;
import io.posthorn.runtime.Time;
import java.io.PrintWriter;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.UsageMessageSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/** The command line. */
@Command(
        name = "posthorn",
        versionProvider = Version.class,
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND",
        commandListHeading = "",
        description = "Accepts events over HTTP and delivers them as signed webhooks.",
        footer = {
            "%nExamples",
            "  posthorn demo             see it work, in half a minute",
            "  posthorn serve            run the server, with an embedded database in ./posthorn-data",
            "  posthorn config           what serve would run with, and where each value comes from",
            "  posthorn help serve       every setting",
            "  posthorn app create --name Acme --uid acme",
            "  posthorn send --app acme --event-type invoice.paid '{\"id\": \"inv_1\"}'",
            "%nThe commands under Use talk to a server: POSTHORN_URL says where it is, POSTHORN_TOKEN who you are.",
            "%nExit codes: 0 success; 1 failure, or the server refused; 2 wrong usage or configuration; 3 no server was",
            "reached; 128 + n after signal n.",
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
        int code = commands(surroundings).execute(arguments);
        surroundings.out().flush();
        surroundings.err().flush();
        return code;
    }

    /** All commands. */
    static CommandLine commands(Surroundings surroundings) {
        CommandLine root = new CommandLine(new Posthorn(surroundings));
        CommandLine serve = new CommandLine(new ServeCommand(surroundings));
        CommandLine config = new CommandLine(new ConfigCommand(surroundings));
        SettingFlags.addTo(serve.getCommandSpec());
        SettingFlags.addTo(config.getCommandSpec());
        for (CommandLine command : new CommandLine[] {serve, config}) {
            command.getCommandSpec().mixinStandardHelpOptions(true).versionProvider(new Version());
        }
        CommandLine tasks = AdministrationCommands.tasks().command(surroundings);
        tasks.addSubcommand(new TaskWaitCommand(surroundings));
        CommandLine types = CatalogCommands.eventTypes().command(surroundings);
        types.addSubcommand(new EventTypeExportCommand(surroundings));
        types.addSubcommand(new EventTypeImportCommand(surroundings));
        CommandLine profiles = CatalogCommands.profiles().command(surroundings);
        profiles.addSubcommand(new ProfilePutCommand(surroundings));
        profiles.addSubcommand(new ProfileTestCommand(surroundings, Time.system()));
        root.addSubcommand(serve)
                .addSubcommand(config)
                .addSubcommand(new DemoCommand(surroundings))
                .addSubcommand(new SendCommand(surroundings))
                .addSubcommand(CatalogCommands.apps().command(surroundings))
                .addSubcommand(CatalogCommands.endpoints().command(surroundings))
                .addSubcommand(types)
                .addSubcommand(profiles)
                .addSubcommand(HistoryCommands.messages().command(surroundings))
                .addSubcommand(HistoryCommands.attempts().command(surroundings))
                .addSubcommand(HistoryCommands.deadLetters().command(surroundings))
                .addSubcommand(tasks)
                .addSubcommand(AdministrationCommands.tokens().command(surroundings))
                .addSubcommand(AdministrationCommands.environments().command(surroundings))
                .addSubcommand(AdministrationCommands.audit().command(surroundings))
                .addSubcommand(new VerifyCommand(surroundings, Clock.systemUTC()))
                .addSubcommand(new CompletionCommand(surroundings))
                .addSubcommand(new ListenCommand(surroundings))
                .addSubcommand(new VersionCommand(surroundings))
                .addSubcommand(new HelpCommand(surroundings));
        root.getHelpSectionMap().put(UsageMessageSpec.SECTION_KEY_COMMAND_LIST, new CommandList());
        return root.setOut(surroundings.out())
                .setErr(surroundings.err())
                .setUsageHelpWidth(WIDTH)
                .setUsageHelpAutoWidth(surroundings.terminal())
                .setColorScheme(CommandLine.Help.defaultColorScheme(
                        surroundings.colours() ? CommandLine.Help.Ansi.ON : CommandLine.Help.Ansi.OFF))
                .setParameterExceptionHandler(Posthorn::wrongUsage)
                .setExecutionExceptionHandler(Posthorn::failed);
    }

    /** Without a command: tells which there are. */
    @Override
    public Integer call() {
        command.commandLine().usage(surroundings.err());
        return ExitCodes.USAGE;
    }

    /** What a client command could not do is told; everything else is a fault of ours and goes on as it is. */
    private static int failed(Exception e, CommandLine command, ParseResult parsed) throws Exception {
        if (e instanceof RemoteFailure failure) {
            command.getErr().println("posthorn: " + failure.getMessage());
            return failure.exitCode();
        }
        throw e;
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
            boolean setting = List.of("serve", "config").contains(command.getCommandName());
            err.println(flag + " " + Nearest.hint(flag, known, setting ? "a setting" : "an option"));
        } else if (e instanceof UnmatchedArgumentException unmatched
                && !unmatched.getUnmatched().getFirst().startsWith("-")
                && !command.getSubcommands().isEmpty()) {
            err.println(noCommand(command, unmatched.getUnmatched().getFirst()));
        } else {
            err.println(e.getMessage());
            UnmatchedArgumentException.printSuggestions(e, err);
        }
        err.println("Usage: " + command.getCommandSpec().qualifiedName() + " --help");
        return ExitCodes.USAGE;
    }

    /** Of a command of commands: there is none of this name, but perhaps one that is near. */
    private static String noCommand(CommandLine command, String name) {
        String group = command.getCommandSpec().qualifiedName().replaceFirst("^posthorn ?", "");
        String nearest = Nearest.of(name, command.getSubcommands().keySet());
        return "There is no command " + (group.isEmpty() ? "" : group + " ") + name + "."
                + (nearest.isEmpty() ? "" : " Did you mean: " + nearest + "?");
    }
}
