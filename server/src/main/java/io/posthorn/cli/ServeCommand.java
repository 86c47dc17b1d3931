package io.posthorn.cli;

import io.posthorn.app.Config;
import io.posthorn.app.Loaded;
import io.posthorn.app.LogLevel;
import io.posthorn.app.Logging;
import io.posthorn.app.Server;
import io.posthorn.app.StartException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Runs the server until it is told to stop. */
@Command(
        name = "serve",
        description = "Runs the server until it is told to stop (SIGTERM or Ctrl-C).",
        footer = {
            "%nExamples",
            "  posthorn serve                                     embedded database in ./posthorn-data",
            "  posthorn serve --port 9000 --log-level debug",
            "  posthorn serve --database-url postgresql://db:5432/posthorn --database-user posthorn",
            "  posthorn serve --allow-http --allow-network 127.0.0.0/8   for receivers on this machine",
        })
final class ServeCommand implements Callable<Integer> {
    private final Surroundings surroundings;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec command;

    ServeCommand(Surroundings surroundings) {
        this.surroundings = surroundings;
    }

    @Override
    public Integer call() {
        return switch (SettingFlags.load(surroundings, command)) {
            case Loaded.Invalid invalid -> {
                surroundings.err().println(invalid.message());
                yield ExitCodes.USAGE;
            }
            case Loaded.Valid valid -> run(valid.config());
        };
    }

    private int run(Config config) {
        Logging.level(config.logLevel());
        Server server;
        try {
            server = Server.start(config);
        } catch (StartException e) {
            surroundings.err().println("Posthorn cannot start: " + e.getMessage());
            if (config.logLevel().compareTo(LogLevel.DEBUG) <= 0) {
                e.printStackTrace(surroundings.err());
            }
            return ExitCodes.FAILURE;
        }
        Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().name("stop").unstarted(server::stop));
        return server.awaitStop() ? ExitCodes.OK : ExitCodes.FAILURE;
    }
}
