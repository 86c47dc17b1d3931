package io.posthorn.cli;

import io.posthorn.app.Config;
import io.posthorn.app.Logging;
import io.posthorn.app.Server;
import io.posthorn.app.StartException;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The product in half a minute, checked. */
@Command(
        name = "demo",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "Starts a server and a receiver, sends events, and shows what is delivered and retried.",
        footer = {
            "%nEverything lives in a temporary folder and is removed at the end. Exit code 0 means that every event",
            "reached every endpoint, unchanged and with a valid signature.",
            "%nExamples",
            "  posthorn demo",
            "  posthorn demo --stay      keep the server afterwards, to look around in it",
        })
final class DemoCommand implements Callable<Integer> {
    private static final int EVENTS = 300;
    private static final Duration PACE = Duration.ofMillis(13);
    private static final Duration DEADLINE = Duration.ofSeconds(60);

    private final Surroundings surroundings;
    private final PrintWriter out;

    @Option(names = "--stay", description = "Keep the server running until Ctrl-C.")
    private boolean stay;

    DemoCommand(Surroundings surroundings) {
        this.surroundings = surroundings;
        this.out = surroundings.out();
    }

    @Override
    public Integer call() throws InterruptedException {
        DemoBoard board = new DemoBoard(EVENTS);
        try (DemoHouse house = new DemoHouse()) {
            try {
                return play(house, board);
            } catch (StartException | DemoFailure e) {
                if (!house.closed()) {
                    surroundings.err().println("The demo failed: " + e.getMessage());
                }
                return ExitCodes.FAILURE;
            }
        } catch (IOException e) {
            surroundings.err().println("The demo needs a temporary folder and a free port: " + e.getMessage());
            return ExitCodes.FAILURE;
        }
    }

    private int play(DemoHouse house, DemoBoard board)
            throws IOException, StartException, DemoFailure, InterruptedException {
        long start = System.nanoTime();
        String token = DemoSettings.newToken(new SecureRandom());
        Config config = DemoSettings.config(house.folder(), token);
        Logging.level(config.logLevel());
        out.println("Starting Posthorn with a database of its own in " + house.folder() + " …");
        Server server = Server.start(config);
        house.stopWith(server::stop);
        DemoReceiver receiver = new DemoReceiver(board);
        house.stopWith(receiver::close);
        URI base = URI.create("http://127.0.0.1:" + server.port());
        out.printf(
                "Listening on %s after %.1f s. Sending %d events to three endpoints:%n%n", base, since(start), EVENTS);
        try (DemoApi api = new DemoApi(base, token)) {
            Demo demo = new Demo(api, receiver, board, Clock.systemUTC());
            Demo.Stage stage = demo.prepare();
            Duration left = DEADLINE.minusNanos(System.nanoTime() - start);
            demo.run(stage, PACE, left, new DemoView(board, surroundings));
            return house.closed() ? ExitCodes.FAILURE : conclude(board, new DemoEnding(base, token, stage), server);
        }
    }

    private int conclude(DemoBoard board, DemoEnding ending, Server server) {
        DemoSummary summary = DemoSummary.of(board);
        out.println(summary.table());
        out.println(ending.verdict(board, summary));
        out.println(ending.waysOn(board, stay));
        out.flush();
        if (stay && !server.awaitStop()) {
            return ExitCodes.FAILURE;
        }
        return summary.success() ? ExitCodes.OK : ExitCodes.FAILURE;
    }

    private static double since(long start) {
        return (System.nanoTime() - start) / 1e9;
    }
}
