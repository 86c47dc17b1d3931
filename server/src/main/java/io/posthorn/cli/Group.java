package io.posthorn.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

/**
 * A command of commands, such as {@code posthorn app}.
 *
 * @param name of it
 * @param help a sentence
 * @param verbs what can be done
 */
record Group(String name, String help, List<Verb> verbs) {
    static Group of(String name, String help, Verb... verbs) {
        return new Group(name, help, List.of(verbs));
    }

    /** The command, with its commands. */
    CommandLine command(Surroundings surroundings) {
        Tell tell = new Tell(surroundings);
        CommandSpec spec = CommandSpec.wrapWithoutInspection(tell)
                .name(name)
                .mixinStandardHelpOptions(true)
                .versionProvider(new Version());
        spec.usageMessage().description(help).synopsisSubcommandLabel("COMMAND").footer(footer());
        CommandLine command = new CommandLine(spec);
        tell.command = command;
        verbs.forEach(verb -> command.addSubcommand(verb.name(), verb.spec(surroundings)));
        return command;
    }

    /** The first example of each command. */
    private String[] footer() {
        List<String> lines = new ArrayList<>(List.of("%nExamples"));
        verbs.forEach(verb -> lines.add(verb.firstExample()));
        lines.add("  posthorn help " + name + " " + verbs.getFirst().name());
        return lines.toArray(String[]::new);
    }

    /** Without one of its commands: tells which there are. */
    private static final class Tell implements Callable<Integer> {
        private final Surroundings surroundings;

        @SuppressWarnings("NullAway.Init") // set where it is built
        private CommandLine command;

        Tell(Surroundings surroundings) {
            this.surroundings = surroundings;
        }

        @Override
        public Integer call() {
            command.usage(surroundings.err());
            return ExitCodes.USAGE;
        }
    }
}
