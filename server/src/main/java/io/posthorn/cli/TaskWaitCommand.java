package io.posthorn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Waits for a task. */
@Command(
        name = "wait",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "Waits until a task has ended. Exit code 0 means that it finished; 1 that it failed, was"
                + " cancelled, or went on for longer than --for.",
        footer = {
            "%nExamples",
            "  posthorn task wait qtask_01K9ZQ2V5E8S7X3N4M6P0R1T2W",
            "  posthorn task wait qtask_01K9ZQ2V5E8S7X3N4M6P0R1T2W --for 1h",
        })
final class TaskWaitCommand implements Callable<Integer> {
    private final Surroundings surroundings;

    @Mixin
    private final RemoteOptions remote = new RemoteOptions();

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec command;

    @Parameters(paramLabel = "TASK", description = "Its id.")
    private String task = "";

    @Option(names = "--for", paramLabel = "DURATION", description = "The longest to wait. Default: 10m")
    private String most = "10m";

    @Option(names = "--interval", paramLabel = "DURATION", description = "How often to ask. Default: 1s")
    private String interval = "1s";

    TaskWaitCommand(Surroundings surroundings) {
        this.surroundings = surroundings;
    }

    @Override
    public Integer call() throws RemoteFailure, InterruptedException {
        long deadline = System.nanoTime() + duration("--for", most).toNanos();
        Duration pause = duration("--interval", interval);
        Printer printer = new Printer(surroundings, command.commandLine());
        try (ApiClient api = remote.connect(surroundings, command.commandLine())) {
            ApiClient.Call call =
                    ApiClient.Call.of("GET", "/background-task/" + ApiClient.encode(task), (JsonNode) null);
            while (true) {
                JsonNode answer = api.json(call);
                String status = answer.path("status").asText();
                boolean over = System.nanoTime() - deadline + pause.toNanos() > 0;
                if (!status.equals("running") || over) {
                    if (remote.json()) {
                        printer.json(answer);
                    } else {
                        printer.members(answer);
                    }
                    if (status.equals("running")) {
                        surroundings.err().println("The task still runs after " + most + ".");
                    }
                    return status.equals("finished") ? ExitCodes.OK : ExitCodes.FAILURE;
                }
                Thread.sleep(pause);
            }
        }
    }

    private Duration duration(String option, String text) {
        try {
            return Times.duration(text);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), option + " " + e.getMessage(), e);
        }
    }
}
