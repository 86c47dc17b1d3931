package io.posthorn.cli;

import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Prints the script that completes commands and options in a shell. */
@Command(
        name = "completion",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "Prints a script with which bash or zsh completes commands and options.",
        footer = {
            "%nExamples",
            "  source <(posthorn completion bash)                           in ~/.bashrc",
            "  source <(posthorn completion zsh)                            in ~/.zshrc, after compinit",
            "  posthorn completion bash > /etc/bash_completion.d/posthorn   for everybody on this machine",
        })
final class CompletionCommand implements Callable<Integer> {
    private final Surroundings surroundings;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec command;

    @Parameters(paramLabel = "SHELL", description = "${COMPLETION-CANDIDATES}")
    private Shell shell = Shell.bash;

    /** The shells; named as they are typed. */
    enum Shell {
        /** Completes by itself. */
        bash,
        /** Completes with its emulation of bash, which has to be switched on first. */
        zsh
    }

    CompletionCommand(Surroundings surroundings) {
        this.surroundings = surroundings;
    }

    @Override
    public Integer call() {
        if (shell == Shell.zsh) {
            surroundings.out().println("autoload -U +X bashcompinit && bashcompinit");
        }
        surroundings.out().print(AutoComplete.bash("posthorn", command.root().commandLine()));
        return ExitCodes.OK;
    }
}
